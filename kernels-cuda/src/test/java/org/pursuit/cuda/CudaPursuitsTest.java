package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pursuit.Backend;
import org.pursuit.Backends;
import org.pursuit.data.DType;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.Pursuits;
import org.pursuit.support.Dense;
import org.pursuit.support.Inputs;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Pursuits in cuts that a device's size would not give, in graphs, and with and without cuBLAS. */
@OnEmulator
class CudaPursuitsTest {
  /** More than what is multiplied without converting a factor. */
  private static final int ROWS = 70;

  private static final int ATOMS = 260;
  private static final int D = 20;
  private static final int STEPS = 4;

  private final Random random = Seed.random(107);
  private final Dense x = Inputs.normal(ROWS, D, random);
  private final Dense atoms = Inputs.unitRows(ATOMS, D, random);

  @ParameterizedTest
  @EnumSource
  void everyCutGivesTheSameBits(Precision precision) {
    MatchingPursuit options = MatchingPursuit.steps(STEPS).precision(precision);
    try (CudaBackend backend = Emulator.open();
        Operands operands = new Operands(backend, x, atoms, DType.F32, DType.BF16)) {
      for (MatchingPursuit rule : new MatchingPursuit[] {options, options.toleranceAbsolute(2)}) {
        for (boolean residual : new boolean[] {true, false}) {
          Found uncut = operands.pursued(backend.pursuits(), rule, residual);
          for (int rows : new int[] {ROWS, 1, 32, ROWS - 1}) {
            long bytes = (long) rows * ATOMS * Float.BYTES;
            Pursuits cut = new CudaPursuits(backend, backend.cuda(), new ScoreChunks(32, 1), bytes);
            operands
                .pursued(cut, rule, residual)
                .assertSame(uncut, rows + " rows of correlations, " + rule);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void integersGiveWhatTheScalarBackendGives(DType stored) {
    Dense integers = Inputs.integers(ROWS, D, 6, random);
    Dense unit = Dense.zeros(ATOMS, D);
    for (int j = 0; j < ATOMS; j++) {
      unit.values()[j * D + random.nextInt(D)] = random.nextBoolean() ? 1 : -1;
    }
    List<Precision> precisions = List.of(Precision.values());
    int call = 0;
    try (CudaBackend cuda = Emulator.open();
        Backend scalar = Backends.open("scalar")) {
      for (DType atomsStored : DType.values()) {
        for (DType gram : DType.values()) {
          Precision precision = precisions.get(call++ % precisions.size());
          MatchingPursuit options = MatchingPursuit.steps(STEPS).precision(precision);
          try (Operands onCuda = new Operands(cuda, integers, unit, stored, atomsStored, gram);
              Operands onScalar = new Operands(scalar, integers, unit, stored, atomsStored, gram)) {
            Found expected = onScalar.pursued(scalar.pursuits(), options, true);
            onCuda
                .pursued(cuda.pursuits(), options, true)
                .assertSame(expected, atomsStored + " atoms, Gram " + gram + ", " + precision);
          }
        }
      }
    }
  }

  /** As in {@link CudaScoringTest}: the square of 1 + 2⁻⁹ tells which product was taken. */
  @ParameterizedTest
  @EnumSource
  void theFirstCorrelationsAreAsPreciseAsAskedFor(Precision precision) {
    boolean cublas = Cublas.finding().found() != Cublas.ABSENT;
    float exact = 1 + 0x1p-8f + 0x1p-18f;
    float expected =
        switch (precision) {
          case FLOAT32, TF32 -> exact;
          case BF16X3 -> cublas ? 1 + 0x1p-8f : exact;
          case BF16 -> cublas ? 1 : exact;
        };
    Dense ones = Dense.zeros(ROWS, 1).map(zero -> 1 + 0x1p-9);
    MatchingPursuit options =
        MatchingPursuit.steps(STEPS).scaling(AtomScaling.AS_IS).precision(precision);
    try (CudaBackend backend = Emulator.open();
        Operands operands = new Operands(backend, ones, ones.rows(0, 1), DType.F32, DType.F32)) {
      Found found = operands.pursued(backend.pursuits(), options, true);
      assertThat(found.byGram.prefix(1).values()).as("by Gram").containsOnly(expected);
      assertThat(found.byProducts.prefix(1).values()).as("by products").containsOnly(expected);
    }
  }

  @Test
  void aGraphOfAllKernelsRunsAgain() {
    Dense other = Inputs.normal(ROWS, D, random);
    try (CudaBackend backend = Emulator.open()) {
      for (Precision precision : Precision.values()) {
        MatchingPursuit options = MatchingPursuit.steps(STEPS).precision(precision);
        for (float tolerance : new float[] {0, 0.5f}) {
          MatchingPursuit rule = options.toleranceRelative(tolerance);
          try (Operands operands = new Operands(backend, x, atoms, DType.F32, DType.BF16)) {
            Runnable calls = () -> operands.pursue(backend.pursuits(), rule, true);
            calls.run();
            final Found ofX = operands.found();
            try (CudaGraph graph = backend.capture(calls)) {
              operands.x.upload(other.values());
              graph.launch();
              Found ofOther = operands.found();
              operands.clear();
              calls.run();
              ofOther.assertSame(operands.found(), "of other rows, " + rule);
              operands.x.upload(x.values());
              graph.launch();
              operands.found().assertSame(ofX, "of the first rows again, " + rule);
            }
          }
        }
      }
    }
  }

  /** What pursuits by Gram and by products wrote. */
  private record Found(Slots byGram, Slots byProducts, Dense residualGram, Dense residualProducts) {
    void assertSame(Found expected, String description) {
      byGram.assertSame(expected.byGram, description + ", by Gram");
      byProducts.assertSame(expected.byProducts, description + ", by products");
      float[] left = residualGram.values();
      Same.numbers(left, expected.residualGram.values(), description + ", left by Gram");
      left = residualProducts.values();
      Same.numbers(left, expected.residualProducts.values(), description + ", left by products");
    }
  }

  /** Rows, atoms and their Gram, and what two pursuits write. */
  private static final class Operands implements AutoCloseable {
    private final Matrix x;
    private final Matrix atoms;
    private final Gram gram;
    private final PursuitTape byGram;
    private final PursuitTape byProducts;
    private final Matrix residualGram;
    private final Matrix residualProducts;

    Operands(Backend backend, Dense x, Dense atoms, DType stored, DType gram) {
      this(backend, x, atoms, stored, DType.F32, gram);
    }

    Operands(Backend backend, Dense x, Dense atoms, DType xType, DType atomsType, DType gramType) {
      this.x = backend.matrix(x.rows(), x.columns(), xType);
      this.atoms = backend.matrix(atoms.rows(), x.columns(), atomsType);
      this.x.upload(x.values());
      this.atoms.upload(atoms.values());
      gram = backend.gram(atoms.rows(), gramType);
      byGram = backend.pursuitTape(x.rows(), STEPS);
      byProducts = backend.pursuitTape(x.rows(), STEPS);
      residualGram = backend.matrix(x.rows(), x.columns(), DType.F32);
      residualProducts = backend.matrix(x.rows(), x.columns(), DType.F32);
    }

    void pursue(Pursuits pursuits, MatchingPursuit options, boolean residual) {
      pursuits.gram(atoms, gram);
      pursuits.matchingPursuit(x, atoms, gram, options, byGram, residual ? residualGram : null);
      pursuits.matchingPursuit(x, atoms, options, byProducts, residual ? residualProducts : null);
    }

    Found pursued(Pursuits pursuits, MatchingPursuit options, boolean residual) {
      pursue(pursuits, options, residual);
      return found();
    }

    Found found() {
      return new Found(
          Slots.of(byGram), Slots.of(byProducts), dense(residualGram), dense(residualProducts));
    }

    /** Leaves nothing of what was written. */
    void clear() {
      Slots.empty(x.rows(), STEPS).upload(byGram);
      Slots.empty(x.rows(), STEPS).upload(byProducts);
      residualGram.upload(new float[x.rows() * x.columns()]);
      residualProducts.upload(new float[x.rows() * x.columns()]);
    }

    private static Dense dense(Matrix matrix) {
      return new Dense(matrix.rows(), matrix.columns(), matrix.download());
    }

    @Override
    public void close() {
      for (AutoCloseable part :
          new AutoCloseable[] {
            x, atoms, gram, byGram, byProducts, residualGram, residualProducts
          }) {
        try {
          part.close();
        } catch (Exception e) {
          throw new AssertionError(e);
        }
      }
    }
  }
}
