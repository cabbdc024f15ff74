package org.pursuit.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;

/** Reads and writes that do not stop half-way. */
final class Channels {
  /** Bytes that are converted at a time between a file and an array. */
  static final int BUFFER_BYTES = 1 << 18;

  private Channels() {}

  /** Fills {@code buffer} and flips it; fewer bytes remain in it only if the channel has ended. */
  static void fill(ReadableByteChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
      // One read may return less than was asked for.
    }
    buffer.flip();
  }

  /** Writes what remains in {@code buffer} at {@code position}. */
  static void write(FileChannel channel, ByteBuffer buffer, long position) throws IOException {
    long at = position;
    while (buffer.hasRemaining()) {
      at += channel.write(buffer, at);
    }
  }

  /** A file's bytes from {@code offset} on, independent of the file's own position. */
  static ReadableByteChannel from(FileChannel file, long offset) {
    return new ReadableByteChannel() {
      private long position = offset;

      @Override
      public int read(ByteBuffer destination) throws IOException {
        int count = file.read(destination, position);
        position += Math.max(count, 0);
        return count;
      }

      @Override
      public boolean isOpen() {
        return file.isOpen();
      }

      @Override
      public void close() {}
    };
  }
}
