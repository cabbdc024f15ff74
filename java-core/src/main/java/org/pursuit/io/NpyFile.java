package org.pursuit.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** A .npy file: one array without a name. */
final class NpyFile implements TensorFile {
  private final Path path;
  private final FileChannel channel;
  private final TensorInfo info;

  private NpyFile(Path path, FileChannel channel, TensorInfo info) {
    this.path = path;
    this.channel = channel;
    this.info = info;
  }

  static NpyFile open(Path path) throws IOException {
    FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
    try {
      TensorInfo info = NpyHeader.read(path, "", Channels.from(channel, 0), channel.size());
      return new NpyFile(path, channel, info);
    } catch (Throwable t) {
      channel.close();
      throw t;
    }
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public List<String> names() {
    return List.of("");
  }

  @Override
  public TensorInfo info(String name) {
    return info;
  }

  @Override
  public TensorInfo find(String tensor) throws IOException {
    throw new FileFormatException(
        path, "tensor name", tensor, "none: a .npy file holds one array without a name");
  }

  @Override
  public ReadableByteChannel data(TensorInfo tensor) {
    return Channels.from(channel, tensor.offset());
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
