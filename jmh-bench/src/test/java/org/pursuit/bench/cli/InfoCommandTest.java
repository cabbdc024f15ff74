package org.pursuit.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.pursuit.Backends;

class InfoCommandTest {
  @Test
  void showsMachineAndBackends() {
    Cli.Result result = Cli.run("info");
    assertThat(result.status()).isZero();
    assertThat(result.err()).isEmpty();
    assertThat(result.out()).contains("processor", "cores", "GiB", "java", "the default: ");
    for (Backends.Diagnosis backend : Backends.diagnose()) {
      assertThat(result.out())
          .contains(backend.name(), backend.probe().device(), backend.probe().reason());
    }
  }
}
