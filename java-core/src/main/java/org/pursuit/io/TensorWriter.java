package org.pursuit.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** Writes 32-bit elements one after the other into a section of a file, little-endian. */
final class TensorWriter {
  private final FileChannel channel;
  private final long offset;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(Channels.BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private long elements;

  TensorWriter(FileChannel channel, long offset) {
    this.channel = channel;
    this.offset = offset;
  }

  /** The elements written by calls that succeeded; the next call writes after them. */
  long elements() {
    return elements;
  }

  /** Where the section ends so far. */
  long end() {
    return offset + elements * Float.BYTES;
  }

  void write(float[] source, int count) throws IOException {
    int capacity = buffer.capacity() / Float.BYTES;
    for (int done = 0; done < count; ) {
      int chunk = Math.min(count - done, capacity);
      buffer.clear().asFloatBuffer().put(source, done, chunk);
      flush(done, chunk);
      done += chunk;
    }
    elements += count;
  }

  void write(int[] source, int count) throws IOException {
    int capacity = buffer.capacity() / Integer.BYTES;
    for (int done = 0; done < count; ) {
      int chunk = Math.min(count - done, capacity);
      buffer.clear().asIntBuffer().put(source, done, chunk);
      flush(done, chunk);
      done += chunk;
    }
    elements += count;
  }

  private void flush(int done, int chunk) throws IOException {
    Channels.write(channel, buffer.limit(chunk * Float.BYTES), end() + (long) done * Float.BYTES);
  }
}
