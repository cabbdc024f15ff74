package org.pursuit.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/** The flags' words on the device, and the wait that reads them. */
final class Flags {
  private static final List<Flag> ALL = List.of(Flag.values());

  private final Allocator allocator;
  private final Stream stream;
  private final Staging staging;
  private final long[] words = new long[ALL.size()];
  private Block block;
  private boolean armed;

  Flags(Allocator allocator, Stream stream, Staging staging) {
    this.allocator = allocator;
    this.stream = stream;
    this.staging = staging;
  }

  /** The device address of a flag's word, for a kernel that is about to be queued. */
  long address(Flag flag) {
    if (block == null) {
      block = zeroed();
    }
    armed = true;
    return block.address() + (long) ALL.indexOf(flag) * Long.BYTES;
  }

  private Block zeroed() {
    Block made = allocator.allocate("flags", bytes());
    try {
      stream.zero(made.address(), bytes());
      return made;
    } catch (RuntimeException | Error e) {
      allocator.free(made);
      throw e;
    }
  }

  /** Notes that kernels which raise flags have been queued again. */
  void arm() {
    armed = block != null;
  }

  /** Waits for everything queued, and throws what it has flagged. */
  void await() {
    if (!armed) {
      stream.await();
      return;
    }
    staging.download(
        block.address(),
        bytes(),
        (at, count, from) ->
            MemorySegment.copy(
                from,
                ValueLayout.JAVA_LONG,
                0,
                words,
                (int) (at / Long.BYTES),
                (int) (count / Long.BYTES)));
    stream.await();
    for (Flag flag : ALL) {
      long number = words[ALL.indexOf(flag)];
      if (number != 0) {
        stream.zero(block.address(), bytes());
        armed = false;
        throw flag.exception(number);
      }
    }
    armed = false;
  }

  /** Frees the words, unless they still count; the next flag allocates them anew. */
  void trim() {
    // A graph goes on raising flags at the address that it was recorded with.
    if (block != null && !armed && !allocator.holds()) {
      Block freed = block;
      block = null;
      allocator.free(freed);
    }
  }

  private static long bytes() {
    return (long) ALL.size() * Long.BYTES;
  }
}
