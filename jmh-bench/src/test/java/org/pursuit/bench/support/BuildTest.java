package org.pursuit.bench.support;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BuildTest {
  @Test
  void tellsVersionAndCommit() {
    assertThat(Build.version()).matches("\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
    assertThat(Build.commit()).matches("[0-9a-f]{12}\\+?|unknown");
  }
}
