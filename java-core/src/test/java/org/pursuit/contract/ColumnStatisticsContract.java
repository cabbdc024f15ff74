package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Write;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Statistics of columns: counts and maxima exact, sums exact on small integers. */
class ColumnStatisticsContract {
  private static final Fired[] RULES = {
    Fired.selected(), Fired.nonZero(), Fired.above(0), Fired.above(1.5f), new Fired(-2, 1)
  };

  /** The layouts that a code may have. */
  private enum Layout {
    SELECTION,
    TAPE,
    CSR;

    Slots random(int rows, int k, int n, Random random) {
      return this == TAPE ? Slots.randomTape(rows, k, n, random) : Slots.random(rows, k, n, random);
    }

    void compute(Lab lab, Slots slots, int n, Fired fired, Write write, Outputs out) {
      switch (this) {
        case SELECTION ->
            lab.statistics()
                .columnStatistics(lab.codes(slots), fired, write, out.fires, out.maxima, out.sums);
        case TAPE ->
            lab.statistics()
                .columnStatistics(lab.tape(slots), fired, write, out.fires, out.maxima, out.sums);
        case CSR ->
            lab.statistics()
                .columnStatistics(
                    lab.csr(slots, n, 3), fired, write, out.fires, out.maxima, out.sums);
      }
    }
  }

  /** What a backend writes to. */
  private record Outputs(Longs fires, Floats maxima, Floats sums) {
    static Outputs dirty(Lab lab, int n) {
      long[] junk = new long[n];
      Arrays.fill(junk, -123);
      return new Outputs(lab.longs(junk), lab.floatsOutput(n), lab.floatsOutput(n));
    }
  }

  /** What is expected: plain loops over the entries. */
  private static final class Expected {
    final long[] fires;
    final float[] maxima;
    final Estimate sums;

    Expected(int n) {
      fires = new long[n];
      maxima = new float[n];
      Arrays.fill(maxima, Float.NEGATIVE_INFINITY);
      sums = new Estimate(n);
    }

    Expected add(Dense x, Fired fired) {
      for (int row = 0; row < x.rows(); row++) {
        for (int j = 0; j < x.columns(); j++) {
          add(j, x.at(row, j), fired);
        }
      }
      return this;
    }

    Expected add(Slots slots, Fired fired) {
      for (int row = 0; row < slots.rows(); row++) {
        for (int slot = 0; slot < slots.counts()[row]; slot++) {
          add(slots.index(row, slot), slots.value(row, slot), fired);
        }
      }
      return this;
    }

    void add(int j, float value, Fired fired) {
      boolean silent = fired.low() <= value && value <= fired.high();
      fires[j] += silent ? 0 : 1;
      maxima[j] = Math.max(maxima[j], value);
      sums.add(j, value);
    }

    void assertExactly(Outputs found, String description) {
      assertThat(found.fires.download()).as(description + ": fires").isEqualTo(fires);
      Same.numbers(found.maxima.download(), maxima, description + ": maxima");
      Same.numbers(found.sums.download(), sums.exactly(DType.F32), description + ": sums");
    }

    void assertWithinBounds(Outputs found, String description) {
      assertThat(found.fires.download()).as(description + ": fires").isEqualTo(fires);
      Same.numbers(found.maxima.download(), maxima, description + ": maxima");
      sums.assertMatches(found.sums.download(), DType.F32, description + ": sums");
    }
  }

  @EveryBackend
  void denseColumnsExactlyAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(230);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {0, 1, 7, 8, 33, 64, 65, 300}) {
        for (int n : new int[] {0, 1, 15, 16, 17, 127, 128, 130, 1030}) {
          Dense x = Inputs.integers(rows, n, 3, random);
          Fired fired = RULES[random.nextInt(RULES.length)];
          Outputs out = Outputs.dirty(lab, n);
          compute(lab, lab.matrix(x), fired, Write.OVERWRITE, out);
          new Expected(n).add(x, fired).assertExactly(out, "[" + rows + ", " + n + "], " + fired);
        }
      }
    }
  }

  @EveryBackend
  void denseColumnsOfEveryFormatAnywhere(BackendUnderTest backend) {
    Dense x = Inputs.normal(70, 133, Seed.random(231));
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType dtype : DType.values()) {
          for (Fired fired : RULES) {
            Outputs out = Outputs.dirty(lab, 133);
            compute(lab, lab.matrix(x, dtype, placement), fired, Write.OVERWRITE, out);
            new Expected(133)
                .add(x.stored(dtype), fired)
                .assertWithinBounds(out, placement + ", " + dtype + ", " + fired);
          }
        }
      }
    }
  }

  @EveryBackend
  void columnsOfCodesAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(232);
    try (Lab lab = backend.open()) {
      for (int rows : new int[] {0, 1, 5, 130}) {
        for (int k : new int[] {0, 1, 3, 32}) {
          for (int n : new int[] {1, 40, 300}) {
            for (Layout layout : Layout.values()) {
              Slots slots = layout.random(rows, k, n, random).withIntegerValues(2, random);
              Fired fired = RULES[random.nextInt(RULES.length)];
              Outputs out = Outputs.dirty(lab, n);
              layout.compute(lab, slots, n, fired, Write.OVERWRITE, out);
              new Expected(n)
                  .add(slots, fired)
                  .assertExactly(
                      out, layout + " [" + rows + ", " + k + "], n = " + n + ", " + fired);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void sumsOfCodesWithinTheRoundingBound(BackendUnderTest backend) {
    Random random = Seed.random(233);
    try (Lab lab = backend.open()) {
      for (Layout layout : Layout.values()) {
        Slots slots = layout.random(200, 20, 50, random);
        // Columns of very different sizes, each with values that nearly cancel.
        for (int i = 0; i < slots.values().length; i++) {
          int index = Math.max(slots.indices()[i], 0);
          slots.values()[i] *= (float) Math.pow(10, index % 60 - 35) * (i % 7 == 0 ? 1000 : 1);
        }
        Outputs out = Outputs.dirty(lab, 50);
        layout.compute(lab, slots, 50, Fired.nonZero(), Write.OVERWRITE, out);
        new Expected(50).add(slots, Fired.nonZero()).assertWithinBounds(out, layout.toString());
      }
    }
  }

  @EveryBackend
  void specialValues(BackendUnderTest backend) {
    float inf = Float.POSITIVE_INFINITY;
    float[][] columns = {
      {1, Float.NaN, 3},
      {Float.intBitsToFloat(0xffc00123), -inf, -1},
      {inf, 1, 2},
      {-inf, 1, 2},
      {inf, -inf, 2},
      {-0f, -0f, -0f},
      {-0f, 0, -1},
      {-inf, -inf, -inf},
      {Float.MIN_VALUE, -Float.MIN_VALUE, Float.MIN_VALUE},
      {Float.MAX_VALUE, -Float.MAX_VALUE, 1e-30f},
      {-1e-40f, -2e-40f, -1.2e-38f}
    };
    int n = columns.length;
    Dense x = Dense.zeros(3, n);
    Slots slots = Slots.empty(3, n);
    for (int row = 0; row < 3; row++) {
      for (int j = 0; j < n; j++) {
        x.values()[row * n + j] = columns[j][row];
        slots.add(row, j, columns[j][row]);
      }
    }
    try (Lab lab = backend.open()) {
      for (Fired fired : RULES) {
        Expected expected = new Expected(n).add(x, fired);
        Outputs out = Outputs.dirty(lab, n);
        compute(lab, lab.matrix(x), fired, Write.OVERWRITE, out);
        expected.assertWithinBounds(out, "dense, " + fired);
        assertThat(Float.floatToRawIntBits(out.maxima.download()[5])).as("a zero").isZero();
        for (Layout layout : Layout.values()) {
          Outputs ofCodes = Outputs.dirty(lab, n);
          layout.compute(lab, slots, n, fired, Write.OVERWRITE, ofCodes);
          expected.assertWithinBounds(ofCodes, layout + ", " + fired);
          assertThat(Float.floatToRawIntBits(ofCodes.maxima.download()[5])).as("a zero").isZero();
        }
      }
    }
  }

  @EveryBackend
  void batchesAreAsGoodAsOne(BackendUnderTest backend) {
    Random random = Seed.random(234);
    Dense x = Inputs.integers(100, 37, 3, random);
    Slots slots = Slots.random(100, 9, 37, random).withIntegerValues(3, random);
    Fired fired = Fired.above(1);
    try (Lab lab = backend.open()) {
      for (int split : new int[] {0, 1, 50, 100}) {
        Outputs dense = Outputs.dirty(lab, 37);
        compute(lab, lab.matrix(x.rows(0, split)), fired, Write.OVERWRITE, dense);
        compute(lab, lab.matrix(x.rows(split, 100)), fired, Write.ACCUMULATE, dense);
        new Expected(37).add(x, fired).assertExactly(dense, "dense, split at " + split);
        for (Layout layout : Layout.values()) {
          Outputs out = Outputs.dirty(lab, 37);
          layout.compute(lab, slots.rows(0, split), 37, fired, Write.OVERWRITE, out);
          layout.compute(lab, slots.rows(split, 100), 37, fired, Write.ACCUMULATE, out);
          new Expected(37).add(slots, fired).assertExactly(out, layout + ", split at " + split);
        }
      }
    }
  }

  @EveryBackend
  void onlyWhatIsWanted(BackendUnderTest backend) {
    Random random = Seed.random(235);
    Dense x = Inputs.integers(20, 10, 3, random);
    Slots slots = Slots.random(20, 4, 10, random).withIntegerValues(3, random);
    Fired fired = Fired.nonZero();
    try (Lab lab = backend.open()) {
      Outputs dense = Outputs.dirty(lab, 10);
      Outputs sparse = Outputs.dirty(lab, 10);
      Matrix matrix = lab.matrix(x);
      FixedWidthCodes codes = lab.codes(slots);
      var statistics = lab.statistics();
      Write write = Write.OVERWRITE;
      statistics.columnStatistics(matrix, fired, write, dense.fires, null, null);
      statistics.columnStatistics(matrix, fired, write, null, dense.maxima, null);
      statistics.columnStatistics(matrix, fired, write, null, null, dense.sums);
      statistics.columnStatistics(matrix, fired, write, null, null, null);
      new Expected(10).add(x, fired).assertExactly(dense, "dense");
      statistics.columnStatistics(codes, fired, write, sparse.fires, null, null);
      statistics.columnStatistics(codes, fired, write, null, sparse.maxima, null);
      statistics.columnStatistics(codes, fired, write, null, null, sparse.sums);
      new Expected(10).add(slots, fired).assertExactly(sparse, "codes");
    }
  }

  @EveryBackend
  void anIndexPastTheColumnsIsRefused(BackendUnderTest backend) {
    Slots slots = Slots.empty(3, 2);
    slots.add(0, 1, 1);
    slots.add(2, 5, 1);
    try (Lab lab = backend.open()) {
      Longs fires = lab.longs(new long[5]);
      FixedWidthCodes codes = lab.codes(slots);
      assertThatThrownBy(
              () -> {
                lab.statistics()
                    .columnStatistics(codes, Fired.selected(), Write.OVERWRITE, fires, null, null);
                lab.backend().synchronize();
              })
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndRunAfterRun(BackendUnderTest backend) {
    Random random = Seed.random(236);
    Dense x = Inputs.normal(1500, 131, random);
    Slots slots = Slots.random(1500, 12, 131, random);
    float[] first = null;
    for (int threads : new int[] {1, 2, 3, 1}) {
      try (Lab lab = backend.open(threads)) {
        Outputs dense = Outputs.dirty(lab, 131);
        compute(lab, lab.matrix(x), Fired.nonZero(), Write.OVERWRITE, dense);
        Outputs sparse = Outputs.dirty(lab, 131);
        Layout.CSR.compute(lab, slots, 131, Fired.nonZero(), Write.OVERWRITE, sparse);
        float[] found = Arrays.copyOf(dense.sums.download(), 262);
        System.arraycopy(sparse.sums.download(), 0, found, 131, 131);
        first = first == null ? found : first;
        Same.bits(found, first, threads + " threads");
      }
    }
  }

  private static void compute(Lab lab, Matrix x, Fired fired, Write write, Outputs out) {
    lab.statistics().columnStatistics(x, fired, write, out.fires, out.maxima, out.sums);
  }
}
