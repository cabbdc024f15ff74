package org.pursuit.contract;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.Adam;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.EncodeGradients;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Gate;
import org.pursuit.kernel.Gaussian;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.Multiply;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Reduction;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.Statistics;
import org.pursuit.kernel.Write;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/**
 * A program that calls every kernel that sums, from the first call in a new JVM until the compilers
 * have done their work, and fails when a result changes on the way. In the end it prints a line a
 * kernel with the hash of the result's bits.
 *
 * <p>The JVM compiles the kernels of a host backend while they run, in steps over hundreds of
 * calls. It has no part in those of a device, which differ only in their first call, when they are
 * loaded: a few rounds tell all there.
 */
public final class ColdStart {
  /** What a line with a result begins with. */
  public static final String RESULT = "result of ";

  private static final int ROUNDS = 1000;
  private static final int ROUNDS_ON_A_DEVICE = 4;
  private static final int D = 45;
  private static final int ATOMS = 61;

  private final Map<String, Runnable> kernels = new LinkedHashMap<>();
  private final Map<String, Matrix> outputs = new LinkedHashMap<>();
  private final Map<String, Floats> vectors = new LinkedHashMap<>();

  private ColdStart(Lab lab) {
    Random random = Seed.random(150);
    Matrix atoms = lab.matrix(Inputs.normal(ATOMS, D, random));
    for (int rows : new int[] {1, 60}) {
      Matrix x = lab.matrix(Inputs.normal(rows, D, random));
      Slots slots = Slots.random(rows, 7, ATOMS, random);
      FixedWidthCodes codes = lab.codes(slots);
      String shape = ", " + rows + " rows";

      Matrix scores = output(lab, "score" + shape, rows, ATOMS);
      kernels.put(
          "score" + shape, () -> lab.scoring().score(x, atoms, null, Score.plain(), scores));
      for (RowNormalisation normalisation : RowNormalisation.values()) {
        Matrix sloped = output(lab, normalisation + " backward" + shape, rows, D);
        kernels.put(
            normalisation + " backward" + shape,
            () -> lab.scoring().normaliseBackward(x, normalisation, x, Write.OVERWRITE, sloped));
        Matrix normalised = output(lab, normalisation + shape, rows, D);
        kernels.put(
            normalisation + shape,
            () -> lab.scoring().normalise(x, normalisation, null, normalised, null, null));
      }
      Matrix decoded = output(lab, "decode" + shape, rows, D);
      kernels.put("decode" + shape, () -> lab.sparseAlgebra().decode(codes, atoms, null, decoded));
      Floats dots = lab.floatsOutput(rows * 7L);
      vectors.put("sampledDot" + shape, dots);
      kernels.put(
          "sampledDot" + shape, () -> lab.sparseAlgebra().sampledDot(x, atoms, codes, dots));

      Matrix atomGradient = output(lab, "decodeBackward" + shape, ATOMS, D);
      Floats biasGradient = lab.floatsOutput(D);
      vectors.put("decodeBackward, values" + shape, dots);
      DecodeGradients gradients = DecodeGradients.none().atoms(atomGradient).bias(biasGradient);
      kernels.put(
          "decodeBackward" + shape,
          () -> lab.sparseAlgebra().decodeBackward(codes, atoms, x, Write.OVERWRITE, gradients));
      kernels.put(
          "decodeBackward, values" + shape,
          () ->
              lab.sparseAlgebra()
                  .decodeBackward(codes, atoms, x, Write.OVERWRITE, gradients.values(dots)));

      Matrix weightGradient = output(lab, "encodeBackward" + shape, ATOMS, D);
      Floats preBias = lab.floatsOutput(D);
      vectors.put("encodeBackward, pre-bias" + shape, preBias);
      EncodeGradients ofEncoder = EncodeGradients.none().weights(weightGradient);
      kernels.put(
          "encodeBackward" + shape,
          () ->
              lab.sparseAlgebra()
                  .encodeBackward(codes, codes.values(), x, atoms, Write.OVERWRITE, ofEncoder));
      kernels.put(
          "encodeBackward, pre-bias" + shape,
          () ->
              lab.sparseAlgebra()
                  .encodeBackward(
                      codes,
                      codes.values(),
                      x,
                      atoms,
                      Write.OVERWRITE,
                      ofEncoder.preBias(preBias)));

      Matrix sums = output(lab, "axpby" + shape, rows, D);
      kernels.put("axpby" + shape, () -> lab.training().axpby(0.3f, x, 0, sums));
      Matrix product = output(lab, "multiply" + shape, rows, rows);
      Multiply transposed = Multiply.plain().withTransposedB();
      kernels.put("multiply" + shape, () -> lab.training().multiply(x, x, transposed, product));
      vector(
          lab,
          "columnSums" + shape,
          D,
          out -> lab.training().columnSums(x, 1, Write.OVERWRITE, out));
      vector(
          lab,
          "sumOfSquares" + shape,
          1,
          out -> lab.training().sumOfSquares(x, Write.OVERWRITE, out));
      Floats threshold = lab.floats(new float[] {0.5f});
      vector(
          lab,
          "gateBackward" + shape,
          1,
          out ->
              lab.training()
                  .gateBackward(x, Gate.jumpRelu(1), threshold, x, Write.OVERWRITE, null, out));
      Gaussian noise = Gaussian.noise(1, rows);
      Matrix sample = output(lab, "sample" + shape, rows, D);
      kernels.put("sample" + shape, () -> lab.training().sample(x, x, noise, sample));
      vector(lab, "divergence" + shape, rows, out -> lab.training().divergence(x, x, noise, out));
      Matrix moved = output(lab, "adam" + shape, rows, D);
      Matrix m = lab.output(rows, D);
      Matrix v = lab.output(rows, D);
      float[] zeros = new float[rows * D];
      kernels.put(
          "adam" + shape,
          () -> {
            m.upload(zeros);
            v.upload(zeros);
            moved.upload(zeros);
            lab.training().adam(Adam.learningRate(0.1f), 1, x, null, m, v, moved);
          });
      Floats errors = lab.floatsOutput(rows);
      vectors.put("squaredErrors" + shape, errors);
      kernels.put(
          "squaredErrors" + shape, () -> lab.statistics().squaredErrors(x, decoded, errors));

      putStatistics(lab, x, decoded, codes, shape);
      putUnitRows(lab, x, decoded, shape);
      putSegments(lab, codes, shape);

      MatchingPursuit steps = MatchingPursuit.steps(5).toleranceRelative(0.1f);
      PursuitTape tape = lab.tape(rows, 5);
      Matrix residual = output(lab, "matchingPursuit" + shape, rows, D);
      kernels.put(
          "matchingPursuit" + shape,
          () -> lab.pursuits().matchingPursuit(x, atoms, steps, tape, residual));
      Matrix gAtoms = output(lab, "matchingPursuitBackward" + shape, ATOMS, D);
      kernels.put(
          "matchingPursuitBackward" + shape,
          () ->
              lab.pursuits()
                  .matchingPursuitBackward(
                      tape, residual, atoms, steps, x, null, PursuitGradients.ofAtoms(gAtoms)));
      Gram gram = lab.gram(ATOMS);
      outputs.put("gram" + shape, gram.products());
      kernels.put("gram" + shape, () -> lab.pursuits().gram(atoms, gram));
      OrthogonalPursuit picks = OrthogonalPursuit.steps(5).toleranceRelative(0.1f);
      FixedWidthCodes fitted = lab.codes(rows, 5);
      Matrix unfitted = output(lab, "orthogonalMatchingPursuit" + shape, rows, D);
      kernels.put(
          "orthogonalMatchingPursuit" + shape,
          () -> lab.pursuits().orthogonalMatchingPursuit(x, atoms, gram, picks, fitted, unfitted));
      Matrix unfittedByProducts =
          output(lab, "orthogonalMatchingPursuit without Gram" + shape, rows, D);
      kernels.put(
          "orthogonalMatchingPursuit without Gram" + shape,
          () ->
              lab.pursuits()
                  .orthogonalMatchingPursuit(x, atoms, picks, fitted, unfittedByProducts));
      GradientPursuit moves = GradientPursuit.steps(5).toleranceRelative(0.1f);
      Matrix unmoved = output(lab, "gradientPursuit" + shape, rows, D);
      kernels.put(
          "gradientPursuit" + shape,
          () -> lab.pursuits().gradientPursuit(x, atoms, gram, moves, fitted, unmoved));
      Matrix unmovedByProducts = output(lab, "gradientPursuit without Gram" + shape, rows, D);
      kernels.put(
          "gradientPursuit without Gram" + shape,
          () -> lab.pursuits().gradientPursuit(x, atoms, moves, fitted, unmovedByProducts));
      Matrix residualByGram = output(lab, "matchingPursuit with Gram" + shape, rows, D);
      kernels.put(
          "matchingPursuit with Gram" + shape,
          () -> lab.pursuits().matchingPursuit(x, atoms, gram, steps, tape, residualByGram));
    }
  }

  private void putStatistics(Lab lab, Matrix x, Matrix y, FixedWidthCodes codes, String shape) {
    Statistics statistics = lab.statistics();
    Floats norms = vector(lab, "norms" + shape, x.rows());
    kernels.put("norms" + shape, () -> statistics.norms(x, norms));
    Floats cosines = vector(lab, "cosines" + shape, x.rows());
    kernels.put("cosines" + shape, () -> statistics.cosines(x, y, cosines));
    Floats sum = vector(lab, "sum" + shape, 1);
    kernels.put("sum" + shape, () -> statistics.sum(norms, null, sum));
    Floats variance = vector(lab, "totalVariance" + shape, 1);
    kernels.put("totalVariance" + shape, () -> statistics.totalVariance(x, null, variance));
    Floats sums = vector(lab, "columnStatistics" + shape, D);
    kernels.put(
        "columnStatistics" + shape,
        () -> statistics.columnStatistics(x, Fired.nonZero(), Write.OVERWRITE, null, null, sums));
    Floats ofCodes = vector(lab, "columnStatistics of codes" + shape, ATOMS);
    kernels.put(
        "columnStatistics of codes" + shape,
        () ->
            statistics.columnStatistics(
                codes, Fired.nonZero(), Write.OVERWRITE, null, null, ofCodes));
  }

  private void putSegments(Lab lab, FixedWidthCodes codes, String shape) {
    Longs bounds = lab.longs(new long[] {0, codes.rows() / 3, codes.rows()});
    Matrix reduced = output(lab, "segmentReduce" + shape, 2, ATOMS);
    kernels.put(
        "segmentReduce" + shape,
        () ->
            lab.statistics()
                .segmentReduce(codes, bounds, 0, Reduction.sum(), Write.OVERWRITE, reduced));
  }

  private void putUnitRows(Lab lab, Matrix x, Matrix y, String shape) {
    Matrix unit = output(lab, "unitRows" + shape, x.rows(), D);
    kernels.put(
        "unitRows" + shape,
        () -> {
          lab.training().axpby(1, x, 0, unit);
          lab.statistics().unitRows(unit, 0);
        });
    Matrix projected = output(lab, "projectGradient" + shape, x.rows(), D);
    kernels.put(
        "projectGradient" + shape,
        () -> {
          lab.training().axpby(1, x, 0, projected);
          lab.statistics().projectGradient(y, projected);
        });
  }

  private Floats vector(Lab lab, String kernel, long length) {
    Floats made = lab.floatsOutput(length);
    vectors.put(kernel, made);
    return made;
  }

  private Matrix output(Lab lab, String kernel, int rows, int columns) {
    Matrix made = lab.output(rows, columns);
    outputs.put(kernel, made);
    return made;
  }

  private void vector(Lab lab, String kernel, long length, Consumer<Floats> call) {
    Floats made = lab.floatsOutput(length);
    vectors.put(kernel, made);
    kernels.put(kernel, () -> call.accept(made));
  }

  private float[] run(String kernel) {
    kernels.get(kernel).run();
    Matrix output = outputs.get(kernel);
    return output == null ? vectors.get(kernel).download() : output.download();
  }

  /** Runs on the backend that the only argument names. */
  public static void main(String[] arguments) {
    try (Lab lab = new BackendUnderTest(arguments[0]).open()) {
      ColdStart program = new ColdStart(lab);
      Map<String, float[]> first = new LinkedHashMap<>();
      program.kernels.keySet().forEach(kernel -> first.put(kernel, program.run(kernel)));
      int rounds = lab.onHost() ? ROUNDS : ROUNDS_ON_A_DEVICE;
      for (int round = 1; round < rounds; round++) {
        for (var result : first.entrySet()) {
          if (!Arrays.equals(program.run(result.getKey()), result.getValue())) {
            System.out.println(result.getKey() + ": another result in round " + round);
            System.exit(1);
          }
        }
      }
      first.forEach(
          (kernel, result) -> System.out.println(RESULT + kernel + ": " + Arrays.hashCode(result)));
    }
  }
}
