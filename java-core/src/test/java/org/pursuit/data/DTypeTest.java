package org.pursuit.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.pursuit.support.Rounding;
import org.pursuit.support.RowKind;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

class DTypeTest {
  private static final int PATTERNS = 1 << 16;

  @Test
  void widensEveryPattern() {
    short[] patterns = allPatterns();
    for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
      float[] found = new float[PATTERNS + 3];
      dtype.widen(patterns, 1, found, 3, PATTERNS - 1);
      for (int i = 1; i < PATTERNS; i++) {
        float expected = Rounding.widened(patterns[i], dtype);
        assertThat(Float.compare(found[i + 2], expected)).as(dtype + " pattern " + i).isZero();
      }
    }
  }

  @Test
  void narrowsWhatItWidened() {
    short[] patterns = allPatterns();
    for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
      float[] widened = new float[PATTERNS];
      dtype.widen(patterns, 0, widened, 0, PATTERNS);
      short[] found = new short[PATTERNS];
      dtype.narrow(widened, 0, found, 0, PATTERNS);
      for (int i = 0; i < PATTERNS; i++) {
        if (Float.isNaN(widened[i])) {
          assertThat(Rounding.widened(found[i], dtype)).as("NaN " + i).isNaN();
        } else {
          assertThat(found[i]).as(dtype + " pattern " + i).isEqualTo(patterns[i]);
        }
      }
    }
  }

  /** Halfway between neighbours, and one float to either side of it. */
  @Test
  void roundsToNearestEven() {
    for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
      short largest = (short) (dtype == DType.BF16 ? 0x7f7f : 0x7bff);
      for (short below = 0; below < largest; below++) {
        float low = Rounding.widened(below, dtype);
        float high = Rounding.widened((short) (below + 1), dtype);
        float half = (float) ((low + (double) high) / 2);
        short even = (short) (below + (below & 1));
        assertNarrows(dtype, half, even);
        assertNarrows(dtype, Math.nextDown(half), below);
        assertNarrows(dtype, Math.nextUp(half), (short) (below + 1));
        assertNarrows(dtype, -half, (short) (even | 0x8000));
      }
    }
  }

  @Test
  void roundsPastTheLargestToInfinity() {
    assertNarrows(DType.F16, 65_519.996f, (short) 0x7bff);
    assertNarrows(DType.F16, 65_520, (short) 0x7c00);
    assertNarrows(DType.F16, -1e30f, (short) 0xfc00);
    assertNarrows(DType.BF16, Float.MAX_VALUE, (short) 0x7f80);
    assertNarrows(DType.BF16, -Float.MAX_VALUE, (short) 0xff80);
    assertNarrows(DType.BF16, Float.POSITIVE_INFINITY, (short) 0x7f80);
  }

  @Test
  void narrowsAnyFloatAsTheDefinitionDoes() {
    Random random = Seed.random(110);
    for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
      for (RowKind kind : RowKind.values()) {
        float[] values = kind.row(2000, random);
        short[] narrowed = new short[2000];
        float[] found = new float[2000];
        dtype.narrow(values, 0, narrowed, 0, 2000);
        dtype.widen(narrowed, 0, found, 0, 2000);
        Same.bits(found, Rounding.stored(values, dtype), dtype + " " + kind);
      }
    }
  }

  @Test
  void aNanWhosePayloadLiesInTheLostBitsStaysNan() {
    short[] found = new short[2];
    float[] nans = {Float.intBitsToFloat(0x7f800001), Float.intBitsToFloat(0xff800001)};
    for (DType dtype : new DType[] {DType.BF16, DType.F16}) {
      dtype.narrow(nans, 0, found, 0, 2);
      assertThat(Rounding.widened(found[0], dtype)).isNaN();
      assertThat(Rounding.widened(found[1], dtype)).isNaN();
    }
  }

  @Test
  void float32HasNoPatterns() {
    assertThatIllegalStateException()
        .isThrownBy(() -> DType.F32.widen(new short[1], 0, new float[1], 0, 1))
        .withMessage("F32 elements are not stored as 16-bit patterns");
    assertThatIllegalStateException()
        .isThrownBy(() -> DType.F32.narrow(new float[1], 0, new short[1], 0, 1))
        .withMessage("F32 elements are not stored as 16-bit patterns");
  }

  private static void assertNarrows(DType dtype, float value, short expected) {
    short[] found = new short[1];
    dtype.narrow(new float[] {value}, 0, found, 0, 1);
    if (found[0] != expected) {
      assertThat(found[0]).as(value + " as " + dtype).isEqualTo(expected);
    }
  }

  private static short[] allPatterns() {
    short[] patterns = new short[PATTERNS];
    for (int i = 0; i < PATTERNS; i++) {
      patterns[i] = (short) i;
    }
    return patterns;
  }
}
