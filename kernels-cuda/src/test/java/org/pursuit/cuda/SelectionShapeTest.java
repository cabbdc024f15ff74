package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import jcuda.driver.CUdevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SelectionShapeTest {
  private static final int MOST_RANKS = SelectionShape.wants(4096, true);

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

  /** What {@code candidates.cuh} asks of its callers, on devices with little and much memory. */
  @ParameterizedTest
  @ValueSource(ints = {99, 163, 227})
  void sharedMemoryHoldsWhatTheKernelsNeed(int kibibytes) {
    Device device = device(90, 132, kibibytes);
    for (SelectionShape shape : SelectionShape.values()) {
      int teams = shape == SelectionShape.WARP ? 4 : 1;
      for (int wants = 0; wants <= (teams == 4 ? 128 : MOST_RANKS); wants++) {
        int capacity = shape.capacity(wants, device);
        int stash = shape.stash(wants, capacity, device);
        int step = 4 * shape.threads() / teams;
        assertThat(capacity).isGreaterThanOrEqualTo(SelectionShape.window(wants) + step).isEven();
        assertThat(capacity)
            .isGreaterThanOrEqualTo(Integer.highestOneBit(2 * Math.max(1, wants - 1)));
        assertThat(stash % 4).isZero();
        assertThat(stash > 0).isEqualTo(shape != SelectionShape.MERGE);
        assertThat(shape.sharedBytes(capacity, stash)).isBetween(1, device.sharedBytesPerBlock());
      }
    }
  }

  /** 2/3 of the stash is what a stretch may bring: then rows are passed over in doubling steps. */
  @Test
  void usualSelectionsStashAWholeStretchAndLeaveRoomForOtherBlocks() {
    Device device = device(90, 132, 227);
    for (int wants = 1; wants <= 1024; wants++) {
      int capacity = SelectionShape.STREAM.capacity(wants, device);
      int stash = SelectionShape.STREAM.stash(wants, capacity, device);
      assertThat(2 * stash).isGreaterThanOrEqualTo(3 * wants);
      assertThat(SelectionShape.STREAM.sharedBytes(capacity, stash)).isLessThan((227 << 10) / 3);
    }
  }

  private static Device device(int capability, int multiprocessors, int sharedKibibytes) {
    int shared = sharedKibibytes << 10;
    return new Device(
        new CUdevice(), 0, "GPU", capability, multiprocessors, shared, 50 << 20, 80L << 30);
  }
}
