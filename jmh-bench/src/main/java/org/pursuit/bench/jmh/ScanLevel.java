package org.pursuit.bench.jmh;

import org.pursuit.bench.roofline.Machine;

/** Where data lie that are read again and again: the arrays that the memory scans read. */
public enum ScanLevel {
  /** 256 KiB a thread, which fits any current second-level cache. */
  L2,
  /** 16 MiB for all threads, which fits most last-level caches. */
  L3,
  /** Four times the last-level caches, and 256 MiB to 2 GiB. */
  MEMORY;

  /** Bytes of the arrays of all threads together. */
  long bytes(int threads) {
    return switch (this) {
      case L2 -> threads * (256L << 10);
      case L3 -> 16L << 20;
      case MEMORY -> Math.clamp(4 * Machine.current().cacheBytes(), 256L << 20, 2L << 30);
    };
  }

  /** The first level whose arrays are as large as {@code footprint}. */
  static ScanLevel of(long footprint, int threads) {
    for (ScanLevel level : values()) {
      if (footprint <= level.bytes(threads)) {
        return level;
      }
    }
    return MEMORY;
  }
}
