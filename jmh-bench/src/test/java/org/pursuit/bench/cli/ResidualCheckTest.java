package org.pursuit.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ResidualCheckTest {
  private final float[] rows = {3, 4, 0, 0};
  private final float[] decoded = {3, 0, 0, 0};

  @Test
  void passesUpToRounding() {
    assertThat(passes(new float[] {1e-7f, 4, 0, 0})).isTrue();
  }

  @Test
  void failsForAResidualOfOtherCodes() {
    assertThat(passes(new float[] {1e-3f, 4, 0, 0})).isFalse();
    assertThat(passes(new float[] {0, 4, 0, 1e-3f})).isFalse();
    assertThat(passes(new float[] {0, 4, Float.NaN, 0})).isFalse();
  }

  @Test
  void aFailureIsNotForgotten() {
    ResidualCheck check = new ResidualCheck();
    check.add(rows, decoded, new float[] {1, 4, 0, 0}, 2, 8);
    check.add(rows, decoded, new float[] {0, 4, 0, 0}, 2, 8);
    assertThat(check.passed()).isFalse();
  }

  private boolean passes(float[] residual) {
    ResidualCheck check = new ResidualCheck();
    check.add(rows, decoded, residual, 2, 8);
    return check.passed();
  }
}
