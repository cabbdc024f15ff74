package org.pursuit.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.pursuit.data.Ints;
import org.pursuit.data.Memory;

/** 32 bit integers on the device. */
final class CudaInts extends Ints {
  private final Cuda cuda;
  private Block block = Block.EMPTY;

  private CudaInts(Memory memory, Cuda cuda, long length) {
    super(memory, length);
    this.cuda = cuda;
  }

  /** Zeroed elements. */
  static CudaInts allocate(Memory memory, Cuda cuda, long length) {
    CudaInts made = new CudaInts(memory, cuda, length);
    Storage.fill(made, () -> made.block = Storage.zeroed(cuda, made, made.bytes()));
    return made;
  }

  /** Where the elements lie. */
  long address() {
    return block.address();
  }

  @Override
  protected void copyFrom(int[] values) {
    cuda.staging()
        .upload(
            address(),
            bytes(),
            (from, count, to) ->
                MemorySegment.copy(values, index(from), to, ValueLayout.JAVA_INT, 0, index(count)));
  }

  @Override
  protected void copyTo(int[] values) {
    cuda.staging()
        .download(
            address(),
            bytes(),
            (from, count, segment) ->
                MemorySegment.copy(
                    segment, ValueLayout.JAVA_INT, 0, values, index(from), index(count)));
    cuda.flags().await();
  }

  @Override
  protected void free() {
    cuda.allocator().free(block);
  }

  private long bytes() {
    return length() * Integer.BYTES;
  }

  private static int index(long bytes) {
    return (int) (bytes / Integer.BYTES);
  }
}
