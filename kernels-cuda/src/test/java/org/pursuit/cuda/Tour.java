package org.pursuit.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.ColumnTopK;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.EncodeGradients;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.TopK;
import org.pursuit.kernel.Write;
import org.pursuit.support.Seed;

/**
 * A short sequence of calls that makes every kind of handle and calls every family, small enough to
 * be run again and again with one fault after another. It closes what it makes.
 */
final class Tour {
  private static final int ROWS = 3;
  private static final int D = 5;
  private static final int ATOMS = 40;
  private static final int K = 4;

  private Tour() {}

  /** The results of all calls, in their order. */
  static List<String> of(CudaBackend backend) {
    Random random = Seed.random(170);
    try (Matrix x = backend.upload(integers(ROWS * D, random), ROWS, D);
        Matrix atoms = backend.upload(integers(ATOMS * D, random), ATOMS, D);
        Floats bias = backend.upload(integers(ATOMS, random));
        Mask mask = backend.upload(mask());
        Ints rowK = backend.upload(new int[] {1, K, 0});
        Matrix half = backend.matrix(ROWS, D, DType.BF16);
        Matrix scores = backend.matrix(ROWS, ATOMS, DType.F32);
        Matrix out = backend.matrix(ROWS, D, DType.F32);
        FixedWidthCodes codes = backend.fixedWidthCodes(ROWS, K);
        FixedWidthCodes encoded = backend.fixedWidthCodes(ROWS, K);
        FixedWidthCodes auxiliary = backend.fixedWidthCodes(ROWS, 2);
        PursuitTape tape = backend.pursuitTape(ROWS, K);
        Matrix gAtoms = backend.matrix(ATOMS, D, DType.F32);
        Matrix gX = backend.matrix(ROWS, D, DType.F32);
        Gram gram = backend.gram(ATOMS);
        FixedWidthCodes merged = backend.fixedWidthCodes(ROWS, 2 * K);
        CsrCodes compressed = backend.csrCodes(ROWS, ATOMS, 2 * ROWS * K);
        CsrCodes turned = backend.csrCodes(ATOMS, ROWS, 2 * ROWS * K);
        Floats dots = backend.floats(ROWS * K);
        Floats biasGradient = backend.floats(D);
        Floats encoderBias = backend.floats(ATOMS);
        RowSparseMatrix active = backend.rowSparseMatrix(ATOMS, D, ROWS * K);
        Floats total = backend.floats(1);
        ColumnCodes best = backend.columnCodes(ATOMS, 2);
        Longs fires = backend.longs(ATOMS);
        Floats errors = backend.floats(ROWS)) {
      List<String> results = new ArrayList<>();
      TopK topK = TopK.of(K).rowK(rowK).mask(mask);

      backend.training().axpby(2, x, 0, half);
      add(results, half.download());
      backend.scoring().normalise(x, RowNormalisation.UNIT, null, out, null, null);
      add(results, out.download());
      backend.scoring().score(x, atoms, bias, Score.plain(), scores);
      add(results, scores.download());
      backend.selection().topK(scores, topK, codes);
      add(results, codes);
      backend.selection().globalTopK(scores, GlobalTopK.of(5).mask(mask), compressed, total, null);
      add(results, total.download());
      backend.selection().columnTopK(compressed, ColumnTopK.plain(), best);
      backend.selection().columnTopK(scores, ColumnTopK.plain().accumulating(), best);
      add(results, best.values().download());
      backend.selection().rowPrefixSelect(scores, null, errors, RowPrefix.plain(), auxiliary, null);
      add(results, auxiliary);
      backend
          .scoring()
          .encode(
              x,
              atoms,
              bias,
              Score.plain(),
              List.of(TopK.of(K).withRelu().into(encoded), TopK.of(2).mask(mask).into(auxiliary)));
      add(results, encoded);
      add(results, auxiliary);
      backend.sparseAlgebra().decode(codes, atoms, null, out);
      add(results, out.download());
      backend.statistics().squaredErrors(x, out, errors);
      add(results, errors.download());
      backend.statistics().totalVariance(scores, null, total);
      add(results, total.download());
      backend
          .statistics()
          .columnStatistics(codes, Fired.nonZero(), Write.OVERWRITE, fires, null, encoderBias);
      add(results, encoderBias.download());
      results.add(Arrays.toString(fires.download()));
      backend.sparseAlgebra().sampledDot(x, atoms, codes, dots);
      add(results, dots.download());
      DecodeGradients gradients = DecodeGradients.none().activeAtoms(active).bias(biasGradient);
      backend
          .sparseAlgebra()
          .decodeBackward(codes, atoms, x, Write.ACCUMULATE, gradients.values(dots));
      results.add(Arrays.toString(active.count().download()));
      add(results, active.elements().download());
      add(results, biasGradient.download());
      add(results, dots.download());
      EncodeGradients ofEncoder =
          EncodeGradients.none()
              .activeWeights(active)
              .bias(encoderBias)
              .x(out)
              .preBias(biasGradient);
      backend
          .sparseAlgebra()
          .encodeBackward(
              codes, dots, x, atoms, Write.OVERWRITE, ofEncoder.activation(Activation.RELU));
      add(results, active.elements().download());
      add(results, encoderBias.download());
      add(results, out.download());
      add(results, biasGradient.download());

      MatchingPursuit steps = MatchingPursuit.steps(K);
      backend.pursuits().matchingPursuit(x, atoms, steps, tape, out);
      add(results, tape);
      backend
          .pursuits()
          .matchingPursuitBackward(
              tape,
              out,
              atoms,
              steps,
              x,
              null,
              PursuitGradients.ofAtoms(gAtoms).x(gX, Write.OVERWRITE));
      add(results, gAtoms.download());
      add(results, gX.download());
      backend.pursuits().gram(atoms.rows(0, ATOMS / 2), gram);
      backend.pursuits().append(atoms, gram);
      add(results, gram.products().download());
      backend.pursuits().matchingPursuit(x, atoms, gram, steps, tape, out);
      add(results, tape);
      add(results, out.download());
      backend
          .pursuits()
          .orthogonalMatchingPursuit(x, atoms, gram, OrthogonalPursuit.steps(K), codes, out);
      add(results, codes);
      add(results, out.download());
      backend
          .pursuits()
          .gradientPursuit(x, atoms, gram, GradientPursuit.steps(K).rowSteps(rowK), codes, out);
      add(results, codes);
      backend.sparseAlgebra().coalesce(tape, codes);
      add(results, codes);
      backend.sparseAlgebra().axpby(2, tape, -1, encoded, merged);
      add(results, merged);
      backend.sparseAlgebra().toCsr(merged, compressed);
      backend.sparseAlgebra().transpose(compressed, turned);
      results.add(Arrays.toString(turned.offsets().download()));
      add(results, turned.values().download());

      Runnable step =
          () -> {
            backend.training().axpby(1, x, 1, out);
            backend.sparseAlgebra().decode(codes, atoms, null, out);
            backend.statistics().squaredErrors(x, out, errors);
          };
      try (CudaGraph graph = backend.capture(step)) {
        graph.launch();
        add(results, errors.download());
      }
      return results;
    }
  }

  private static void add(List<String> results, SlottedCodes codes) {
    results.add(Arrays.toString(codes.indices().download()));
    add(results, codes.values().download());
    results.add(Arrays.toString(codes.counts().download()));
  }

  private static void add(List<String> results, float[] values) {
    results.add(Arrays.toString(values));
  }

  private static float[] integers(int count, Random random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextInt(7) - 3;
    }
    return values;
  }

  private static boolean[] mask() {
    boolean[] set = new boolean[ATOMS];
    for (int i = 0; i < ATOMS; i += 2) {
      set[i] = true;
    }
    return set;
  }
}
