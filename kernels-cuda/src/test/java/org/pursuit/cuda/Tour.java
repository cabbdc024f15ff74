package org.pursuit.cuda;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
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
import org.pursuit.kernel.Gate;
import org.pursuit.kernel.Gaussian;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.Multiply;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Pursuits;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Statistics;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TopK;
import org.pursuit.kernel.Training;
import org.pursuit.kernel.Write;
import org.pursuit.support.Seed;

/**
 * Short sequences of calls that together make every kind of handle: small enough to be run again
 * and again with one fault after another. They close what they make.
 */
enum Tour {
  SCORING {
    @Override
    void call(Operands o) {
      Matrix out = o.matrix(ROWS, D);
      Matrix scores = o.matrix(ROWS, ATOMS);
      o.backend.scoring().normalise(o.x, RowNormalisation.UNIT, null, out, null, null);
      o.add(out.download());
      o.backend.scoring().score(o.x, o.atoms, o.bias, Score.plain(), scores);
      o.add(scores.download());
    }
  },
  ENCODING {
    @Override
    void call(Operands o) {
      FixedWidthCodes encoded = o.codes(K);
      FixedWidthCodes auxiliary = o.codes(2);
      CsrCodes passing = o.keep(o.backend.csrCodes(ROWS, ATOMS, ROWS * ATOMS));
      CsrCodes first = o.keep(o.backend.csrCodes(ROWS, ATOMS, K));
      o.backend
          .scoring()
          .encode(
              o.x,
              o.atoms,
              o.bias,
              Score.plain(),
              List.of(
                  TopK.of(K).withRelu().into(encoded),
                  TopK.of(2).mask(o.mask).into(auxiliary),
                  ThresholdSelect.above(o.bias).into(passing),
                  GlobalTopK.of(K).into(first, null, null)));
      o.add(encoded);
      o.add(auxiliary);
      o.add(Arrays.copyOf(passing.values().download(), (int) passing.nnz()));
      o.add(first.values().download());
    }
  },
  SELECTION {
    @Override
    void call(Operands o) {
      FixedWidthCodes codes = o.codes(K);
      CsrCodes compressed = o.keep(o.backend.csrCodes(D, ATOMS, 2 * ROWS * K));
      ColumnCodes best = o.keep(o.backend.columnCodes(ATOMS, 2));
      Floats total = o.floats(1);
      Matrix scores = o.keep(o.backend.upload(integers(D * ATOMS, Seed.random(171)), D, ATOMS));
      Selection selection = o.backend.selection();
      selection.topK(scores.rows(0, ROWS), TopK.of(K).rowK(o.rowK).mask(o.mask), codes);
      o.add(codes);
      selection.globalTopK(scores, GlobalTopK.of(5).mask(o.mask), compressed, total, null);
      o.add(total.download());
      selection.columnTopK(compressed, ColumnTopK.plain(), best);
      selection.columnTopK(scores, ColumnTopK.plain().accumulating(), best);
      o.add(best.values().download());
      Floats targets = o.floats(ROWS);
      selection.rowPrefixSelect(
          scores.rows(0, ROWS), null, targets, RowPrefix.plain(), codes, null);
      o.add(codes);
    }
  },
  SPARSE_ALGEBRA {
    @Override
    void call(Operands o) {
      FixedWidthCodes codes = o.selected();
      FixedWidthCodes merged = o.codes(2 * K);
      CsrCodes compressed = o.keep(o.backend.csrCodes(ROWS, ATOMS, 2 * ROWS * K));
      CsrCodes turned = o.keep(o.backend.csrCodes(ATOMS, ROWS, 2 * ROWS * K));
      Matrix out = o.matrix(ROWS, D);
      Floats dots = o.floats(ROWS * K);
      SparseAlgebra algebra = o.backend.sparseAlgebra();
      algebra.decode(codes, o.atoms, null, out);
      o.add(out.download());
      algebra.sampledDot(o.x, o.atoms, codes, dots);
      o.add(dots.download());
      algebra.coalesce(codes, o.codes(K));
      algebra.axpby(2, codes, -1, codes, merged);
      o.add(merged);
      algebra.toCsr(merged, compressed);
      algebra.transpose(compressed, turned);
      o.add(turned.values().download());
    }
  },
  GRADIENTS {
    @Override
    void call(Operands o) {
      FixedWidthCodes codes = o.selected();
      Floats dots = o.floats(ROWS * K);
      Floats biasGradient = o.floats(D);
      Floats encoderBias = o.floats(ATOMS);
      Matrix out = o.matrix(ROWS, D);
      RowSparseMatrix active = o.keep(o.backend.rowSparseMatrix(ATOMS, D, ROWS * K));
      DecodeGradients gradients = DecodeGradients.none().activeAtoms(active).bias(biasGradient);
      o.backend
          .sparseAlgebra()
          .decodeBackward(codes, o.atoms, o.x, Write.ACCUMULATE, gradients.values(dots));
      o.results.add(Arrays.toString(active.count().download()));
      o.add(active.elements().download());
      o.add(biasGradient.download());
      o.add(dots.download());
      EncodeGradients ofEncoder =
          EncodeGradients.none()
              .activeWeights(active)
              .bias(encoderBias)
              .x(out)
              .preBias(biasGradient);
      o.backend
          .sparseAlgebra()
          .encodeBackward(
              codes, dots, o.x, o.atoms, Write.OVERWRITE, ofEncoder.activation(Activation.RELU));
      o.add(active.elements().download());
      o.add(encoderBias.download());
      o.add(out.download());
      o.add(biasGradient.download());
    }
  },
  PURSUITS {
    @Override
    void call(Operands o) {
      PursuitTape tape = o.keep(o.backend.pursuitTape(ROWS, K));
      Gram gram = o.keep(o.backend.gram(ATOMS));
      Matrix out = o.matrix(ROWS, D);
      MatchingPursuit steps = MatchingPursuit.steps(K);
      Pursuits pursuits = o.backend.pursuits();
      pursuits.matchingPursuit(o.x, o.atoms, steps, tape, out);
      o.add(tape);
      pursuits.gram(o.atoms.rows(0, ATOMS / 2), gram);
      pursuits.append(o.atoms, gram);
      o.add(gram.products().download());
      pursuits.matchingPursuit(o.x, o.atoms, gram, steps, tape, out);
      o.add(tape);
      o.add(out.download());
    }
  },
  PURSUIT_GRADIENTS {
    @Override
    void call(Operands o) {
      PursuitTape tape = o.keep(o.backend.pursuitTape(ROWS, K));
      Matrix out = o.matrix(ROWS, D);
      Matrix gX = o.matrix(ROWS, D);
      Matrix gAtoms = o.matrix(ATOMS, D);
      MatchingPursuit steps = MatchingPursuit.steps(K);
      Pursuits pursuits = o.backend.pursuits();
      pursuits.matchingPursuit(o.x, o.atoms, steps, tape, out);
      PursuitGradients gradients = PursuitGradients.ofAtoms(gAtoms).x(gX, Write.OVERWRITE);
      pursuits.matchingPursuitBackward(tape, out, o.atoms, steps, o.x, null, gradients);
      o.add(gAtoms.download());
      o.add(gX.download());
      RowSparseMatrix active = o.keep(o.backend.rowSparseMatrix(ATOMS, D, ROWS * K));
      PursuitGradients sparse = PursuitGradients.ofActiveAtoms(active);
      pursuits.matchingPursuitBackward(tape, out, o.atoms, steps, o.x, null, sparse);
      o.add(active.elements().rows(0, 1).download());
    }
  },
  FITTED_PURSUITS {
    @Override
    void call(Operands o) {
      Gram gram = o.keep(o.backend.gram(ATOMS));
      FixedWidthCodes codes = o.codes(K);
      Matrix out = o.matrix(ROWS, D);
      OrthogonalPursuit orthogonal = OrthogonalPursuit.steps(K);
      GradientPursuit moved = GradientPursuit.steps(K);
      Pursuits pursuits = o.backend.pursuits();
      pursuits.gram(o.atoms, gram);
      pursuits.orthogonalMatchingPursuit(o.x, o.atoms, gram, orthogonal, codes, out);
      o.add(codes);
      o.add(out.download());
      pursuits.gradientPursuit(o.x, o.atoms, gram, moved.rowSteps(o.rowK), codes, out);
      o.add(codes);
      pursuits.orthogonalMatchingPursuit(o.x, o.atoms, orthogonal, codes, out);
      o.add(codes);
      pursuits.gradientPursuit(o.x, o.atoms, moved, codes, null);
      o.add(codes);
    }
  },
  TRAINING {
    @Override
    void call(Operands o) {
      Matrix half = o.keep(o.backend.matrix(ROWS, D, DType.BF16));
      Matrix square = o.matrix(D, D);
      Matrix out = o.matrix(ROWS, D);
      Floats sums = o.floats(D);
      Floats total = o.floats(1);
      Training training = o.backend.training();
      training.axpby(2, o.x, 0, half);
      o.add(half.download());
      training.multiply(o.x, o.x, Multiply.plain().withTransposedA(), square);
      o.add(square.download());
      training.solve(square, 50, square.rows(0, D), o.matrix(D, D));
      training.columnSums(o.x, 1, Write.OVERWRITE, sums);
      o.add(sums.download());
      training.scatterRows(o.x, o.rowK, Write.ACCUMULATE, o.matrix(K + 1, D));
      training.sumOfSquares(o.x, Write.OVERWRITE, total);
      training.clipFactor(total, 1, null, total);
      training.exponentials(total, total);
      o.add(total.download());
      training.gateBackward(o.x, Gate.jumpRelu(2), total, o.x, Write.OVERWRITE, out, total);
      o.add(out.download());
      training.sample(o.x, null, Gaussian.noise(1, 2), out);
      o.add(out.download());
    }
  },
  STATISTICS {
    @Override
    void call(Operands o) {
      FixedWidthCodes codes = o.selected();
      Floats errors = o.floats(ROWS);
      Floats total = o.floats(1);
      Floats sums = o.floats(ATOMS);
      Longs fires = o.keep(o.backend.longs(ATOMS));
      Statistics statistics = o.backend.statistics();
      statistics.squaredErrors(o.x, o.x, errors);
      o.add(errors.download());
      statistics.totalVariance(o.atoms, null, total);
      o.add(total.download());
      statistics.columnStatistics(codes, Fired.nonZero(), Write.OVERWRITE, fires, null, sums);
      o.add(sums.download());
      o.results.add(Arrays.toString(fires.download()));
    }
  },
  GRAPH {
    @Override
    void call(Operands o) {
      FixedWidthCodes codes = o.selected();
      Floats errors = o.floats(ROWS);
      Matrix out = o.matrix(ROWS, D);
      Runnable step =
          () -> {
            o.backend.training().axpby(1, o.x, 1, out);
            o.backend.sparseAlgebra().decode(codes, o.atoms, null, out);
            o.backend.statistics().squaredErrors(o.x, out, errors);
          };
      step.run();
      try (CudaGraph graph = o.backend.capture(step)) {
        graph.launch();
        o.add(errors.download());
      }
    }
  };

  private static final int ROWS = 3;
  private static final int D = 5;
  private static final int ATOMS = 40;
  private static final int K = 4;

  abstract void call(Operands o);

  /** The results of all calls, in their order. */
  List<String> of(CudaBackend backend) {
    try (Operands o = new Operands(backend)) {
      call(o);
      return o.results;
    }
  }

  /** What the calls work on, and what came of them. */
  static final class Operands implements AutoCloseable {
    final CudaBackend backend;
    final List<String> results = new ArrayList<>();
    private final Deque<AutoCloseable> kept = new ArrayDeque<>();
    Matrix x;
    Matrix atoms;
    Floats bias;
    Mask mask;
    Ints rowK;

    Operands(CudaBackend backend) {
      this.backend = backend;
      Random random = Seed.random(170);
      try {
        x = keep(backend.upload(integers(ROWS * D, random), ROWS, D));
        atoms = keep(backend.upload(integers(ATOMS * D, random), ATOMS, D));
        bias = keep(backend.upload(integers(ATOMS, random)));
        mask = keep(backend.upload(mask()));
        rowK = keep(backend.upload(new int[] {1, K, 0}));
      } catch (RuntimeException e) {
        close();
        throw e;
      }
    }

    <H extends AutoCloseable> H keep(H handle) {
      kept.push(handle);
      return handle;
    }

    Matrix matrix(int rows, int columns) {
      return keep(backend.matrix(rows, columns, DType.F32));
    }

    Floats floats(long length) {
      return keep(backend.floats(length));
    }

    FixedWidthCodes codes(int k) {
      return keep(backend.fixedWidthCodes(ROWS, k));
    }

    /** The first atoms of every row. */
    FixedWidthCodes selected() {
      FixedWidthCodes codes = codes(K);
      Matrix scores = keep(backend.upload(integers(ROWS * ATOMS, new Random(3)), ROWS, ATOMS));
      backend.selection().topK(scores, TopK.of(K).rowK(rowK).mask(mask), codes);
      add(codes);
      return codes;
    }

    void add(SlottedCodes codes) {
      results.add(Arrays.toString(codes.indices().download()));
      add(codes.values().download());
      results.add(Arrays.toString(codes.counts().download()));
    }

    void add(float[] values) {
      results.add(Arrays.toString(values));
    }

    @Override
    public void close() {
      while (!kept.isEmpty()) {
        try {
          kept.pop().close();
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      }
    }
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
