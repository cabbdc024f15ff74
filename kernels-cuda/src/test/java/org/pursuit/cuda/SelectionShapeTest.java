package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import jcuda.driver.CUdevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectionShapeTest {
  @ParameterizedTest
  @CsvSource({
    "65536,     1024,  32, WARP",
    "65536,     1024, 129, BLOCK128",
    "8192,      4096,  64, BLOCK128",
    "8192,      4096, 513, BLOCK512",
    "4096,     16384, 512, BLOCK512",
    "4096,     16385,  32, STREAM",
    "4096,     65536,  64, STREAM",
    "2048,    131072, 256, STREAM",
    "100,      65536,  64, CLUSTER2",
    "64,     1048576,  64, CLUSTER4",
    "24,     1048576, 128, CLUSTER8",
    "1,      1048576,  64, SPLIT",
    "0,        65536,  64, CLUSTER8",
  })
  void rowsOfFloatsOnAnH200(int rows, int columns, int wants, SelectionShape expected) {
    assertThat(SelectionShape.of(device(90, 132, 227), rows, 4L * columns, wants))
        .isEqualTo(expected);
  }

  @Test
  void withoutClustersFewLongRowsAreSplit() {
    Device a100 = device(80, 108, 163);
    assertThat(SelectionShape.of(a100, 64, 4L << 20, 64)).isEqualTo(SelectionShape.SPLIT);
    assertThat(SelectionShape.of(a100, 4096, 4L << 20, 64)).isEqualTo(SelectionShape.STREAM);
  }

  private static Device device(int capability, int multiprocessors, int sharedKibibytes) {
    int shared = sharedKibibytes << 10;
    return new Device(
        new CUdevice(), 0, "GPU", capability, multiprocessors, shared, 50 << 20, 80L << 30);
  }
}
