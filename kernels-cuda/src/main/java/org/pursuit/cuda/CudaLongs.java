package org.pursuit.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.pursuit.data.Longs;
import org.pursuit.data.Memory;

/** 64 bit integers on the device. */
final class CudaLongs extends Longs {
  private final Cuda cuda;
  private Block block = Block.EMPTY;

  private CudaLongs(Memory memory, Cuda cuda, long length) {
    super(memory, length);
    this.cuda = cuda;
  }

  /** Zeroed elements. */
  static CudaLongs allocate(Memory memory, Cuda cuda, long length) {
    CudaLongs made = new CudaLongs(memory, cuda, length);
    Storage.fill(made, () -> made.block = Storage.zeroed(cuda, made, made.bytes()));
    return made;
  }

  /** Where the elements lie. */
  long address() {
    return block.address();
  }

  /** Where the elements of optional integers lie; 0 when there are none. */
  static long address(Longs optional) {
    return optional == null ? 0 : ((CudaLongs) optional).address();
  }

  @Override
  protected void copyFrom(long[] values) {
    cuda.staging()
        .upload(
            address(),
            bytes(),
            (from, count, to) ->
                MemorySegment.copy(
                    values, index(from), to, ValueLayout.JAVA_LONG, 0, index(count)));
  }

  @Override
  protected void copyTo(long[] values) {
    cuda.staging()
        .download(
            address(),
            bytes(),
            (from, count, segment) ->
                MemorySegment.copy(
                    segment, ValueLayout.JAVA_LONG, 0, values, index(from), index(count)));
    cuda.flags().await();
  }

  @Override
  protected void free() {
    cuda.allocator().free(block);
  }

  private long bytes() {
    return length() * Long.BYTES;
  }

  private static int index(long bytes) {
    return (int) (bytes / Long.BYTES);
  }
}
