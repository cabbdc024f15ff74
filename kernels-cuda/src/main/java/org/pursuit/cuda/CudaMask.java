package org.pursuit.cuda;

import java.lang.foreign.ValueLayout;
import org.pursuit.data.Mask;
import org.pursuit.data.Memory;

/** A mask on the device: a byte a position, 0 or 1. */
final class CudaMask extends Mask {
  private final Cuda cuda;
  private Block block = Block.EMPTY;

  private CudaMask(Memory memory, Cuda cuda, int length) {
    super(memory, length);
    this.cuda = cuda;
  }

  /** Every position clear. */
  static CudaMask allocate(Memory memory, Cuda cuda, int length) {
    CudaMask made = new CudaMask(memory, cuda, length);
    Storage.fill(made, () -> made.block = Storage.zeroed(cuda, made, length));
    return made;
  }

  /** Where the bytes lie. */
  long address() {
    return block.address();
  }

  @Override
  protected void copyFrom(boolean[] values) {
    cuda.staging()
        .upload(
            address(),
            length(),
            (from, count, to) -> {
              for (int i = 0; i < count; i++) {
                to.set(ValueLayout.JAVA_BYTE, i, values[(int) from + i] ? (byte) 1 : 0);
              }
            });
  }

  @Override
  protected void copyTo(boolean[] values) {
    cuda.staging()
        .download(
            address(),
            length(),
            (from, count, segment) -> {
              for (int i = 0; i < count; i++) {
                values[(int) from + i] = segment.get(ValueLayout.JAVA_BYTE, i) != 0;
              }
            });
    cuda.flags().await();
  }

  @Override
  protected void free() {
    cuda.allocator().free(block);
  }
}
