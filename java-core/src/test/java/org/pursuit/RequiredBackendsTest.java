package org.pursuit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pursuit.support.BackendsUnderTest;

/** A green run cannot be one that skipped a backend. */
class RequiredBackendsTest {
  @Test
  void everyRequiredBackendIsUsable() {
    assertThat(BackendsUnderTest.missing())
        .as("unusable backends of -D" + BackendsUnderTest.REQUIRED)
        .isEmpty();
  }

  @Test
  void scalarIsAlwaysUsable() {
    assertThat(Backends.diagnose())
        .filteredOn(diagnosis -> diagnosis.probe().usable())
        .extracting(Backends.Diagnosis::name)
        .contains("scalar");
  }
}
