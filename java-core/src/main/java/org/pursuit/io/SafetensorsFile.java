package org.pursuit.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/**
 * A .safetensors file: the header's length as 64 bits, little-endian; the header, a JSON object;
 * and the tensors' data, which fill the rest of the file without gaps.
 */
final class SafetensorsFile implements TensorFile {
  static final int LENGTH_BYTES = 8;

  /** The limit of the format's reference implementation. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  private final Path path;
  private final FileChannel channel;
  private final SafetensorsHeader header;

  private SafetensorsFile(Path path, FileChannel channel, SafetensorsHeader header) {
    this.path = path;
    this.channel = channel;
    this.header = header;
  }

  static SafetensorsFile open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      return new SafetensorsFile(path, channel, readHeader(path, channel));
    } catch (Throwable t) {
      channel.close();
      throw t;
    }
  }

  private static SafetensorsHeader readHeader(Path path, FileChannel channel) throws IOException {
    long size = channel.size();
    if (size < LENGTH_BYTES) {
      throw new FileFormatException(
          path, "header length", size + " bytes in the file", LENGTH_BYTES + " bytes or more");
    }
    long length = next(channel, 0, LENGTH_BYTES).getLong();
    long limit = Math.min(MAX_HEADER_BYTES, size - LENGTH_BYTES);
    if (length < 0 || length > limit) {
      throw new FileFormatException(
          path,
          "header length",
          Long.toUnsignedString(length),
          limit == MAX_HEADER_BYTES
              ? "at most " + limit
              : "at most " + limit + ", the bytes that follow it");
    }
    ByteBuffer bytes = next(channel, LENGTH_BYTES, (int) length);
    long dataOffset = LENGTH_BYTES + length;
    return SafetensorsHeader.parse(path, decode(path, bytes), dataOffset, size - dataOffset);
  }

  private static ByteBuffer next(FileChannel channel, long position, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    Channels.fill(Channels.from(channel, position), buffer);
    return buffer;
  }

  private static String decode(Path path, ByteBuffer bytes) throws FileFormatException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
    } catch (CharacterCodingException e) {
      throw new FileFormatException(path, "header", "malformed text", "UTF-8", e);
    }
  }

  /** The header's {@code __metadata__}. */
  Map<String, String> metadata() {
    return header.metadata();
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public List<String> names() {
    return List.copyOf(header.tensors().keySet());
  }

  @Override
  public TensorInfo info(String name) {
    return header.tensors().get(name);
  }

  @Override
  public ReadableByteChannel data(TensorInfo info) {
    return Channels.from(channel, info.offset());
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
