package org.pursuit.bench.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.pursuit.bench.support.Build;
import org.pursuit.io.CodesFile;
import org.pursuit.io.SafetensorsWriter;
import org.pursuit.io.TensorSpec;

/** The file that codes are written to; it appears when it is committed. */
final class CodesOutput implements AutoCloseable {
  private final Path path;
  private final List<TensorSpec> layout;
  private final SafetensorsWriter writer;

  private CodesOutput(Path path, List<TensorSpec> layout, SafetensorsWriter writer) {
    this.path = path;
    this.layout = layout;
    this.writer = writer;
  }

  /**
   * Starts a file.
   *
   * @param method how the codes are computed, for the file's {@code __metadata__}
   */
  static CodesOutput create(Path path, long rows, int k, String method) throws IOException {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("producer", "pursuit " + Build.version());
    metadata.put("method", method);
    List<TensorSpec> layout = CodesFile.layout(rows, k);
    return new CodesOutput(path, layout, SafetensorsWriter.create(path, layout, metadata));
  }

  void append(HostCodes codes) throws IOException {
    Output.writing(path, () -> codes.append(writer, layout));
  }

  void commit() throws IOException {
    Output.writing(path, writer::commit);
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
