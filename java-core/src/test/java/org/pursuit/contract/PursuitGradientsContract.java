package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.pursuit.CapacityException;
import org.pursuit.contract.PursuitGradientTwin.Forward;
import org.pursuit.contract.PursuitGradientTwin.Gradients;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Write;
import org.pursuit.support.ActiveRows;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Rounding;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Gradients of matching pursuit: exact on small integers, elsewhere close to a twin in double. */
class PursuitGradientsContract {
  /** Two nearly parallel atoms, picked in turn, so that each step's gradient reaches the other. */
  private static final double[][] CORRELATED = {{1, 0.2, 0}, {0.9, 0.5, 0.1}};

  @Test
  void theTwinHasTheGradientsOfItsForwardPass() {
    Random random = Seed.random(110);
    double[][] atoms = doubles(Inputs.normal(5, 6, random));
    int[][] picks = {{}, {3}, {0, 1, 0, 4, 1}, {2, 2, 2}};
    for (AtomScaling scaling : AtomScaling.values()) {
      double scale = scaling == AtomScaling.AS_IS ? 0.4 : 1;
      Arrays.stream(atoms).forEach(atom -> Arrays.setAll(atom, i -> scale * atom[i]));
      assertTwin(atoms, picks, doubles(Inputs.normal(4, 6, random)), scaling, random);
      assertTwin(
          CORRELATED, new int[][] {{0, 1, 0}}, new double[][] {{2, -1, 0.5}}, scaling, random);
    }
  }

  @Test
  void whatAStepPassesOnShowsWhereAtomsAreCorrelated() {
    int[][] picks = {{0, 1}};
    for (AtomScaling scaling : AtomScaling.values()) {
      PursuitGradientTwin twin = new PursuitGradientTwin(CORRELATED, picks, scaling);
      Forward forward = twin.forward(new double[][] {{2, -1, 0.5}});
      double[][] gResidual = {{1, 2, -1}};
      double[][] gValues = {{0, 0}};
      double[] right = twin.backward(forward, gResidual, gValues, true).atoms()[0];
      double[] wrong = twin.backward(forward, gResidual, gValues, false).atoms()[0];
      assertThat(distance(right, wrong)).as("%s", scaling).isGreaterThan(0.1);
    }
  }

  private static void assertTwin(
      double[][] atoms, int[][] picks, double[][] x, AtomScaling scaling, Random random) {
    double[][] gResidual = doubles(Inputs.normal(x.length, x[0].length, random));
    double[][] gValues = new double[x.length][];
    for (int b = 0; b < x.length; b++) {
      gValues[b] = random.doubles(picks[b].length, -1, 1).toArray();
    }
    PursuitGradientTwin twin = new PursuitGradientTwin(atoms, picks, scaling);
    ToDoubleFunction<PursuitGradientTwin> loss =
        t -> {
          Forward forward = t.forward(x);
          double sum = 0;
          for (int b = 0; b < x.length; b++) {
            sum += PursuitGradientTwin.dot(forward.residual()[b], gResidual[b]);
            sum += PursuitGradientTwin.dot(forward.coefficients()[b], gValues[b]);
          }
          return sum;
        };
    Gradients found = twin.backward(twin.forward(x), gResidual, gValues, true);
    assertDifferences(atoms, found.atoms(), () -> loss.applyAsDouble(twin), scaling + ", atoms");
    assertDifferences(x, found.x(), () -> loss.applyAsDouble(twin), scaling + ", x");
  }

  private interface Loss {
    double now();
  }

  private static void assertDifferences(
      double[][] at, double[][] gradient, Loss loss, String description) {
    double h = 1e-5;
    for (int row = 0; row < at.length; row++) {
      for (int i = 0; i < at[row].length; i++) {
        double kept = at[row][i];
        at[row][i] = kept + h;
        double above = loss.now();
        at[row][i] = kept - h;
        double below = loss.now();
        at[row][i] = kept;
        double expected = (above - below) / (2 * h);
        assertThat(gradient[row][i])
            .as("%s: gradient %d, %d", description, row, i)
            .isCloseTo(expected, Offset.offset(1e-8 * scale(expected)));
      }
    }
  }

  private static double scale(double value) {
    return Math.max(1, Math.abs(value));
  }

  @EveryBackend
  void exactOnSmallIntegers(BackendUnderTest backend) {
    Random random = Seed.random(111);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {0, 4, 7, 24, 33, 130}) {
        for (int n : new int[] {0, 1, 9, 70}) {
          for (int rows : new int[] {0, 1, 5, 40}) {
            for (AtomScaling scaling : AtomScaling.values()) {
              Problem problem = Problem.integers(rows, d, n, 3, scaling, random);
              problem.assertExact(lab, DType.F32, Placement.WHOLE, Write.OVERWRITE);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void everyFormatPlacementAndWriteExactly(BackendUnderTest backend) {
    Random random = Seed.random(112);
    try (Lab lab = backend.open()) {
      for (DType dtype : DType.values()) {
        for (Placement placement : Placement.values()) {
          for (Write write : Write.values()) {
            for (AtomScaling scaling : AtomScaling.values()) {
              Problem problem = Problem.integers(11, 21, 13, 2, scaling, random);
              problem.assertExact(lab, dtype, placement, write);
            }
          }
        }
      }
    }
  }

  /** More picks of an atom than are summed at once. */
  @EveryBackend
  void atomsThatManyRowsPickExactly(BackendUnderTest backend) {
    Random random = Seed.random(113);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {1, 2, 3}) {
        Problem problem = Problem.integers(260, 9, n, 2, AtomScaling.NORMALISED, random);
        problem.assertExact(lab, DType.F32, Placement.WHOLE, Write.OVERWRITE);
        problem.assertExact(lab, DType.F32, Placement.WHOLE, Write.ACCUMULATE);
      }
    }
  }

  @EveryBackend
  void whatIsNullIsZeroOrNotComputed(BackendUnderTest backend) {
    Problem whole = Problem.integers(8, 12, 9, 2, AtomScaling.NORMALISED, Seed.random(114));
    try (Lab lab = backend.open()) {
      for (boolean residual : new boolean[] {true, false}) {
        for (boolean values : new boolean[] {true, false}) {
          Problem problem =
              new Problem(
                  whole.tape,
                  whole.residual,
                  whole.atoms,
                  whole.scaling,
                  residual ? whole.gResidual : null,
                  values ? whole.gValues : null);
          problem.assertExact(lab, DType.F32, Placement.WHOLE, Write.OVERWRITE);
        }
      }
      Matrix gAtoms = lab.output(9, 12);
      Matrix gX = lab.output(8, 12);
      whole.run(lab, PursuitGradients.ofAtoms(gAtoms));
      whole.run(lab, PursuitGradients.ofX(gX));
      Gradients expected = whole.twin();
      Same.numbers(gAtoms.download(), exact(expected.atoms()), "atoms alone");
      Same.numbers(gX.download(), exact(expected.x()), "x alone");
    }
  }

  @EveryBackend
  void atomsThatNobodyPicksKeepTheirBitsWhereItAccumulates(BackendUnderTest backend) {
    Slots tape = Slots.empty(1, 2);
    tape.add(0, 1, 1);
    Problem problem =
        new Problem(
            tape,
            Dense.zeros(1, 2),
            Dense.ofRows(new float[] {1, 0}, new float[] {0, 1}),
            AtomScaling.NORMALISED,
            Dense.ofRows(new float[] {3, 5}),
            null);
    try (Lab lab = backend.open()) {
      Matrix gAtoms = lab.matrix(Dense.ofRows(new float[] {-0f, Float.NaN}, new float[] {1, 1}));
      problem.run(lab, PursuitGradients.ofAtoms(gAtoms).atoms(gAtoms, Write.ACCUMULATE));
      Same.numbers(gAtoms.download(), new float[] {-0f, Float.NaN, -2, 1}, "accumulated");
    }
  }

  /** Rows of atoms that some step picked, to the bit those of all atoms. */
  @EveryBackend
  void activeAtomsAreThoseThatWerePicked(BackendUnderTest backend) {
    Random random = Seed.random(117);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {0, 1, 12, 33}) {
        for (int n : new int[] {1, 9, 300}) {
          RowSparseMatrix active = lab.rowSparse(n, d, n);
          Dense sum = Dense.zeros(n, d);
          TreeSet<Integer> ids = new TreeSet<>();
          for (Write write : List.of(Write.OVERWRITE, Write.ACCUMULATE, Write.ACCUMULATE)) {
            Problem problem = Problem.integers(8, d, n, 2, AtomScaling.NORMALISED, random);
            Matrix dense = lab.matrix(sum);
            Matrix gX = lab.output(8, d);
            problem.run(lab, PursuitGradients.ofX(gX).atoms(dense, write));
            sum = new Dense(n, d, dense.download());
            Slots tape = problem.tape;
            for (int slot = 0; slot < tape.indices().length; slot++) {
              if (tape.indices()[slot] >= 0) {
                ids.add(tape.indices()[slot]);
              }
            }
            Matrix again = lab.output(8, d);
            problem.run(
                lab,
                PursuitGradients.ofActiveAtoms(active)
                    .activeAtoms(active, write)
                    .x(again, Write.OVERWRITE));
            String description = n + " atoms of " + d + ", " + write;
            ActiveRows found = ActiveRows.of(active);
            Same.ints(found.ids(), ids.stream().mapToInt(j -> j).toArray(), description);
            Same.numbers(found.dense(n).values(), sum.values(), description);
            Same.bits(again.download(), gX.download(), description);
          }
          problemOfNobody(d, n).run(lab, PursuitGradients.ofActiveAtoms(active));
          assertThat(active.count().download()).containsExactly(0);
        }
      }
    }
  }

  private static Problem problemOfNobody(int d, int n) {
    return new Problem(
        Slots.empty(3, 2), Dense.zeros(3, d), Dense.zeros(n, d), AtomScaling.AS_IS, null, null);
  }

  @EveryBackend
  void moreActiveAtomsThanFitLeaveNone(BackendUnderTest backend) {
    Slots tape = Slots.empty(2, 2);
    tape.add(0, 1, 1);
    tape.add(0, 3, 1);
    tape.add(1, 0, 2);
    Dense atoms = Dense.ofRows(new float[] {1}, new float[] {1}, new float[] {1}, new float[] {1});
    Dense rows = Dense.ofRows(new float[] {3}, new float[] {5});
    Problem problem = new Problem(tape, rows, atoms, AtomScaling.NORMALISED, rows, null);
    for (Write write : Write.values()) {
      try (Lab lab = backend.open()) {
        RowSparseMatrix small = lab.rowSparse(4, 1, 2);
        Matrix gX = lab.output(2, 1);
        PursuitGradients wanted = PursuitGradients.ofX(gX).activeAtoms(small, write);
        assertThatExceptionOfType(CapacityException.class)
            .isThrownBy(
                () -> {
                  problem.run(lab, wanted);
                  lab.backend().synchronize();
                })
            .satisfies(e -> assertThat(e.needed()).isEqualTo(3));
        assertThat(small.count().download()).containsExactly(0);
        Same.numbers(gX.download(), exact(problem.twin().x()), "the other gradient");
      }
    }
  }

  @EveryBackend
  void nanReachesItsRowAndItsAtomsAlone(BackendUnderTest backend) {
    Random random = Seed.random(115);
    Problem problem = Problem.integers(12, 10, 30, 3, AtomScaling.NORMALISED, random);
    int broken = 1;
    problem.gResidual.values()[broken * 10 + 4] = Float.NaN;
    boolean[] reached = new boolean[30];
    for (int step = 0; step < problem.tape.counts()[broken]; step++) {
      reached[problem.tape.index(broken, step)] = true;
    }
    try (Lab lab = backend.open()) {
      Matrix gAtoms = lab.output(30, 10);
      Matrix gX = lab.output(12, 10);
      problem.run(lab, PursuitGradients.ofAtoms(gAtoms).x(gX, Write.OVERWRITE));
      float[] ofAtoms = gAtoms.download();
      float[] ofX = gX.download();
      for (int j = 0; j < 30; j++) {
        assertThat(Float.isNaN(ofAtoms[j * 10 + 4])).as("atom %d", j).isEqualTo(reached[j]);
      }
      for (int b = 0; b < 12; b++) {
        assertThat(Float.isNaN(ofX[b * 10 + 4])).as("row %d", b).isEqualTo(b == broken);
      }
    }
  }

  @EveryBackend
  void whatAPursuitTookIsCloseToTheTwin(BackendUnderTest backend) {
    Random random = Seed.random(116);
    Dense x = Inputs.normal(37, 50, random);
    Dense atoms = Inputs.unitRows(60, 50, random).map(v -> 1.3 * v);
    // Two nearly parallel atoms.
    for (int i = 0; i < 50; i++) {
      atoms.values()[50 + i] = atoms.values()[i] + 0.1f * (float) random.nextGaussian() / 7;
    }
    try (Lab lab = backend.open()) {
      for (AtomScaling scaling : AtomScaling.values()) {
        for (DType stored : DType.values()) {
          MatchingPursuit options = MatchingPursuit.steps(12).scaling(scaling);
          PursuitTape tape = lab.tape(37, 12);
          Matrix left = lab.output(37, 50);
          lab.pursuits()
              .matchingPursuit(
                  lab.matrix(x), lab.matrix(atoms, stored, Placement.WHOLE), options, tape, left);
          Problem problem =
              new Problem(
                  Slots.of(tape),
                  new Dense(37, 50, left.download()).stored(stored),
                  atoms.stored(stored),
                  scaling,
                  Inputs.normal(37, 50, random).stored(stored),
                  Inputs.normal(37 * 12, random));
          Matrix gAtoms = lab.output(60, 50);
          Matrix gX = lab.output(37, 50);
          problem.run(lab, PursuitGradients.ofAtoms(gAtoms).x(gX, Write.OVERWRITE), stored);
          Gradients expected = problem.twin();
          assertClose(gAtoms.download(), expected.atoms(), scaling + ", atoms in " + stored);
          assertClose(gX.download(), expected.x(), scaling + ", x by atoms in " + stored);
        }
      }
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndRunAfterRun(BackendUnderTest backend) {
    Random random = Seed.random(117);
    Slots tape = Slots.randomTape(90, 9, 40, random);
    Problem problem =
        new Problem(
            tape,
            Inputs.normal(90, 70, random),
            Inputs.unitRows(40, 70, random),
            AtomScaling.NORMALISED,
            Inputs.normal(90, 70, random),
            Inputs.normal(90 * 9, random));
    float[] firstAtoms = null;
    float[] firstX = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Lab lab = backend.open(threads)) {
        Matrix gAtoms = lab.output(40, 70);
        Matrix gX = lab.output(90, 70);
        for (int run = 0; run < 20; run++) {
          problem.run(lab, PursuitGradients.ofAtoms(gAtoms).x(gX, Write.OVERWRITE));
          firstAtoms = firstAtoms == null ? gAtoms.download() : firstAtoms;
          firstX = firstX == null ? gX.download() : firstX;
          Same.bits(gAtoms.download(), firstAtoms, threads + " threads, atoms");
          Same.bits(gX.download(), firstX, threads + " threads, x");
        }
      }
    }
  }

  /** A call's inputs. */
  private record Problem(
      Slots tape,
      Dense residual,
      Dense atoms,
      AtomScaling scaling,
      Dense gResidual,
      @SuppressWarnings("ArrayRecordComponent") float[] gValues) {
    /** Small integers, and squared norms that are powers of two, so that float32 is exact. */
    static Problem integers(int rows, int d, int n, int k, AtomScaling scaling, Random random) {
      Dense atoms = Dense.zeros(n, d);
      for (int j = 0; j < n && d > 0; j++) {
        int entries = d >= 4 && random.nextBoolean() ? 4 : 1;
        for (int i : Inputs.distinct(entries, d, random)) {
          atoms.values()[j * d + i] = random.nextBoolean() ? 1 : -1;
        }
      }
      Slots tape =
          random.nextBoolean()
              ? Slots.random(rows, k, n, random)
              : Slots.randomTape(rows, k, n, random);
      return new Problem(
          tape.withIntegerValues(3, random),
          Inputs.integers(rows, d, 5, random),
          atoms,
          scaling,
          Inputs.integers(rows, d, 5, random),
          Inputs.integers(rows * k, 5, random));
    }

    Gradients twin() {
      int[][] picks = new int[tape.rows()][];
      double[][] values = new double[tape.rows()][];
      double[][] given = new double[tape.rows()][];
      for (int b = 0; b < tape.rows(); b++) {
        int from = b * tape.k();
        int to = from + tape.counts()[b];
        picks[b] = Arrays.copyOfRange(tape.indices(), from, to);
        values[b] = doubles(Arrays.copyOfRange(tape.values(), from, to));
        given[b] =
            gValues == null
                ? new double[to - from]
                : doubles(Arrays.copyOfRange(gValues, from, to));
      }
      Dense ofResidual =
          gResidual == null ? Dense.zeros(residual.rows(), residual.columns()) : gResidual;
      return new PursuitGradientTwin(doubles(atoms), picks, scaling)
          .backward(new Forward(values, doubles(residual)), doubles(ofResidual), given, true);
    }

    void run(Lab lab, PursuitGradients gradients) {
      run(lab, gradients, DType.F32);
    }

    void run(Lab lab, PursuitGradients gradients, DType dtype) {
      run(lab, gradients, dtype, Placement.WHOLE);
    }

    void run(Lab lab, PursuitGradients gradients, DType dtype, Placement placement) {
      lab.pursuits()
          .matchingPursuitBackward(
              lab.tape(tape),
              lab.matrix(residual, dtype, placement),
              lab.matrix(atoms, dtype, placement),
              MatchingPursuit.steps(tape.k()).scaling(scaling),
              gResidual == null ? null : lab.matrix(gResidual, dtype, placement),
              lab.floats(gValues),
              gradients);
    }

    void assertExact(Lab lab, DType dtype, Placement placement, Write write) {
      int d = atoms.columns();
      Matrix gAtoms = lab.output(atoms.rows(), d, dtype);
      Matrix gX = lab.output(tape.rows(), d, dtype);
      float before = write == Write.ACCUMULATE ? 3 : 0;
      if (write == Write.ACCUMULATE) {
        gAtoms.upload(filled(atoms.rows() * d));
        gX.upload(filled(tape.rows() * d));
      }
      run(lab, PursuitGradients.ofX(gX).x(gX, write).atoms(gAtoms, write), dtype, placement);
      Gradients expected = twin();
      String description =
          this.scaling
              + ", "
              + Arrays.toString(new int[] {tape.rows(), d, atoms.rows()})
              + " in "
              + dtype
              + " "
              + placement
              + ", "
              + write;
      Same.numbers(
          gAtoms.download(), stored(expected.atoms(), before, dtype), description + ", atoms");
      Same.numbers(gX.download(), stored(expected.x(), before, dtype), description + ", x");
    }

    private static float[] filled(int length) {
      float[] made = new float[length];
      Arrays.fill(made, 3);
      return made;
    }

    private static float[] stored(double[][] sums, float before, DType dtype) {
      float[] exact = exact(sums);
      for (int i = 0; i < exact.length; i++) {
        exact[i] += before;
      }
      return Rounding.stored(exact, dtype);
    }
  }

  private static void assertClose(float[] actual, double[][] expected, String description) {
    double[] all = Arrays.stream(expected).flatMapToDouble(Arrays::stream).toArray();
    double largest = Arrays.stream(all).map(Math::abs).max().orElse(0);
    for (int i = 0; i < all.length; i++) {
      assertThat(Math.abs(actual[i] - all[i]))
          .as("%s: element %d is %s, expected %s", description, i, actual[i], all[i])
          .isLessThanOrEqualTo(2e-5 * largest);
    }
  }

  private static double distance(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }

  private static float[] exact(double[][] values) {
    double[] all = Arrays.stream(values).flatMapToDouble(Arrays::stream).toArray();
    float[] made = new float[all.length];
    for (int i = 0; i < all.length; i++) {
      made[i] = (float) all[i];
      assertThat((double) made[i]).as("exact in float32").isEqualTo(all[i]);
    }
    return made;
  }

  private static double[][] doubles(Dense values) {
    double[][] made = new double[values.rows()][];
    for (int row = 0; row < made.length; row++) {
      made[row] = doubles(values.row(row));
    }
    return made;
  }

  private static double[] doubles(float[] values) {
    double[] made = new double[values.length];
    for (int i = 0; i < made.length; i++) {
      made[i] = values[i];
    }
    return made;
  }
}
