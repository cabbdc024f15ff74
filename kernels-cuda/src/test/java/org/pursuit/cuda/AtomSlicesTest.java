package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import jcuda.driver.CUdevice;
import org.junit.jupiter.api.Test;

class AtomSlicesTest {
  private static final AtomSlices H200 = AtomSlices.of(device(50 << 20));

  @Test
  void aSliceOfAllAtomsTakesAThirdOfTheCache() {
    int vectors = AtomSlices.vectors(4096 * 2);
    assertThat(H200.width(65_536, vectors)).isEqualTo(256 / 16);
    assertThat(H200.width(131_072, vectors)).isEqualTo(128 / 16);
    assertThat(H200.width(8192, vectors)).isEqualTo(2048 / 16);
    assertThat(AtomSlices.of(device(126 << 20)).width(65_536, vectors)).isEqualTo(640 / 16);
  }

  @Test
  void atomsThatFitAreNotCut() {
    assertThat(H200.width(2048, AtomSlices.vectors(768 * 4))).isEqualTo(768 / 4);
    assertThat(H200.width(0, 3)).isEqualTo(3);
    assertThat(H200.width(1, 1)).isEqualTo(1);
  }

  @Test
  void atomsOfWhichNotEvenLinesFitAreNotCut() {
    assertThat(H200.width(1 << 20, 512)).isEqualTo(512);
  }

  @Test
  void slicesAreOfLinesAndNearlyEven() {
    for (int vectors = 1; vectors < 300; vectors++) {
      for (int lines = 1; lines < 9; lines++) {
        int width = new AtomSlices(lines * 128L * 10).width(10, vectors);
        assertThat(width).isBetween(1, lines * 8);
        assertThat(width % 8 == 0 || width == vectors).isTrue();
        int slices = Math.ceilDiv(vectors, width);
        assertThat(slices).isLessThanOrEqualTo(Math.ceilDiv(vectors, lines * 8));
      }
    }
  }

  @Test
  void countsThatTheKernelCanMultiply() {
    assertThat(H200.width(1, 1 << 25)).isEqualTo(1 << 16);
    assertThat(H200.width(1 << 20, 1 << 25)).isEqualTo(1 << 16);
    assertThat(AtomSlices.vectors(0)).isZero();
    assertThat(AtomSlices.vectors(17)).isEqualTo(2);
  }

  private static Device device(long l2Bytes) {
    return new Device(new CUdevice(), 0, "GPU", 90, 132, 0, l2Bytes, 80L << 30);
  }
}
