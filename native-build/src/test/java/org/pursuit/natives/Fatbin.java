package org.pursuit.natives;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Which architectures a fatbin holds; the images themselves are compressed. */
final class Fatbin {
  private static final int MAGIC = 0xba55ed50;
  private static final int PTX = 1;

  private Fatbin() {}

  /** Such as "sm_90" for machine code and "compute_80" for PTX, in the order of the file. */
  static List<String> architectures(byte[] fatbin) {
    ByteBuffer bytes = ByteBuffer.wrap(fatbin).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.getInt(0) != MAGIC) {
      throw new IllegalArgumentException("not a fatbin");
    }
    List<String> found = new ArrayList<>();
    int at = bytes.getShort(6);
    long end = at + bytes.getLong(8);
    while (at < end) {
      found.add((bytes.getShort(at) == PTX ? "compute_" : "sm_") + bytes.getInt(at + 28));
      at = Math.toIntExact(at + bytes.getInt(at + 4) + bytes.getLong(at + 8));
    }
    return found;
  }
}
