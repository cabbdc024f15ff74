package org.pursuit.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final StringWriter text = new StringWriter();

  @Test
  void isDrawnInPlaceAndRemoved() {
    try (Progress progress = Progress.start(new PrintWriter(text), true)) {
      progress.show(0.5, "half of it");
      progress.show(0.6, "skipped, for it comes at once");
    }
    assertThat(text.toString())
        .isEqualTo("\r\033[K[###############---------------]  50 %  half of it\r\033[K");
  }

  @Test
  void isSilentWithoutATerminal() {
    try (Progress progress = Progress.start(new PrintWriter(text))) {
      progress.show(0.5, "half of it");
    }
    assertThat(text.toString()).isEmpty();
  }
}
