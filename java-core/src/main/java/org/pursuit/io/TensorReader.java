package org.pursuit.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.channels.ReadableByteChannel;

/** Reads the elements of one tensor from first to last. */
final class TensorReader {
  private final TensorInfo info;
  private final ReadableByteChannel data;
  private final ByteBuffer buffer;
  private long elementsRead;

  TensorReader(TensorInfo info, ReadableByteChannel data) {
    this.info = info;
    this.data = data;
    int capacity = (int) Math.min(info.bytes(), Channels.BUFFER_BYTES);
    this.buffer = ByteBuffer.allocateDirect(capacity).order(ByteOrder.LITTLE_ENDIAN);
  }

  TensorInfo info() {
    return info;
  }

  /** Reads the next {@code count} elements, widened to float32. */
  void read(float[] destination, int count) throws IOException {
    for (int done = 0; done < count; ) {
      int chunk = fetch(count - done);
      switch (info.type()) {
        case F32 -> buffer.asFloatBuffer().get(destination, done, chunk);
        case F16 -> widenF16(buffer.asShortBuffer(), destination, done);
        case BF16 -> widenBf16(buffer.asShortBuffer(), destination, done);
        default -> throw new IllegalStateException(info + " holds no floating-point elements");
      }
      done += chunk;
    }
  }

  /** Reads the next {@code count} elements of an {@link ElementType#I32} tensor. */
  void read(int[] destination, int count) throws IOException {
    for (int done = 0; done < count; ) {
      int chunk = fetch(count - done);
      buffer.asIntBuffer().get(destination, done, chunk);
      done += chunk;
    }
  }

  /** Fills the buffer with the next elements, at most {@code wanted}, and returns their number. */
  private int fetch(int wanted) throws IOException {
    int size = info.type().bytes();
    int chunk = Math.min(wanted, buffer.capacity() / size);
    Channels.fill(data, buffer.clear().limit(chunk * size));
    if (buffer.remaining() < chunk * size) {
      long found = elementsRead * size + buffer.remaining();
      throw info.error("data", found + " bytes", info.bytes() + " bytes");
    }
    elementsRead += chunk;
    return chunk;
  }

  private static void widenF16(ShortBuffer source, float[] destination, int at) {
    for (int i = 0; i < source.limit(); i++) {
      destination[at + i] = Float.float16ToFloat(source.get(i));
    }
  }

  private static void widenBf16(ShortBuffer source, float[] destination, int at) {
    for (int i = 0; i < source.limit(); i++) {
      destination[at + i] = Float.intBitsToFloat(source.get(i) << 16);
    }
  }
}
