package org.pursuit.bench.roofline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RooflineTest {
  @Test
  void measuresPlausibleLimits() {
    Roofline roofline = Roofline.measure(2, 8 << 20).orElseThrow();
    assertThat(roofline.threads()).isEqualTo(2);
    assertThat(roofline.scannedBytes()).isEqualTo(8 << 20);
    assertThat(roofline.flopsPerSecond()).isBetween(1e8, 1e14);
    assertThat(roofline.bytesPerSecond()).isBetween(1e7, 1e14);
  }

  @Test
  void chainsConverge() {
    assertThat(FmaPeak.run(100) % 24).isZero();
    assertThat(FmaPeak.flops(100) % 2400).isZero();
  }

  @Test
  void scanSumsWholeVectors() {
    float[] data = new float[1 << 12];
    Arrays.fill(data, 1);
    assertThat(MemoryScan.run(data, 0, data.length)).isEqualTo(data.length);
    assertThat(MemoryScan.run(data, 1024, 2048)).isEqualTo(1024);
  }

  @Test
  void theMachineIsDescribed() {
    Machine machine = Machine.current();
    assertThat(machine.processor()).isNotBlank();
    assertThat(machine.cores()).isPositive();
    assertThat(machine.memoryBytes()).isPositive();
  }
}
