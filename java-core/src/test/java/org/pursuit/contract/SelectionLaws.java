package org.pursuit.contract;

import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.constraints.IntRange;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.kernel.TopK;
import org.pursuit.support.BackendsUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Lab;
import org.pursuit.support.Same;
import org.pursuit.support.Slots;

/** Laws of selection that need no oracle. */
@PropertyDefaults(tries = 300)
class SelectionLaws {
  private static final String SEED = "20250917";

  @Property(seed = SEED)
  void theFirstKAreAPrefixOfTheFirstKPlusOne(
      @ForAll(supplier = Rows.class) float[] row, @ForAll @IntRange(max = 300) int k) {
    BackendsUnderTest.each(
        lab -> {
          Slots more = select(lab, row, TopK.of(k + 1));
          select(lab, row, TopK.of(k)).assertSame(more.prefix(k), "k = " + k);
        });
  }

  @Property(seed = SEED)
  void reluBeforeOrAfterTheSelectionLeavesTheSameNonZeros(
      @ForAll(supplier = Rows.class) float[] row, @ForAll @IntRange(max = 300) int k) {
    Dense rectified = Dense.ofRows(row).map(value -> Math.max(value, 0));
    TopK options = TopK.of(k).withRelu();
    BackendsUnderTest.each(
        lab -> {
          Slots before = select(lab, rectified.values(), options);
          select(lab, row, options).assertSame(before, "k = " + k);
        });
  }

  @Property(seed = SEED)
  void asManyAsThereAreKeepsAll(@ForAll(supplier = Rows.class) float[] row) {
    BackendsUnderTest.each(
        lab -> {
          Slots all = select(lab, row, TopK.of(row.length).byMagnitude());
          float[] rebuilt = new float[row.length];
          for (int slot = 0; slot < all.counts()[0]; slot++) {
            rebuilt[all.index(0, slot)] = all.value(0, slot);
          }
          Same.bits(rebuilt, row, "AbsTopK of all");
        });
  }

  @Property(seed = SEED)
  void reversingTheColumnsSelectsTheSameValues(
      @ForAll(supplier = Rows.class) float[] row, @ForAll @IntRange(max = 300) int k) {
    float[] reversed = new float[row.length];
    for (int i = 0; i < row.length; i++) {
      reversed[i] = row[row.length - 1 - i];
    }
    BackendsUnderTest.each(
        lab -> {
          Slots forward = select(lab, row, TopK.of(k));
          Same.numbers(select(lab, reversed, TopK.of(k)).values(), forward.values(), "k = " + k);
        });
  }

  @Property(seed = SEED)
  void negatingEverythingSelectsTheSameByMagnitude(
      @ForAll(supplier = Rows.class) float[] row, @ForAll @IntRange(max = 300) int k) {
    Dense negated = Dense.ofRows(row).map(value -> -value);
    TopK options = TopK.of(k).byMagnitude();
    BackendsUnderTest.each(
        lab -> {
          int[] indices = select(lab, row, options).indices();
          Same.ints(select(lab, negated.values(), options).indices(), indices, "k = " + k);
        });
  }

  @Property(seed = SEED)
  void appendingColumnsThatRankLastChangesNothing(
      @ForAll(supplier = Rows.class) float[] row, @ForAll @IntRange(max = 300) int k) {
    float[] longer = new float[row.length + 37];
    Arrays.fill(longer, Float.NEGATIVE_INFINITY);
    System.arraycopy(row, 0, longer, 0, row.length);
    TopK options = TopK.of(Math.min(k, row.length));
    BackendsUnderTest.each(
        lab -> select(lab, longer, options).assertSame(select(lab, row, options), "k = " + k));
  }

  private static Slots select(Lab lab, float[] row, TopK options) {
    FixedWidthCodes out = lab.codes(1, options.k());
    lab.selection().topK(lab.matrix(Dense.ofRows(row)), options, out);
    return Slots.of(out);
  }
}
