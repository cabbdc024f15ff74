package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.DoubleSupplier;
import org.pursuit.CapacityException;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Write;
import org.pursuit.support.ActiveRows;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.CsrEntries;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Gradients of decoded codes: exact on small integers, else within the rounding bound. */
class DecodeBackwardContract {
  private static final int ATOMS = 90;

  /** The layouts that a code may have. */
  enum Layout {
    SELECTION,
    TAPE,
    CSR;

    Slots random(int rows, int k, int n, Random random) {
      return this == TAPE ? Slots.randomTape(rows, k, n, random) : Slots.random(rows, k, n, random);
    }

    void backward(Lab lab, Slots slots, Matrix atoms, Matrix g, Write write, DecodeGradients out) {
      SparseAlgebra algebra = lab.sparseAlgebra();
      switch (this) {
        case SELECTION -> algebra.decodeBackward(lab.codes(slots), atoms, g, write, out);
        case TAPE -> algebra.decodeBackward(lab.tape(slots), atoms, g, write, out);
        case CSR -> algebra.decodeBackward(lab.csr(slots, atoms.rows(), 0), atoms, g, write, out);
      }
    }

    /** Numbers in the layout of slots, in this layout. */
    float[] arranged(Slots slots, float[] numbers) {
      Slots with = new Slots(slots.rows(), slots.k(), slots.indices(), numbers, slots.counts());
      return this == CSR ? CsrEntries.of(with).values() : numbers;
    }
  }

  @EveryBackend
  void exactAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(200);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {0, 7, 64, 259}) {
        Dense atoms = Inputs.integers(ATOMS, d, 3, random);
        Matrix uploaded = lab.matrix(atoms);
        for (int rows : new int[] {0, 1, 21}) {
          Dense g = Inputs.integers(rows, d, 3, random);
          for (int k : new int[] {0, 1, 9, 60}) {
            for (Layout layout : Layout.values()) {
              Slots slots = layout.random(rows, k, ATOMS, random).withIntegerValues(3, random);
              float[] dots = layout.arranged(slots, new float[rows * k]);
              Floats values = lab.floatsOutput(dots.length);
              Matrix dense = lab.output(ATOMS, d);
              RowSparseMatrix active = lab.rowSparse(ATOMS, d, ATOMS);
              Floats bias = lab.floatsOutput(d);
              DecodeGradients out = DecodeGradients.none().values(values).bias(bias);
              Matrix gradient = lab.matrix(g);
              String what = layout + " [" + rows + ", " + k + "], d = " + d;

              layout.backward(lab, slots, uploaded, gradient, Write.OVERWRITE, out.atoms(dense));
              float[] expected = Slopes.outer(slots, g, ATOMS, null).exactly(DType.F32);
              Same.numbers(dense.download(), expected, what + ": atoms");
              Same.numbers(
                  values.download(),
                  layout.arranged(slots, dots(slots, atoms, g).exactly(DType.F32)),
                  what + ": values");
              Same.numbers(
                  bias.download(), columnSums(g, null).exactly(DType.F32), what + ": bias");

              DecodeGradients rowSparse = DecodeGradients.none().activeAtoms(active);
              layout.backward(lab, slots, uploaded, gradient, Write.OVERWRITE, rowSparse);
              ActiveRows found = ActiveRows.of(active);
              Same.ints(found.ids(), Slopes.named(slots), what + ": active atoms");
              Same.numbers(found.dense(ATOMS).values(), expected, what + ": active atoms");
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void withinTheRoundingBoundInEveryFormat(BackendUnderTest backend) {
    Random random = Seed.random(201);
    Dense atoms = Inputs.normal(ATOMS, 101, random);
    Dense g = Inputs.normal(40, 101, random);
    try (Lab lab = backend.open()) {
      for (DType atomType : DType.values()) {
        for (DType gType : DType.values()) {
          for (DType outType : DType.values()) {
            Layout layout = List.of(Layout.values()).get(random.nextInt(3));
            Placement placement = List.of(Placement.values()).get(random.nextInt(3));
            Slots slots = layout.random(40, 11, ATOMS, random);
            Dense stored = g.stored(gType);
            Floats values = lab.floatsOutput(layout.arranged(slots, slots.values()).length);
            Matrix dense = lab.output(ATOMS, 101, outType);
            Floats bias = lab.floatsOutput(101);
            layout.backward(
                lab,
                slots,
                lab.matrix(atoms, atomType, placement),
                lab.matrix(g, gType, placement),
                Write.OVERWRITE,
                new DecodeGradients(values, dense, null, bias));
            String what = atomType + ", " + gType + " " + placement + " to " + outType;
            Slopes.outer(slots, stored, ATOMS, null)
                .assertMatches(dense.download(), outType, what + ": atoms");
            columnSums(stored, null).assertMatches(bias.download(), DType.F32, what + ": bias");
            if (layout != Layout.CSR) {
              dots(slots, atoms.stored(atomType), stored)
                  .assertMatches(values.download(), DType.F32, what + ": values");
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void everyGradientAccumulates(BackendUnderTest backend) {
    Random random = Seed.random(202);
    try (Lab lab = backend.open()) {
      for (Layout layout : Layout.values()) {
        for (DType dtype : DType.values()) {
          for (int d : new int[] {20, 150}) {
            Slots slots = layout.random(14, 8, ATOMS, random).withIntegerValues(1, random);
            Dense atoms = Inputs.integers(ATOMS, d, 2, random);
            Dense g = Inputs.integers(14, d, 2, random);
            Dense old = Inputs.integers(ATOMS, d, 20, random);
            float[] oldDots = layout.arranged(slots, Inputs.integers(14 * 8, 9, random));
            float[] oldBias = Inputs.integers(d, 9, random);
            Matrix dense = lab.output(ATOMS, d, dtype);
            dense.upload(old.values());
            Floats values = lab.floats(oldDots);
            Floats bias = lab.floats(oldBias);
            layout.backward(
                lab,
                slots,
                lab.matrix(atoms),
                lab.matrix(g, dtype),
                Write.ACCUMULATE,
                new DecodeGradients(values, dense, null, bias));
            String what = layout + " in " + dtype + ", d = " + d;
            Same.numbers(dense.download(), Slopes.outer(slots, g, ATOMS, old).exactly(dtype), what);
            Same.numbers(
                bias.download(), columnSums(g, oldBias).exactly(DType.F32), what + ": bias");
            float[] sums = layout.arranged(slots, dots(slots, atoms, g).exactly(DType.F32));
            for (int e = 0; e < sums.length; e++) {
              sums[e] += oldDots[e];
            }
            Same.numbers(values.download(), sums, what + ": values");
          }
        }
      }
    }
  }

  @EveryBackend
  void activeRowsAreTheUnionOfOldAndNewOnes(BackendUnderTest backend) {
    Random random = Seed.random(203);
    int d = 37;
    Dense atoms = Inputs.integers(ATOMS, d, 2, random);
    try (Lab lab = backend.open()) {
      RowSparseMatrix active = lab.rowSparse(ATOMS, d, ATOMS);
      Matrix uploaded = lab.matrix(atoms);
      Dense sum = null;
      TreeSet<Integer> ids = new TreeSet<>();
      for (int step = 0; step < 6; step++) {
        Slots slots = Slots.random(3 + step, 3, ATOMS, random).withIntegerValues(2, random);
        Dense g = Inputs.integers(slots.rows(), d, 2, random);
        lab.sparseAlgebra()
            .decodeBackward(
                lab.codes(slots),
                uploaded,
                lab.matrix(g),
                step == 0 ? Write.OVERWRITE : Write.ACCUMULATE,
                DecodeGradients.none().activeAtoms(active));
        float[] expected = Slopes.outer(slots, g, ATOMS, sum).exactly(DType.F32);
        sum = new Dense(ATOMS, d, expected);
        Arrays.stream(Slopes.named(slots)).forEach(ids::add);
        ActiveRows found = ActiveRows.of(active);
        int[] all = ids.stream().mapToInt(Integer::intValue).toArray();
        Same.ints(found.ids(), all, "after step " + step);
        Same.numbers(found.dense(ATOMS).values(), expected, "after step " + step);
      }
    }
  }

  @EveryBackend
  void moreActiveRowsThanFitLeaveNone(BackendUnderTest backend) {
    Random random = Seed.random(204);
    Slots slots = Slots.random(9, 5, ATOMS, random).withIntegerValues(3, random);
    Dense atoms = Inputs.integers(ATOMS, 11, 2, random);
    Dense g = Inputs.integers(9, 11, 2, random);
    int needed = Slopes.named(slots).length;
    for (Write write : Write.values()) {
      try (Lab lab = backend.open()) {
        RowSparseMatrix enough = lab.rowSparse(ATOMS, 11, needed);
        enough.count().upload(new int[1]);
        RowSparseMatrix small = lab.rowSparse(ATOMS, 11, needed - 1);
        small.count().upload(new int[1]);
        Floats values = lab.floats(new float[45]);
        Matrix uploaded = lab.matrix(atoms);
        Matrix gradient = lab.matrix(g);
        DecodeGradients out = DecodeGradients.none().values(values);
        lab.sparseAlgebra()
            .decodeBackward(lab.codes(slots), uploaded, gradient, write, out.activeAtoms(enough));
        lab.backend().synchronize();
        Same.ints(ActiveRows.of(enough).ids(), Slopes.named(slots), "as many as fit");
        values.upload(new float[45]);
        assertThatExceptionOfType(CapacityException.class)
            .isThrownBy(
                () -> {
                  lab.sparseAlgebra()
                      .decodeBackward(
                          lab.codes(slots), uploaded, gradient, write, out.activeAtoms(small));
                  lab.backend().synchronize();
                })
            .withMessage(
                "row-sparse matrix: expected room for "
                    + needed
                    + " active rows, found a smaller capacity; it is left without any")
            .satisfies(e -> assertThat(e.needed()).isEqualTo(needed));
        assertThat(small.count().download()).containsExactly(0);
        Same.numbers(
            values.download(), dots(slots, atoms, g).exactly(DType.F32), "the other gradient");
      }
    }
  }

  @EveryBackend
  void atomsOfManyRows(BackendUnderTest backend) {
    Random random = Seed.random(205);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {128, 129, 256, 257, 900}) {
        int d = 10;
        Slots slots = Slots.empty(rows, 3);
        for (int row = 0; row < rows; row++) {
          slots.add(row, 4, random.nextInt(7) - 3);
          if (row % 3 == 0) {
            slots.add(row, 1, random.nextInt(7) - 3);
          }
          slots.add(row, row % 2 == 0 ? 4 : 6, 1);
        }
        Dense g = Inputs.integers(rows, d, 3, random);
        Matrix atoms = lab.matrix(Dense.zeros(8, d));
        for (Write write : Write.values()) {
          Dense old = write == Write.ACCUMULATE ? Inputs.integers(8, d, 9, random) : null;
          Matrix dense = lab.output(8, d);
          dense.upload(old == null ? new float[8 * d] : old.values());
          RowSparseMatrix active = lab.rowSparse(8, d, 5);
          active.count().upload(new int[1]);
          DecodeGradients out = DecodeGradients.none();
          Matrix gradient = lab.matrix(g);
          lab.sparseAlgebra()
              .decodeBackward(lab.tape(slots), atoms, gradient, write, out.atoms(dense));
          Same.numbers(
              dense.download(),
              Slopes.outer(slots, g, 8, old).exactly(DType.F32),
              rows + " rows, " + write);
          lab.sparseAlgebra()
              .decodeBackward(lab.tape(slots), atoms, gradient, write, out.activeAtoms(active));
          Same.numbers(
              ActiveRows.of(active).dense(8).values(),
              Slopes.outer(slots, g, 8, null).exactly(DType.F32),
              rows + " rows, active, " + write);
        }
      }
    }
  }

  @EveryBackend
  void manyAtoms(BackendUnderTest backend) {
    Random random = Seed.random(206);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {0, 1, 255, 256, 257, 65_536, 65_537, 70_001}) {
        Slots slots = Slots.empty(50, 6);
        for (int row = 0; row < 50 && n > 0; row++) {
          for (int slot = 0; slot < random.nextInt(7); slot++) {
            int index =
                random.nextInt(3) == 0 ? n - 1 - random.nextInt(Math.min(3, n)) : random.nextInt(n);
            slots.add(row, index, random.nextInt(7) - 3);
          }
        }
        Dense g = Inputs.integers(50, 2, 3, random);
        Matrix dense = lab.output(n, 2);
        RowSparseMatrix active = lab.rowSparse(n, 2, 300);
        Matrix atoms = lab.matrix(Dense.zeros(n, 2));
        DecodeGradients out = DecodeGradients.none();
        lab.sparseAlgebra()
            .decodeBackward(
                lab.tape(slots), atoms, lab.matrix(g), Write.OVERWRITE, out.atoms(dense));
        float[] expected = Slopes.outer(slots, g, n, null).exactly(DType.F32);
        Same.numbers(dense.download(), expected, n + " atoms");
        lab.sparseAlgebra()
            .decodeBackward(
                lab.tape(slots), atoms, lab.matrix(g), Write.OVERWRITE, out.activeAtoms(active));
        Same.ints(ActiveRows.of(active).ids(), Slopes.named(slots), n + " atoms");
        Same.numbers(ActiveRows.of(active).dense(n).values(), expected, n + " atoms, active");
      }
    }
  }

  @EveryBackend
  void specialValuesFollowTheFormula(BackendUnderTest backend) {
    float[] special = {Float.NaN, 0, -0f, Float.POSITIVE_INFINITY, 2};
    Dense g = Inputs.integers(special.length, 19, 3, Seed.random(207));
    g.values()[19] = Float.NaN;
    g.values()[4 * 19 + 1] = Float.NEGATIVE_INFINITY;
    Slots slots = Slots.empty(special.length, 2);
    for (int row = 0; row < special.length; row++) {
      slots.add(row, row, special[row]);
      slots.add(row, 5, 1);
    }
    try (Lab lab = backend.open()) {
      for (Layout layout : Layout.values()) {
        Matrix dense = lab.output(7, 19);
        Floats bias = lab.floatsOutput(19);
        layout.backward(
            lab,
            slots,
            lab.matrix(Dense.zeros(7, 19)),
            lab.matrix(g),
            Write.OVERWRITE,
            DecodeGradients.none().atoms(dense).bias(bias));
        float[] expected = Slopes.outer(slots, g, 7, null).exactly(DType.F32);
        Same.numbers(dense.download(), expected, layout + " with " + Arrays.toString(special));
        assertThat(expected[19]).as("0 · NaN").isNaN();
        Same.numbers(bias.download(), columnSums(g, null).exactly(DType.F32), layout + ": bias");
      }
    }
  }

  /**
   * L = Σ (w·out + ½·out²) of a decoded tape in double; its derivatives by central differences,
   * which are exact for it but for rounding.
   */
  @EveryBackend
  void agreesWithCentralDifferences(BackendUnderTest backend) {
    Random random = Seed.random(208);
    int d = 6;
    Slots slots = Slots.randomTape(5, 4, 7, random);
    Dense w = Inputs.normal(5, d, random);
    double[] values = Slopes.doubles(slots.values());
    double[] atoms = Slopes.doubles(Inputs.normal(7, d, random).values());
    double[] bias = Slopes.doubles(Inputs.normal(d, random));
    DoubleSupplier loss = () -> loss(slots, values, atoms, bias, w);
    Dense g = w.map(v -> v);
    for (int i = 0; i < g.values().length; i++) {
      g.values()[i] += (float) decoded(slots, values, atoms, bias, i / d, i % d);
    }
    try (Lab lab = backend.open()) {
      Floats valueGradient = lab.floatsOutput(slots.values().length);
      Matrix atomGradient = lab.output(7, d);
      Floats biasGradient = lab.floatsOutput(d);
      float[] dictionary = Slopes.floats(atoms);
      lab.sparseAlgebra()
          .decodeBackward(
              lab.tape(slots),
              lab.matrix(new Dense(7, d, dictionary)),
              lab.matrix(g),
              Write.OVERWRITE,
              new DecodeGradients(valueGradient, atomGradient, null, biasGradient));
      float[] found = valueGradient.download();
      for (int row = 0; row < slots.rows(); row++) {
        for (int slot = row * 4 + slots.counts()[row]; slot < (row + 1) * 4; slot++) {
          assertThat(found[slot]).as("empty slot " + slot).isZero();
        }
      }
      Slopes.assertNear(found, values, loss, "value");
      Slopes.assertNear(atomGradient.download(), atoms, loss, "atom");
      Slopes.assertNear(biasGradient.download(), bias, loss, "bias");
    }
  }

  @EveryBackend
  void sameBitsInEveryRunAndForAnyNumberOfThreads(BackendUnderTest backend) {
    Random random = Seed.random(209);
    Dense atoms = Inputs.normal(ATOMS, 70, random);
    Dense g = Inputs.normal(160, 70, random);
    Slots slots = Slots.randomTape(160, 12, ATOMS, random);
    float[] first = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Lab lab = backend.open(threads)) {
        Floats values = lab.floatsOutput(160 * 12);
        Matrix dense = lab.output(ATOMS, 70);
        RowSparseMatrix active = lab.rowSparse(ATOMS, 70, ATOMS);
        Floats bias = lab.floatsOutput(70);
        Matrix uploaded = lab.matrix(atoms);
        Matrix gradient = lab.matrix(g);
        var tape = lab.tape(slots);
        for (int run = 0; run < 20; run++) {
          SparseAlgebra algebra = lab.sparseAlgebra();
          DecodeGradients out = new DecodeGradients(values, dense, null, bias);
          algebra.decodeBackward(tape, uploaded, gradient, Write.OVERWRITE, out);
          DecodeGradients rowSparse = DecodeGradients.none().activeAtoms(active);
          algebra.decodeBackward(tape, uploaded, gradient, Write.OVERWRITE, rowSparse);
          algebra.decodeBackward(tape, uploaded, gradient, Write.ACCUMULATE, rowSparse);
          float[] found =
              Slopes.joined(
                  values.download(),
                  dense.download(),
                  bias.download(),
                  ActiveRows.of(active).dense(ATOMS).values());
          first = first == null ? found : first;
          Same.bits(found, first, threads + " threads, run " + run);
        }
      }
    }
  }

  @EveryBackend
  void writingChangesTheVersion(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix dense = lab.output(3, 4);
      RowSparseMatrix active = lab.rowSparse(3, 4, 2);
      long before = dense.version();
      long activeBefore = active.elements().version();
      for (DecodeGradients out :
          new DecodeGradients[] {
            DecodeGradients.none().atoms(dense), DecodeGradients.none().activeAtoms(active)
          }) {
        lab.sparseAlgebra()
            .decodeBackward(
                lab.codes(Slots.empty(2, 1)),
                lab.matrix(Dense.zeros(3, 4)),
                lab.matrix(Dense.zeros(2, 4)),
                Write.OVERWRITE,
                out);
      }
      assertThat(dense.version()).isGreaterThan(before);
      assertThat(active.elements().version()).isGreaterThan(activeBefore);
      assertThat(active.count().download()).containsExactly(0);
    }
  }

  private static double decoded(
      Slots slots, double[] values, double[] atoms, double[] bias, int row, int i) {
    double sum = bias[i];
    for (int slot = 0; slot < slots.counts()[row]; slot++) {
      sum += values[row * slots.k() + slot] * atoms[slots.index(row, slot) * bias.length + i];
    }
    return sum;
  }

  private static double loss(Slots slots, double[] values, double[] atoms, double[] bias, Dense w) {
    double loss = 0;
    for (int row = 0; row < slots.rows(); row++) {
      for (int i = 0; i < bias.length; i++) {
        double out = decoded(slots, values, atoms, bias, row, i);
        loss += w.at(row, i) * out + 0.5 * out * out;
      }
    }
    return loss;
  }

  private static Estimate dots(Slots slots, Dense atoms, Dense g) {
    Estimate sums = new Estimate(slots.rows() * slots.k());
    for (int row = 0; row < slots.rows(); row++) {
      for (int slot = 0; slot < slots.counts()[row]; slot++) {
        for (int i = 0; i < g.columns(); i++) {
          sums.add(
              row * slots.k() + slot, (double) g.at(row, i) * atoms.at(slots.index(row, slot), i));
        }
      }
    }
    return sums;
  }

  private static Estimate columnSums(Dense g, float[] old) {
    Estimate sums = new Estimate(g.columns());
    for (int i = 0; i < g.columns(); i++) {
      sums.add(i, old == null ? 0 : old[i]);
      for (int row = 0; row < g.rows(); row++) {
        sums.add(i, g.at(row, i));
      }
    }
    return sums;
  }
}
