package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import jcuda.driver.CUdevice;
import org.junit.jupiter.api.Test;

class ScoreChunksTest {
  private static final int MIB = 1 << 20;

  @Test
  void fillsTheMultiprocessorsOnceWhereTwoRoundsExceedHalfOfTheCache() {
    ScoreChunks h200 = chunks(132, 50 * MIB);
    assertThat(h200.rows()).isEqualTo(1024);
    assertThat(h200.atoms(1024)).isEqualTo(16 * 256);
    assertThat(h200.atoms(600)).isEqualTo(26 * 256);
  }

  @Test
  void fillsThemMoreOftenWhereTheCacheIsLargeOrTheyAreFew() {
    assertThat(chunks(148, 126 * MIB).atoms(1024)).isEqualTo(148 * 3 / 8 * 256);
    assertThat(chunks(20, 2 * MIB).atoms(1024)).isEqualTo(80 / 8 * 256);
  }

  @Test
  void fewRowsHaveManyAtoms() {
    assertThat(chunks(132, 50 * MIB).atoms(1)).isEqualTo(132 * 128 * 256);
    assertThat(chunks(132, 50 * MIB).atoms(127)).isBetween(132 * 256, 134 * 256);
  }

  @Test
  void aChunkHoldsSomething() {
    for (int multiprocessors = 1; multiprocessors < 200; multiprocessors++) {
      ScoreChunks chunks = chunks(multiprocessors, MIB);
      for (int rows = 1; rows <= chunks.rows(); rows++) {
        assertThat(chunks.atoms(rows)).isPositive();
        assertThat((long) rows * chunks.atoms(rows)).isLessThanOrEqualTo(chunks.scores());
      }
    }
  }

  private static ScoreChunks chunks(int multiprocessors, long l2Bytes) {
    return ScoreChunks.of(
        new Device(new CUdevice(), 0, "GPU", 90, multiprocessors, 0, l2Bytes, 80L << 30));
  }
}
