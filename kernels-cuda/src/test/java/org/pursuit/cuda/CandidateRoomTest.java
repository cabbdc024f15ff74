package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import jcuda.driver.CUdevice;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CandidateRoomTest {
  /** k up to 4096, and with ties dropped one more. */
  private static final int MOST_RANKS = 4097;

  private static final int MOST_RANKS_OF_A_WARP = 128;

  /** What {@code candidates.cuh} asks of its callers, on devices with little and much memory. */
  @ParameterizedTest
  @ValueSource(ints = {99, 163, 227})
  void holdsWhatTheKernelsNeed(int kibibytes) {
    Device device = device(kibibytes);
    for (int wants = 0; wants <= MOST_RANKS; wants++) {
      if (wants <= MOST_RANKS_OF_A_WARP) {
        assertHolds(CandidateRoom.ofScores(32, 4, wants, device), 32, wants, device);
      }
      for (int threads : new int[] {128, 256, 512}) {
        CandidateRoom ofScores = CandidateRoom.ofScores(threads, 1, wants, device);
        assertHolds(ofScores, threads, wants, device);
        assertThat(ofScores.stash()).isGreaterThanOrEqualTo(64);
        CandidateRoom ofRanks = CandidateRoom.ofRanks(threads, wants, device);
        assertHolds(ofRanks, threads, wants, device);
        assertThat(ofRanks.stash()).isZero();
      }
    }
  }

  private static void assertHolds(CandidateRoom room, int threads, int wants, Device device) {
    assertThat(room.capacity())
        .isGreaterThanOrEqualTo(CandidateRoom.window(wants) + 4 * threads)
        .isGreaterThanOrEqualTo(Integer.highestOneBit(2 * Math.max(1, wants - 1)))
        .isEven();
    assertThat(room.stash() % 4).isZero();
    assertThat(room.sharedBytes()).isBetween(1, device.sharedBytesPerBlock());
  }

  /** 2/3 of the stash is what a stretch may bring: then rows are passed over in doubling steps. */
  @Test
  void usualSelectionsStashAWholeStretchAndLeaveRoomForThreeBlocks() {
    Device h200 = device(227);
    for (int wants = 1; wants <= 1024; wants++) {
      CandidateRoom room = CandidateRoom.ofScores(256, 1, wants, h200);
      assertThat(2 * room.stash()).isGreaterThanOrEqualTo(3 * wants);
      assertThat(room.sharedBytes()).isLessThanOrEqualTo(h200.sharedBytesPerBlock(3));
    }
  }

  @ParameterizedTest
  @CsvSource({"99, 650", "163, 2000", "227, 4097"})
  void twoBlocksFit(int kibibytes, int mostRanks) {
    Device device = device(kibibytes);
    for (int wants = 0; wants <= mostRanks; wants++) {
      CandidateRoom room = CandidateRoom.ofScores(256, 1, wants, device);
      assertThat(room.sharedBytes())
          .as(wants + " ranks")
          .isLessThanOrEqualTo(device.sharedBytesPerBlock(2));
    }
  }

  @Test
  void blocksShareAMultiprocessor() {
    assertThat(device(227).sharedBytesPerBlock(1)).isEqualTo(227 << 10);
    assertThat(device(227).sharedBytesPerBlock(2)).isEqualTo(113 << 10);
    assertThat(device(227).sharedBytesPerBlock(3)).isEqualTo(75 << 10);
  }

  private static Device device(int sharedKibibytes) {
    int shared = sharedKibibytes << 10;
    return new Device(new CUdevice(), 0, "GPU", 90, 132, shared, 50 << 20, 80L << 30);
  }
}
