package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.pursuit.CapacityException;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.CsrEntries;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** The algebra of codes: the same indices and, summed in double, the same bits everywhere. */
class CodesAlgebraContract {
  private static final int[] ROWS = {0, 1, 9, 70};
  private static final int[][] KS = {{0, 0}, {0, 3}, {1, 1}, {5, 2}, {40, 33}, {200, 150}};
  private static final int N = 260;

  @EveryBackend
  void unionsAndIntersections(BackendUnderTest backend) {
    Random random = Seed.random(240);
    try (Lab lab = backend.open()) {
      for (int rows : ROWS) {
        for (int[] ks : KS) {
          for (boolean tapes : new boolean[] {false, true}) {
            Slots a = slots(tapes, rows, ks[0], random);
            Slots b = slots(!tapes, rows, ks[1], random);
            SlottedCodes left = tapes ? lab.tape(a) : lab.codes(a);
            SlottedCodes right = tapes ? lab.codes(b) : lab.tape(b);
            int spare = random.nextInt(3);
            String what = "[" + rows + ", " + ks[0] + "] and " + ks[1] + (tapes ? ", tape" : "");

            FixedWidthCodes union = lab.codes(rows, ks[0] + ks[1] + spare);
            lab.sparseAlgebra().axpby(0.3f, left, -1.7f, right, union);
            Slots.of(union)
                .assertSame(merged(0.3f, a, -1.7f, b, false, union.k()), "union of " + what);

            FixedWidthCodes both = lab.codes(rows, Math.min(ks[0], ks[1]) + spare);
            lab.sparseAlgebra().intersect(left, right, both);
            Slots.of(both)
                .assertSame(merged(1, a, 0, b, true, both.k()), "intersection of " + what);
            Slots.of(left).assertSame(a, what + ": the codes themselves");
          }
        }
      }
    }
  }

  @EveryBackend
  void unionDecodesToTheSumOfTheDecoded(BackendUnderTest backend) {
    Random random = Seed.random(241);
    Slots a = Slots.random(12, 9, N, random).withIntegerValues(3, random);
    Slots b = Slots.random(12, 7, N, random).withIntegerValues(3, random);
    try (Lab lab = backend.open()) {
      SparseAlgebra algebra = lab.sparseAlgebra();
      Matrix atoms = lab.matrix(Inputs.integers(N, 20, 3, random));
      FixedWidthCodes union = lab.codes(12, 16);
      algebra.axpby(2, lab.codes(a), -3, lab.codes(b), union);
      Matrix out = lab.output(12, 20);
      algebra.decode(union, atoms, null, out);
      Matrix ofA = lab.output(12, 20);
      algebra.decode(lab.codes(a), atoms, null, ofA);
      Matrix ofB = lab.output(12, 20);
      algebra.decode(lab.codes(b), atoms, null, ofB);
      lab.training().axpby(2, ofA, -3, ofB);
      Same.numbers(out.download(), ofB.download(), "2·a − 3·b");
    }
  }

  @EveryBackend
  void specialValuesFollowTheFormula(BackendUnderTest backend) {
    Slots a = Slots.empty(3, 3);
    a.add(0, 5, Float.NaN);
    a.add(0, 2, Float.POSITIVE_INFINITY);
    a.add(0, 7, -0f);
    a.add(1, 4, 1.5f);
    Slots b = Slots.empty(3, 2);
    b.add(0, 2, Float.POSITIVE_INFINITY);
    b.add(1, 4, 1.5f);
    b.add(2, Integer.MAX_VALUE, 3);
    try (Lab lab = backend.open()) {
      for (float beta : new float[] {-1, 0, Float.NaN}) {
        FixedWidthCodes out = lab.codes(3, 5);
        lab.sparseAlgebra().axpby(1, lab.codes(a), beta, lab.codes(b), out);
        Slots.of(out).assertSame(merged(1, a, beta, b, false, 5), "β = " + beta);
      }
      FixedWidthCodes same = lab.codes(3, 6);
      FixedWidthCodes one = lab.codes(a);
      lab.sparseAlgebra().axpby(1, one, 1, one, same);
      Slots.of(same).assertSame(merged(1, a, 1, a, false, 6), "a + a");
    }
  }

  @EveryBackend
  void concatenatesRows(BackendUnderTest backend) {
    Random random = Seed.random(242);
    try (Lab lab = backend.open()) {
      for (int[] ks : KS) {
        for (int rows : ROWS) {
          Slots a = slots(false, rows, ks[0], random);
          Slots b = slots(true, 5, ks[1], random);
          int k = Math.max(ks[0], ks[1]) + random.nextInt(2);
          FixedWidthCodes out = lab.codes(rows + 5, k);
          lab.sparseAlgebra().concat(lab.codes(a), lab.tape(b), out);
          Slots expected = Slots.empty(rows + 5, k);
          copy(a, expected, 0, k);
          copy(b, expected, rows, k);
          Slots.of(out).assertSame(expected, rows + " rows of " + ks[0] + " and 5 of " + ks[1]);
        }
      }
    }
  }

  @EveryBackend
  void compressesAndBack(BackendUnderTest backend) {
    Random random = Seed.random(243);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {0, 1, 9, 70, 300}) {
        for (int k : new int[] {0, 1, 6, 300}) {
          if (rows * k > 30_000) {
            continue;
          }
          for (boolean tape : new boolean[] {false, true}) {
            Slots slots = slots(tape, rows, k, random);
            Slots once = merged(1, slots, 0, Slots.empty(rows, 0), false, k);
            CsrEntries entries = CsrEntries.of(once);
            int total = entries.columns().length;
            CsrCodes csr = dirty(lab, rows, N, total + random.nextInt(2));
            lab.sparseAlgebra().toCsr(tape ? lab.tape(slots) : lab.codes(slots), csr);
            String what = "[" + rows + ", " + k + "]" + (tape ? " tape" : "");
            assertEntries(csr, entries, what);

            for (int kept : new int[] {0, 1, Math.max(1, k - 1), k + 2}) {
              FixedWidthCodes back = lab.codes(rows, kept);
              Ints totals = lab.ints(new int[rows]);
              lab.sparseAlgebra().toFixedWidth(csr, back, totals);
              Slots expected = Slots.empty(rows, kept);
              copy(once, expected, 0, kept);
              Slots.of(back).assertSame(expected, what + ", " + kept + " kept");
              Same.ints(totals.download(), once.counts(), what + ": totals");
            }
            FixedWidthCodes whole = lab.codes(rows, k);
            lab.sparseAlgebra().toFixedWidth(csr, whole, null);
            Slots.of(whole).assertSame(once, what + ", without totals");
          }
        }
      }
    }
  }

  @EveryBackend
  void transposes(BackendUnderTest backend) {
    Random random = Seed.random(244);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {0, 1, 9, 300}) {
        for (int n : new int[] {1, 40, 256, 300, 70_000}) {
          Slots slots = Slots.random(rows, 7, n, random);
          CsrEntries entries = CsrEntries.of(slots);
          int total = entries.columns().length;
          CsrCodes csr = lab.csr(slots, n, random.nextInt(3));
          CsrCodes turned = dirty(lab, n, rows, total + random.nextInt(2));
          lab.sparseAlgebra().transpose(csr, turned);
          assertEntries(turned, transposed(entries, rows, n), rows + " rows of " + n);
          CsrCodes again = dirty(lab, rows, n, total);
          lab.sparseAlgebra().transpose(turned, again);
          assertEntries(again, entries, rows + " rows of " + n + ", twice");
        }
      }
      CsrCodes nothing = dirty(lab, 0, 4, 0);
      lab.sparseAlgebra().transpose(lab.csr(Slots.empty(4, 1), 0, 0), nothing);
      assertThat(nothing.offsets().download()).containsExactly(0);
    }
  }

  @EveryBackend
  void whatDoesNotFitIsLeftEmpty(BackendUnderTest backend) {
    Random random = Seed.random(245);
    Slots slots = Slots.random(30, 8, N, random);
    int total = Arrays.stream(slots.counts()).sum();
    try (Lab lab = backend.open()) {
      CsrCodes small = dirty(lab, 30, N, total - 1);
      exceeds(lab, total, () -> lab.sparseAlgebra().toCsr(lab.codes(slots), small));
      assertThat(small.offsets().download()).containsOnly(0);
      CsrCodes turned = dirty(lab, N, 30, total - 1);
      exceeds(lab, total, () -> lab.sparseAlgebra().transpose(lab.csr(slots, N, 0), turned));
      assertThat(turned.offsets().download()).containsOnly(0);
      Matrix out = lab.output(30, 3);
      lab.sparseAlgebra().decode(small, lab.matrix(Dense.zeros(N, 3)), null, out);
      Same.numbers(out.download(), new float[90], "decoded");
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreads(BackendUnderTest backend) {
    Random random = Seed.random(246);
    Slots a = Slots.randomTape(300, 20, N, random);
    Slots b = Slots.randomTape(300, 30, N, random);
    float[] first = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Lab lab = backend.open(threads)) {
        FixedWidthCodes union = lab.codes(300, 50);
        CsrCodes csr = dirty(lab, 300, N, 15_000);
        CsrCodes turned = dirty(lab, N, 300, 15_000);
        for (int run = 0; run < 3; run++) {
          lab.sparseAlgebra().axpby(0.1f, lab.tape(a), 0.7f, lab.tape(b), union);
          lab.sparseAlgebra().toCsr(union, csr);
          lab.sparseAlgebra().transpose(csr, turned);
          int total = (int) turned.nnz();
          float[] found = Arrays.copyOf(turned.values().download(), total);
          first = first == null ? found : first;
          Same.bits(found, first, threads + " threads");
        }
      }
    }
  }

  private static void exceeds(Lab lab, int needed, ThrowingCallable call) {
    assertThatExceptionOfType(CapacityException.class)
        .isThrownBy(
            () -> {
              call.call();
              lab.backend().synchronize();
            })
        .satisfies(e -> assertThat(e.needed()).isEqualTo(needed));
  }

  private static Slots slots(boolean tape, int rows, int k, Random random) {
    return tape ? Slots.randomTape(rows, k, N, random) : Slots.random(rows, k, N, random);
  }

  /** Row-compressed codes to be written to, full of junk. */
  private static CsrCodes dirty(Lab lab, int rows, int columns, int capacity) {
    CsrCodes made = lab.keep(lab.backend().csrCodes(rows, columns, capacity));
    long[] offsets = new long[rows + 1];
    Arrays.fill(offsets, -7);
    made.offsets().upload(offsets);
    return made;
  }

  /** {@code α·a + β·b} by index, or what a has at the indices of both, in double. */
  private static Slots merged(float alpha, Slots a, float beta, Slots b, boolean both, int k) {
    Slots made = Slots.empty(a.rows(), k);
    for (int row = 0; row < a.rows(); row++) {
      Map<Integer, Double> ofA = sums(alpha, a, row);
      Map<Integer, Double> ofB = sums(beta, b, row);
      Map<Integer, Double> all = new TreeMap<>(ofA);
      if (both) {
        all.keySet().retainAll(ofB.keySet());
      } else {
        // Entry after entry, a's before b's.
        for (int slot = 0; slot < b.counts()[row]; slot++) {
          all.merge(b.index(row, slot), 0.0 + (double) beta * b.value(row, slot), Double::sum);
        }
      }
      for (var entry : all.entrySet()) {
        made.add(row, entry.getKey(), entry.getValue().floatValue());
      }
    }
    return made;
  }

  private static Map<Integer, Double> sums(float factor, Slots slots, int row) {
    Map<Integer, Double> sums = new TreeMap<>();
    for (int slot = 0; slot < slots.counts()[row]; slot++) {
      sums.merge(
          slots.index(row, slot), 0.0 + (double) factor * slots.value(row, slot), Double::sum);
    }
    return sums;
  }

  /** Copies the first k entries of each row. */
  private static void copy(Slots from, Slots to, int toRow, int k) {
    for (int row = 0; row < from.rows(); row++) {
      for (int slot = 0; slot < Math.min(k, from.counts()[row]); slot++) {
        to.add(toRow + row, from.index(row, slot), from.value(row, slot));
      }
    }
  }

  private static CsrEntries transposed(CsrEntries entries, int rows, int n) {
    int total = entries.columns().length;
    CsrEntries made = new CsrEntries(new long[n + 1], new int[total], new float[total]);
    for (int column : entries.columns()) {
      made.offsets()[column + 1]++;
    }
    for (int column = 0; column < n; column++) {
      made.offsets()[column + 1] += made.offsets()[column];
    }
    long[] next = made.offsets().clone();
    for (int row = 0; row < rows; row++) {
      for (int e = (int) entries.offsets()[row]; e < entries.offsets()[row + 1]; e++) {
        int at = (int) next[entries.columns()[e]]++;
        made.columns()[at] = row;
        made.values()[at] = entries.values()[e];
      }
    }
    return made;
  }

  private static void assertEntries(CsrCodes found, CsrEntries expected, String description) {
    assertThat(found.offsets().download()).as(description).containsExactly(expected.offsets());
    int total = expected.columns().length;
    Same.ints(Arrays.copyOf(found.columns().download(), total), expected.columns(), description);
    Same.bits(Arrays.copyOf(found.values().download(), total), expected.values(), description);
  }
}
