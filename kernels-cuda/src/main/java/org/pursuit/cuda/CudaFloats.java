package org.pursuit.cuda;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;

/** float32 numbers on the device. */
final class CudaFloats extends Floats {
  private final Cuda cuda;
  private Block block = Block.EMPTY;

  private CudaFloats(Memory memory, Cuda cuda, long length) {
    super(memory, length);
    this.cuda = cuda;
  }

  /** Zeroed elements. */
  static CudaFloats allocate(Memory memory, Cuda cuda, long length) {
    CudaFloats made = new CudaFloats(memory, cuda, length);
    Storage.fill(made, () -> made.block = Storage.zeroed(cuda, made, made.bytes()));
    return made;
  }

  /** Where the elements lie. */
  long address() {
    return block.address();
  }

  /** Where the elements of optional numbers lie; 0 when there are none. */
  static long address(Floats optional) {
    return optional == null ? 0 : ((CudaFloats) optional).address();
  }

  @Override
  protected Matrix row() {
    return CudaMatrix.over(this, cuda, block);
  }

  @Override
  protected void copyFrom(float[] values) {
    cuda.staging()
        .upload(
            address(),
            bytes(),
            (from, count, to) ->
                MemorySegment.copy(
                    values, index(from), to, ValueLayout.JAVA_FLOAT, 0, index(count)));
  }

  @Override
  protected void copyTo(float[] values) {
    cuda.staging()
        .download(
            address(),
            bytes(),
            (from, count, segment) ->
                MemorySegment.copy(
                    segment, ValueLayout.JAVA_FLOAT, 0, values, index(from), index(count)));
    cuda.flags().await();
  }

  @Override
  protected void free() {
    cuda.allocator().free(block);
  }

  private long bytes() {
    return length() * Float.BYTES;
  }

  private static int index(long bytes) {
    return (int) (bytes / Float.BYTES);
  }
}
