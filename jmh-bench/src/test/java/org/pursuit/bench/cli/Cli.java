package org.pursuit.bench.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.pursuit.io.NpyWriter;
import org.pursuit.io.SafetensorsWriter;
import org.pursuit.io.TensorSpec;
import picocli.CommandLine;

/** Runs the program's commands in this JVM, and makes files for them. */
final class Cli {
  /** How a command ended. */
  record Result(int status, String out, String err) {}

  private Cli() {}

  static Result run(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] texts = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      texts[i] = args[i].toString();
    }
    int status = PursuitCommand.run(new PrintWriter(out), new PrintWriter(err), texts);
    return new Result(status, out.toString(), err.toString());
  }

  /** Runs one command object as {@link #run} would run it by its name. */
  static Result execute(Object command, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine program = PursuitCommand.commandLine(new PrintWriter(out), new PrintWriter(err));
    CommandLine tested = new CommandLine(command);
    program.addSubcommand("tested", tested);
    tested.setOut(program.getOut());
    tested.setErr(program.getErr());
    tested.setExecutionExceptionHandler((e, c, parsed) -> Failures.report(e, c));
    int status = program.execute(concat("tested", args));
    return new Result(status, out.toString(), err.toString());
  }

  private static String[] concat(String first, String[] rest) {
    String[] all = new String[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  /** Numbers of mean 0 and variance 1 that depend on the seed alone. */
  static float[] gaussian(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  static Path npy(Path file, float[] values, int columns) throws IOException {
    try (NpyWriter writer = NpyWriter.create(file, columns)) {
      writer.append(values, values.length / columns);
      writer.commit();
    }
    return file;
  }

  /** An autoencoder as SAELens writes it, with its configuration in the file. */
  static Path autoencoder(
      Path file, float[] encoder, float[] decoder, float[] decoderBias, Map<String, String> config)
      throws IOException {
    int d = decoderBias.length;
    int n = decoder.length / d;
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            file,
            List.of(
                TensorSpec.float32("W_enc", d, n),
                TensorSpec.float32("b_enc", n),
                TensorSpec.float32("W_dec", n, d),
                TensorSpec.float32("b_dec", d)),
            config)) {
      writer.append("W_enc", encoder, encoder.length);
      writer.append("b_enc", new float[n], n);
      writer.append("W_dec", decoder, decoder.length);
      writer.append("b_dec", decoderBias, d);
      writer.commit();
    }
    return file;
  }

  /** A square matrix with {@code value} on its diagonal. */
  static float[] diagonal(int size, float value) {
    float[] matrix = new float[size * size];
    for (int i = 0; i < size; i++) {
      matrix[i * size + i] = value;
    }
    return matrix;
  }
}
