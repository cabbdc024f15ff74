package org.pursuit.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PursuitEncoderTest {
  @Test
  void aGramPaysForManyRowsAndSteps() {
    assertThat(PursuitEncoder.gramPays(100_000, 2048, 384, 32)).isTrue();
    assertThat(PursuitEncoder.gramPays(10, 2048, 384, 32)).isFalse();
    assertThat(PursuitEncoder.gramPays(100_000, 2048, 384, 1)).isFalse();
    assertThat(PursuitEncoder.gramPays(100_000, 2048, 4, 32)).isFalse();
    assertThat(PursuitEncoder.gramPays(1_000_000_000, 65_536, 384, 32)).isFalse();
  }
}
