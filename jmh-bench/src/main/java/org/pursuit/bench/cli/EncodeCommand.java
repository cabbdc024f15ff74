package org.pursuit.bench.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.pursuit.Backend;
import org.pursuit.io.FileFormatException;
import org.pursuit.io.TensorPath;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.TopK;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Encodes rows as sparse codes. */
@Command(
    name = "encode",
    customSynopsis =
        "pursuit encode --input FILE[:TENSOR]... (--dictionary FILE[:TENSOR] | --sae FILE)%n"
            + "               --method topk|abstopk|mp --k K --output FILE [OPTIONS]",
    header = "Encode rows as sparse codes over a dictionary or with an autoencoder.",
    description = {
      "",
      "The rows of all inputs, one file after the other, become one .safetensors file with indices"
          + " I32 [rows, k], values F32 [rows, k] and counts I32 [rows]; slots past a row's count"
          + " hold -1 and 0. Rows are read in batches, so the inputs may be larger than memory.",
      "",
      "FVU is the fraction of variance that the codes leave unexplained, against the mean of each"
          + " column.",
      ""
    })
final class EncodeCommand implements Callable<Integer> {
  private static final int MOST_DEFAULT_BATCH_ROWS = 4096;
  private static final int DEFAULT_BATCH_ELEMENTS = 1 << 24;

  @Spec private CommandSpec spec;

  @Option(
      names = "--input",
      required = true,
      arity = "1..*",
      paramLabel = "FILE[:TENSOR]",
      description = "Rows to encode: .npy, .npz or .safetensors; several are taken in order.")
  private List<TensorPath> inputs;

  @ArgGroup(multiplicity = "1")
  private ModelChoice model;

  @Option(
      names = "--method",
      required = true,
      paramLabel = "topk|abstopk|mp",
      description = {
        "topk: the K largest scores. The scores are x D^T with --dictionary; with --sae those of"
            + " its encoder, followed by ReLU.",
        "abstopk: the K scores of the largest absolute value, without ReLU.",
        "mp: matching pursuit in K steps over the atoms, with --sae of x - b_dec and without its"
            + " encoder. The codes are the steps in their order; an atom may appear twice."
      })
  private Method method;

  @Option(
      names = "--k",
      required = true,
      paramLabel = "K",
      description = "The most atoms, or steps, of a row: 1 to " + TopK.MAX_K + ".")
  private int k;

  @Option(
      names = "--order",
      paramLabel = "score|index",
      description = "topk, abstopk: order of a row's codes; default: score, largest first.")
  private Order order;

  @Option(
      names = "--sign",
      paramLabel = "signed|positive|magnitude",
      description = "mp: which correlations count; default: magnitude.")
  private Sign sign;

  @Option(
      names = "--reselect",
      paramLabel = "allow|forbid|stop",
      description =
          "mp: whether an atom may be picked again, or ends the row then; default: allow.")
  private Reselection reselection;

  @Option(
      names = "--scaling",
      paramLabel = "normalised|as-is",
      description =
          "mp: by the atoms' norms, or as if they all were 1 (may diverge where they are not);"
              + " default: normalised.")
  private AtomScaling scaling;

  @Option(
      names = "--tolerance",
      paramLabel = "T",
      description =
          "mp: end a row when the norm of what is left is at most T, in the units of the rows;"
              + " default: 0.")
  private Float tolerance;

  @Mixin private BackendChoice backendChoice;

  @Option(
      names = "--batch",
      paramLabel = "ROWS",
      description =
          "Rows in memory at a time; default: up to "
              + MOST_DEFAULT_BATCH_ROWS
              + ". The codes do not depend on it.")
  private Integer batch;

  @Option(
      names = "--output",
      required = true,
      paramLabel = "FILE",
      description = "File to write or replace: .safetensors.")
  private Path output;

  @Override
  public Integer call() throws IOException {
    checkOptions();
    long begin = System.nanoTime();
    try (InputRows input = InputRows.open(inputs);
        Backend backend = backendChoice.open();
        SparseModel loaded = model.load(backend)) {
      requireSameDimension(input, loaded);
      try (Encoder<?> encoder = encoder(backend, loaded, input.rows())) {
        EncodeRun<?> run = new EncodeRun<>(input, backend, loaded, encoder);
        write(run, input, encoder);
        run.report((System.nanoTime() - begin) / 1e9)
            .row("written", output.toString())
            .print(spec.commandLine().getOut(), "");
      }
    }
    return 0;
  }

  private void checkOptions() throws IOException {
    if (k < 1 || k > TopK.MAX_K) {
      throw wrong("--k: expected 1 to " + TopK.MAX_K + ", found " + k);
    }
    if (batch != null && batch < 1) {
      throw wrong("--batch: expected 1 or more, found " + batch);
    }
    if (tolerance != null && !(tolerance >= 0 && tolerance < Float.POSITIVE_INFINITY)) {
      throw wrong("--tolerance: expected a finite number of 0 or more, found " + tolerance);
    }
    if (method == Method.MP) {
      reject("--order", order, "mp: its codes are the steps in their order");
    } else {
      String reason = Words.spell(method) + ": it belongs to mp";
      reject("--sign", sign, reason);
      reject("--reselect", reselection, reason);
      reject("--scaling", scaling, reason);
      reject("--tolerance", tolerance, reason);
    }
    Output.requireExtension(output, ".safetensors", spec.commandLine());
    List<Path> read = new ArrayList<>(model.files());
    inputs.forEach(input -> read.add(input.file()));
    Output.requireOther(output, read, spec.commandLine());
  }

  private void reject(String option, Object value, String reason) {
    if (value != null) {
      throw wrong(option + " does not go with --method " + reason);
    }
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private void requireSameDimension(InputRows input, SparseModel loaded)
      throws FileFormatException {
    if (input.columns() != loaded.d()) {
      throw new FileFormatException(
          inputs.getFirst().file(),
          "columns",
          Integer.toString(input.columns()),
          loaded.d() + ", the dimension of the atoms in " + model);
    }
  }

  private Encoder<?> encoder(Backend backend, SparseModel loaded, long rows) {
    return method == Method.MP
        ? new PursuitEncoder(backend, loaded, pursuit(), rows)
        : new SelectionEncoder(backend, loaded, selection());
  }

  private TopK selection() {
    TopK options = TopK.of(k);
    if (order != null) {
      options = options.order(order.outputOrder());
    }
    if (method == Method.ABSTOPK) {
      return options.byMagnitude();
    }
    return model.isAutoencoder() ? options.withRelu() : options;
  }

  private MatchingPursuit pursuit() {
    MatchingPursuit options = MatchingPursuit.steps(k);
    options = sign == null ? options : options.sign(sign);
    options = reselection == null ? options : options.reselection(reselection);
    options = scaling == null ? options : options.scaling(scaling);
    return tolerance == null ? options : options.toleranceAbsolute(tolerance);
  }

  private void write(EncodeRun<?> run, InputRows input, Encoder<?> encoder) throws IOException {
    try (CodesOutput codes = CodesOutput.create(output, input.rows(), k, encoder.description());
        Progress progress = Progress.start(spec.commandLine().getOut())) {
      run.encode(batchRows(input), codes, progress);
      codes.commit();
    }
  }

  /** As asked, or as many as keep a batch's matrices small; never more than there are. */
  private int batchRows(InputRows input) {
    int width = Math.max(1, Math.max(input.columns(), k));
    int most = Integer.MAX_VALUE / width;
    if (batch != null && batch > most) {
      throw wrong("--batch: expected at most " + most + " rows of this width, found " + batch);
    }
    int wanted =
        batch != null
            ? batch
            : Math.clamp(DEFAULT_BATCH_ELEMENTS / width, 1, MOST_DEFAULT_BATCH_ROWS);
    return Math.clamp(input.rows(), 1, wanted);
  }
}
