package org.pursuit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.TopK;
import org.pursuit.spi.Probe;

/**
 * In a JVM on which the vector backend cannot be used or would be slow. {@code -Dpursuit.lane}
 * names what the JVM lacks.
 */
@Tag("lane-scalar")
class ScalarLaneTest {
  private static final String LANE = "pursuit.lane";
  private static final String NO_MODULE = "no-incubator-module";
  private static final String NO_C2 = "c1-only";

  @Test
  void theScalarBackendIsChosenAndEncodes() {
    try (Backend backend = Backends.open();
        Matrix x = backend.upload(new float[] {1, 2}, 1, 2);
        Matrix weights = backend.upload(new float[] {1, 0, 0, 1, 3, -1}, 3, 2);
        FixedWidthCodes out = backend.fixedWidthCodes(1, 2)) {
      assertThat(backend.name()).isEqualTo("scalar");
      backend.scoring().encode(x, weights, null, Score.plain(), TopK.of(2).into(out));
      assertThat(out.indices().download()).containsExactly(1, 0);
      assertThat(out.values().download()).containsExactly(2, 1);
    }
  }

  @Test
  @EnabledIfSystemProperty(named = LANE, matches = NO_MODULE)
  void theMissingModuleIsNamedWithItsFlag() {
    assertThat(vector().reason()).contains("jdk.incubator.vector");
    assertThat(vector().cure()).contains("--add-modules jdk.incubator.vector");
  }

  @Test
  @EnabledIfSystemProperty(named = LANE, matches = NO_C2)
  void theMissingCompilerIsNamed() {
    assertThat(vector().reason()).contains("C2");
    assertThat(vector().cure()).isNotBlank();
  }

  @Test
  @EnabledIfSystemProperty(named = LANE, matches = NO_MODULE + "|" + NO_C2)
  void theVectorBackendIsNotOpenedByName() {
    assertThatExceptionOfType(BackendUnavailableException.class)
        .isThrownBy(() -> Backends.open("vector"))
        .withMessage(
            "backend vector is unavailable: %s (cure: %s)", vector().reason(), vector().cure());
  }

  private static Probe vector() {
    return Backends.diagnose().stream()
        .filter(diagnosis -> diagnosis.name().equals("vector"))
        .findFirst()
        .orElseThrow()
        .probe();
  }
}
