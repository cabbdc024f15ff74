package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.TreeMap;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Write;
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

/** Products of sparse codes: exact on small integers, else within the rounding bound. */
class SparseAlgebraContract {
  private static final int[] ROWS = {0, 1, 5, 33};
  private static final int[] KS = {0, 1, 2, 3, 4, 5, 32, 100};
  private static final int[] WIDTHS = {0, 1, 7, 8, 9, 63, 257, 768};
  private static final int ATOMS = 211;

  /** The layouts that a code may have. */
  private enum Layout {
    SELECTION,
    TAPE,
    CSR;

    Slots random(int rows, int k, int n, Random random) {
      return this == TAPE ? Slots.randomTape(rows, k, n, random) : Slots.random(rows, k, n, random);
    }

    void decode(Lab lab, Slots slots, Matrix atoms, Floats bias, Write write, Matrix out) {
      SparseAlgebra algebra = lab.sparseAlgebra();
      switch (this) {
        case SELECTION -> algebra.decode(lab.codes(slots), atoms, bias, write, out);
        case TAPE -> algebra.decode(lab.tape(slots), atoms, bias, write, out);
        case CSR -> algebra.decode(lab.csr(slots, atoms.rows(), 3), atoms, bias, write, out);
      }
    }
  }

  @EveryBackend
  void decodesExactlyAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(20);
    try (Lab lab = backend.open()) {
      for (int d : WIDTHS) {
        Dense atoms = Inputs.integers(ATOMS, d, 4, random);
        Matrix uploaded = lab.matrix(atoms);
        float[] bias = Inputs.integers(d, 50, random);
        for (int rows : ROWS) {
          for (int k : KS) {
            for (Layout layout : Layout.values()) {
              Slots slots = layout.random(rows, k, ATOMS, random).withIntegerValues(9, random);
              Matrix out = lab.output(rows, d);
              layout.decode(lab, slots, uploaded, lab.floats(bias), Write.OVERWRITE, out);
              Same.numbers(
                  out.download(),
                  decoded(slots, atoms, bias, null).exactly(DType.F32),
                  layout + " [" + rows + ", " + k + "], d = " + d);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void decodesWithinTheRoundingBound(BackendUnderTest backend) {
    Random random = Seed.random(21);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {9, 768}) {
        Dense atoms = Inputs.normal(ATOMS, d, random);
        float[] bias = Inputs.normal(d, random);
        for (Layout layout : Layout.values()) {
          for (DType atomType : DType.values()) {
            for (DType outType : DType.values()) {
              Slots slots = layout.random(17, 40, ATOMS, random);
              Matrix out = lab.output(17, d, outType);
              layout.decode(
                  lab, slots, lab.matrix(atoms, atomType), lab.floats(bias), Write.OVERWRITE, out);
              decoded(slots, atoms.stored(atomType), bias, null)
                  .assertMatches(
                      out.download(), outType, layout + ", atoms " + atomType + " to " + outType);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void accumulatesInEveryFormat(BackendUnderTest backend) {
    Random random = Seed.random(22);
    try (Lab lab = backend.open()) {
      for (DType dtype : DType.values()) {
        for (Layout layout : Layout.values()) {
          for (float[] bias : new float[][] {null, Inputs.integers(65, 5, random)}) {
            Dense atoms = Inputs.integers(ATOMS, 65, 1, random);
            Dense old = Inputs.integers(12, 65, 20, random);
            Slots slots = layout.random(12, 15, ATOMS, random).withIntegerValues(2, random);
            Matrix out = lab.output(12, 65, dtype);
            out.upload(old.values());
            layout.decode(
                lab, slots, lab.matrix(atoms, dtype), lab.floats(bias), Write.ACCUMULATE, out);
            Same.numbers(
                out.download(),
                decoded(slots, atoms, bias, old).exactly(dtype),
                layout + " accumulated in " + dtype + (bias == null ? "" : " with a bias"));
          }
        }
      }
    }
  }

  @EveryBackend
  void atomsAnywhere(BackendUnderTest backend) {
    Random random = Seed.random(23);
    Dense atoms = Inputs.integers(ATOMS, 100, 4, random);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType dtype : DType.values()) {
          Matrix placed = lab.matrix(atoms, dtype, placement);
          for (Layout layout : Layout.values()) {
            Slots slots = layout.random(9, 20, ATOMS, random).withIntegerValues(9, random);
            Matrix out = lab.output(9, 100);
            layout.decode(lab, slots, placed, null, Write.OVERWRITE, out);
            Same.numbers(
                out.download(),
                decoded(slots, atoms, null, null).exactly(DType.F32),
                layout + ", " + dtype + " atoms " + placement);
          }
        }
      }
    }
  }

  @EveryBackend
  void specialValuesFollowTheFormula(BackendUnderTest backend) {
    float[] special = {Float.NaN, 0, -0f, Float.POSITIVE_INFINITY, 2};
    Dense atoms = Inputs.integers(4, 19, 3, Seed.random(24));
    atoms.values()[2 * 19] = Float.NaN;
    atoms.values()[3 * 19 + 1] = Float.NEGATIVE_INFINITY;
    Slots slots = Slots.empty(special.length * 4, 2);
    for (int row = 0; row < slots.rows(); row++) {
      slots.add(row, row % 4, special[row / 4]);
      slots.add(row, 0, 1);
    }
    try (Lab lab = backend.open()) {
      for (Layout layout : new Layout[] {Layout.SELECTION, Layout.TAPE}) {
        Matrix out = lab.output(slots.rows(), 19);
        layout.decode(lab, slots, lab.matrix(atoms), null, Write.OVERWRITE, out);
        Same.numbers(
            out.download(),
            decoded(slots, atoms, null, null).exactly(DType.F32),
            layout + " with values " + Arrays.toString(special));
      }
    }
  }

  @EveryBackend
  void emptyRowsHoldTheBiasAlone(BackendUnderTest backend) {
    float[] bias = Inputs.normal(33, Seed.random(25));
    try (Lab lab = backend.open()) {
      for (Layout layout : Layout.values()) {
        Matrix out = lab.output(3, 33);
        layout.decode(
            lab,
            Slots.empty(3, 8),
            lab.matrix(Dense.zeros(0, 33)),
            lab.floats(bias),
            Write.OVERWRITE,
            out);
        Same.numbers(out.download(), Dense.ofRows(bias, bias, bias).values(), layout.toString());
      }
    }
  }

  @EveryBackend
  void sampledDotsExactly(BackendUnderTest backend) {
    Random random = Seed.random(26);
    try (Lab lab = backend.open()) {
      for (int d : WIDTHS) {
        Dense atoms = Inputs.integers(ATOMS, d, 4, random);
        for (int rows : ROWS) {
          for (int k : KS) {
            Dense g = Inputs.integers(rows, d, 4, random);
            Slots slots = Slots.random(rows, k, ATOMS, random);
            FixedWidthCodes codes = lab.codes(slots);
            Floats out = lab.floatsOutput((long) rows * k);
            lab.sparseAlgebra().sampledDot(lab.matrix(g), lab.matrix(atoms), codes, out);
            String description = "[" + rows + ", " + k + "], d = " + d;
            float[] expected = dots(g, atoms, slots).exactly(DType.F32);
            Same.numbers(out.download(), expected, description);
            Slots.of(codes).assertSame(slots, description + ": the codes themselves");

            CsrCodes csr = lab.csr(slots, ATOMS, 2);
            Floats csrOut = lab.floatsOutput(csr.capacity());
            lab.sparseAlgebra().sampledDot(lab.matrix(g), lab.matrix(atoms), csr, csrOut);
            assertCsrDots(csrOut, slots, expected, description + ", CSR");
          }
        }
      }
    }
  }

  @EveryBackend
  void sampledDotsWithinTheRoundingBound(BackendUnderTest backend) {
    Random random = Seed.random(27);
    Dense atoms = Inputs.normal(ATOMS, 300, random);
    Dense g = Inputs.normal(11, 300, random);
    Slots slots = Slots.randomTape(11, 37, ATOMS, random);
    try (Lab lab = backend.open()) {
      for (DType atomType : DType.values()) {
        for (DType gType : DType.values()) {
          for (Placement placement : Placement.values()) {
            Floats out = lab.floatsOutput(11 * 37);
            lab.sparseAlgebra()
                .sampledDot(
                    lab.matrix(g, gType, placement),
                    lab.matrix(atoms, atomType, placement),
                    lab.tape(slots),
                    out);
            dots(g.stored(gType), atoms.stored(atomType), slots)
                .assertMatches(
                    out.download(), DType.F32, gType + " · " + atomType + " " + placement);
          }
        }
      }
    }
  }

  @EveryBackend
  void sampledDotMayReplaceTheValues(BackendUnderTest backend) {
    Random random = Seed.random(28);
    Dense atoms = Inputs.integers(ATOMS, 40, 4, random);
    Dense g = Inputs.integers(21, 40, 4, random);
    Slots slots = Slots.random(21, 13, ATOMS, random);
    float[] expected = dots(g, atoms, slots).exactly(DType.F32);
    try (Lab lab = backend.open()) {
      FixedWidthCodes codes = lab.codes(slots);
      lab.sparseAlgebra().sampledDot(lab.matrix(g), lab.matrix(atoms), codes, codes.values());
      Same.numbers(codes.values().download(), expected, "fixed width");
      Slots.of(codes).assertWellFormed("fixed width");

      CsrCodes csr = lab.csr(slots, ATOMS, 0);
      lab.sparseAlgebra().sampledDot(lab.matrix(g), lab.matrix(atoms), csr, csr.values());
      assertCsrDots(csr.values(), slots, expected, "CSR");
    }
  }

  @EveryBackend
  void coalescesExactly(BackendUnderTest backend) {
    Random random = Seed.random(29);
    try (Lab lab = backend.open()) {
      for (int rows : ROWS) {
        for (int k : KS) {
          for (Layout layout : new Layout[] {Layout.SELECTION, Layout.TAPE}) {
            Slots slots = layout.random(rows, k, ATOMS, random).withIntegerValues(2, random);
            FixedWidthCodes out = lab.codes(rows, k);
            lab.sparseAlgebra()
                .coalesce(layout == Layout.TAPE ? lab.tape(slots) : lab.codes(slots), out);
            String description = layout + " [" + rows + ", " + k + "]";
            Slots found = Slots.of(out);
            found.assertWellFormed(description);
            Slots expected = coalesced(slots);
            Same.ints(found.counts(), expected.counts(), description);
            Same.ints(found.indices(), expected.indices(), description);
            Same.numbers(found.values(), expected.values(), description);
          }
        }
      }
    }
  }

  @EveryBackend
  void coalescedSumOfZeroStays(BackendUnderTest backend) {
    Slots slots = Slots.empty(1, 5);
    slots.add(0, 9, 1.5f);
    slots.add(0, 4, 2);
    slots.add(0, 9, -1.5f);
    Slots expected = Slots.empty(1, 5);
    expected.add(0, 4, 2);
    expected.add(0, 9, 0);
    try (Lab lab = backend.open()) {
      FixedWidthCodes out = lab.codes(1, 5);
      lab.sparseAlgebra().coalesce(lab.tape(slots), out);
      Slots.of(out).assertSame(expected, "1.5 − 1.5");
    }
  }

  @EveryBackend
  void coalescedTapeDecodesToTheSame(BackendUnderTest backend) {
    Random random = Seed.random(30);
    Dense atoms = Inputs.normal(ATOMS, 70, random);
    Slots slots = Slots.randomTape(14, 30, ATOMS, random);
    try (Lab lab = backend.open()) {
      FixedWidthCodes merged = lab.codes(14, 30);
      lab.sparseAlgebra().coalesce(lab.tape(slots), merged);
      Matrix out = lab.output(14, 70);
      lab.sparseAlgebra().decode(merged, lab.matrix(atoms), null, out);
      decoded(slots, atoms, null, null).assertMatches(out.download(), DType.F32, "merged");
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndRunAfterRun(BackendUnderTest backend) {
    Random random = Seed.random(31);
    Dense atoms = Inputs.normal(ATOMS, 131, random);
    Dense g = Inputs.normal(61, 131, random);
    Slots slots = Slots.random(61, 32, ATOMS, random);
    float[] first = null;
    for (int threads : new int[] {1, 2, 3, 1}) {
      try (Lab lab = backend.open(threads)) {
        Matrix out = lab.output(61, 131);
        lab.sparseAlgebra().decode(lab.codes(slots), lab.matrix(atoms), null, out);
        FixedWidthCodes codes = lab.codes(slots);
        lab.sparseAlgebra().sampledDot(lab.matrix(g), lab.matrix(atoms), codes, codes.values());
        float[] found = concatenated(out.download(), codes.values().download());
        first = first == null ? found : first;
        Same.bits(found, first, threads + " threads");
      }
    }
  }

  @EveryBackend
  void writingAViewChangesTheVersionOfTheWhole(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix whole = lab.matrix(Dense.zeros(4, 6));
      long before = whole.version();
      lab.sparseAlgebra()
          .decode(
              lab.codes(Slots.empty(2, 1)), lab.matrix(Dense.zeros(1, 6)), null, whole.rows(1, 3));
      assertThat(whole.version()).isGreaterThan(before);
    }
  }

  /** Σ value·atom + bias + old, in double. */
  private static Estimate decoded(Slots slots, Dense atoms, float[] bias, Dense old) {
    int d = atoms.columns();
    Estimate sums = new Estimate(slots.rows() * d);
    for (int row = 0; row < slots.rows(); row++) {
      for (int i = 0; i < d; i++) {
        int at = row * d + i;
        sums.add(at, bias == null ? 0 : bias[i]);
        sums.add(at, old == null ? 0 : old.values()[at]);
        for (int slot = 0; slot < slots.counts()[row]; slot++) {
          sums.add(at, (double) slots.value(row, slot) * atoms.at(slots.index(row, slot), i));
        }
      }
    }
    return sums;
  }

  /** ⟨g, atom⟩ of every slot, in double. */
  private static Estimate dots(Dense g, Dense atoms, Slots slots) {
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

  /** Dots in the layout of slots against those of the same entries in the layout of CSR. */
  private static void assertCsrDots(Floats found, Slots slots, float[] dots, String description) {
    Slots withDots = new Slots(slots.rows(), slots.k(), slots.indices(), dots, slots.counts());
    float[] expected = CsrEntries.of(withDots).values();
    Same.numbers(Arrays.copyOf(found.download(), expected.length), expected, description);
  }

  private static Slots coalesced(Slots slots) {
    Slots merged = Slots.empty(slots.rows(), slots.k());
    for (int row = 0; row < slots.rows(); row++) {
      TreeMap<Integer, Float> sums = new TreeMap<>();
      for (int slot = 0; slot < slots.counts()[row]; slot++) {
        sums.merge(slots.index(row, slot), slots.value(row, slot), Float::sum);
      }
      for (var sum : sums.entrySet()) {
        merged.add(row, sum.getKey(), sum.getValue());
      }
    }
    return merged;
  }

  private static float[] concatenated(float[] a, float[] b) {
    float[] both = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, both, a.length, b.length);
    return both;
  }
}
