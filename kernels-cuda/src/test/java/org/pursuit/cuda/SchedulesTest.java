package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pursuit.contract.ColdStart;
import org.pursuit.support.NewJvm;

/**
 * What sums on the device, gradients among it, gives bitwise the same in whichever order the
 * emulator takes the threads: in their own, at random, in random bursts.
 */
@OnEmulator
class SchedulesTest {
  @Test
  void resultsDoNotDependOnTheOrderOfThreads() throws Exception {
    List<String> inOrder = results(0);
    assertThat(inOrder).hasSizeGreaterThan(50);
    assertThat(results(1)).isEqualTo(inOrder);
    assertThat(results(2)).isEqualTo(inOrder);
  }

  private static List<String> results(int seed) throws Exception {
    Map<String, String> environment = Map.of("SIMT_SEED", Integer.toString(seed));
    return NewJvm.run(ColdStart.class, environment, "cuda")
        .lines()
        .filter(line -> line.startsWith(ColdStart.RESULT))
        .toList();
  }
}
