package org.pursuit.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DemoCommandTest {
  @Test
  void printsTablesAndChecksItself() {
    Cli.Result result = Cli.execute(new DemoCommand(256, 0.01));
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
    assertThat(result.out().lines().filter(line -> line.startsWith("autoencoder, TopK")))
        .hasSize(3);
    assertThat(result.out().lines().filter(line -> line.startsWith("pursuit, "))).hasSize(6);
    assertThat(result.out().lines().filter(line -> line.contains("TopK of 2,048"))).hasSize(6);
    assertThat(result.out()).contains("256 hidden states", "6 pursuits: passed");
  }
}
