package org.pursuit.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.pursuit.bench.roofline.Machine;
import org.pursuit.kernel.Precision;

class ReportTest {
  private static final Limits LIMITS =
      Limits.ofThreads(
          1, 100e9, Map.of(ScanLevel.L2, 80e9, ScanLevel.L3, 40e9, ScanLevel.MEMORY, 20e9));

  @Test
  void theSlowerOfTrafficAndArithmeticIsTheLimit() {
    Limits.Bound traffic =
        LIMITS.bound(new Work(2_000_000, 1_000_000, 1L << 30), Precision.FLOAT32);
    assertThat(traffic.limit()).isEqualTo("MEMORY");
    assertThat(traffic.seconds()).isCloseTo(1e-4, within(1e-12));
    Limits.Bound arithmetic =
        LIMITS.bound(new Work(2_000_000, 50_000_000, 1L << 30), Precision.FLOAT32);
    assertThat(arithmetic.limit()).isEqualTo("FMA");
    assertThat(arithmetic.seconds()).isCloseTo(5e-4, within(1e-12));
  }

  @Test
  void aDeviceHasALimitForEachPrecision() {
    Limits device =
        Limits.ofDevice("cuda", Map.of(Precision.FLOAT32, 50e12, Precision.BF16, 700e12), 4e12);
    Work product = new Work(4_000_000, 7_000_000_000_000L, 1 << 10);
    assertThat(device.bound(product, Precision.FLOAT32).seconds()).isCloseTo(0.14, within(1e-9));
    assertThat(device.bound(product, Precision.BF16).seconds()).isCloseTo(0.01, within(1e-9));
    assertThat(device.bound(product, Precision.BF16X3).seconds()).isCloseTo(0.03, within(1e-9));
    assertThat(device.bound(product, Precision.TF32).seconds()).isCloseTo(0.14, within(1e-9));
    assertThat(device.bound(product, Precision.BF16).limit()).isEqualTo("GEMM");
    assertThat(device.bound(new Work(4_000_000, 0, 1 << 10), Precision.FLOAT32))
        .isEqualTo(new Limits.Bound("MEMORY", 1e-6));
  }

  @Test
  void theFootprintChoosesTheLevel() {
    assertThat(LIMITS.bound(new Work(1, 0, 256 << 10), Precision.FLOAT32).limit()).isEqualTo("L2");
    assertThat(LIMITS.bound(new Work(1, 0, (256 << 10) + 1), Precision.FLOAT32).limit())
        .isEqualTo("L3");
    assertThat(LIMITS.bound(new Work(1, 0, 16 << 20), Precision.FLOAT32).limit()).isEqualTo("L3");
    assertThat(LIMITS.bound(new Work(1, 0, (16 << 20) + 1), Precision.FLOAT32).limit())
        .isEqualTo("MEMORY");
    assertThat(LIMITS.bound(new Work(1, 0, Long.MAX_VALUE), Precision.FLOAT32).limit())
        .isEqualTo("MEMORY");
    assertThat(ScanLevel.of(512 << 10, 2)).isEqualTo(ScanLevel.L2);
  }

  @Test
  void aNearerLevelIsNoSlowerThanAFartherOne() {
    Limits crowded =
        Limits.ofThreads(
            1, 1e9, Map.of(ScanLevel.L2, 80e9, ScanLevel.L3, 10e9, ScanLevel.MEMORY, 20e9));
    assertThat(crowded.bound(new Work(2_000_000, 0, 1 << 20), Precision.FLOAT32).seconds())
        .isCloseTo(1e-4, within(1e-12));
  }

  @Test
  void aResultIsAFractionOfItsLimit() {
    Work work = new Work(2_000_000, 1_000_000, 1L << 30);
    Report.Result result =
        new Report.Result(
            "Selection.topK",
            Map.of("backend", "vector", "threads", "1", "shape", "2x3", "k", "1"),
            2.5e-4,
            1e-6,
            work.bytes(),
            work.flops(),
            LIMITS.bound(work, Precision.FLOAT32),
            0.4);
    assertThat(result.fraction()).isCloseTo(0.4, within(1e-12));

    Machine machine = new Machine("processor", 2, 0, 0, "system");
    String text = new Report(machine, List.of(LIMITS), List.of(result)).toString();
    assertThat(text)
        .contains("limits of 1 thread: FMA 100 GFLOP/s, L2 80.0 GB/s, L3 40.0 GB/s")
        .containsPattern(
            "Selection.topK +vector +1 +k=1 shape=2x3 +250 µs +8.00 +4.00 +MEMORY +0.40 +0");
  }
}
