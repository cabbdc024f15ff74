package org.pursuit.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FvuTest {
  private static final int D = 12;
  private static final int ROWS = 500;

  @ParameterizedTest
  @ValueSource(floats = {0, 1, 1000, 1e5f})
  void agreesWithTwoPassesWhateverTheMean(float mean) {
    float[] x = Cli.gaussian(ROWS * D, 1);
    float[] reconstruction = x.clone();
    float[] error = Cli.gaussian(ROWS * D, 2);
    for (int i = 0; i < x.length; i++) {
      x[i] += mean;
      reconstruction[i] = x[i] + error[i] / 3;
    }
    Fvu fvu = new Fvu(D);
    fvu.add(x, reconstruction, ROWS);
    double expected = EncodeDecodeTest.fvu(x, reconstruction);
    assertThat(fvu.value()).isCloseTo(expected, within(1e-9 * expected));
  }

  @Test
  void doesNotDependOnTheBatches() {
    float[] x = Cli.gaussian(ROWS * D, 1);
    float[] reconstruction = Cli.gaussian(ROWS * D, 2);
    Fvu whole = new Fvu(D);
    whole.add(x, reconstruction, ROWS);
    Fvu parts = new Fvu(D);
    for (int row = 0; row < ROWS; row++) {
      parts.add(row(x, row), row(reconstruction, row), 1);
    }
    assertThat(parts.value()).isEqualTo(whole.value());
  }

  @Test
  void isUndefinedWithoutVariance() {
    Fvu fvu = new Fvu(2);
    assertThat(fvu.value()).isNaN();
    fvu.add(new float[] {1, 2, 1, 2}, new float[4], 2);
    assertThat(fvu.value()).isNaN();
  }

  @Test
  void isUndefinedForRowsThatAreNotFinite() {
    Fvu fvu = new Fvu(2);
    fvu.add(new float[] {1, 2, Float.NaN, 2}, new float[4], 2);
    assertThat(Format.fvu(fvu.value())).isEqualTo("undefined");
  }

  private static float[] row(float[] matrix, int row) {
    return Arrays.copyOfRange(matrix, row * D, (row + 1) * D);
  }
}
