package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OperationLogTest {
  private final OperationLog log = new OperationLog();

  @Test
  void nothingQueuedSaysNothing() {
    assertThat(log.after()).isEmpty();
    log.add("a");
    log.clear();
    assertThat(log.after()).isEmpty();
  }

  @Test
  void namesWhatIsQueuedInItsOrder() {
    log.add("upload");
    log.add("topk");
    log.add("decode");
    assertThat(log.after()).isEqualTo(" after upload, topk, decode");
  }

  @Test
  void keepsTheLastOnes() {
    for (int i = 0; i < 100; i++) {
      log.add("op" + i);
    }
    assertThat(log.after()).startsWith(" after …, op84, op85").endsWith(", op99");
  }
}
