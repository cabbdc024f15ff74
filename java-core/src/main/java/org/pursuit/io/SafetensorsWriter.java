package org.pursuit.io;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a {@code .safetensors} file whose tensors are declared in advance. Their elements are
 * appended in batches, to each tensor independently of the others, and lie in the order declared.
 *
 * <p>The target appears, or is replaced, only by {@link #commit}: the data go to a temporary file
 * beside it, which {@link #close} deletes if they have not been committed.
 *
 * <p>Used by one thread at a time.
 */
public final class SafetensorsWriter implements AutoCloseable {
  private final PartialFile file;
  private final Map<String, Section> sections = new LinkedHashMap<>();

  private record Section(TensorSpec spec, TensorWriter writer) {}

  private SafetensorsWriter(PartialFile file, List<TensorSpec> tensors, long dataOffset) {
    this.file = file;
    long offset = dataOffset;
    for (TensorSpec spec : tensors) {
      sections.put(spec.name(), new Section(spec, new TensorWriter(file.channel(), offset)));
      offset += spec.elements() * spec.type().bytes();
    }
  }

  /**
   * Starts a file.
   *
   * @param target the file to create or to replace
   * @param tensors the tensors, of different names
   * @param metadata strings for the header's {@code __metadata__}; may be empty
   * @throws java.nio.file.FileSystemException if the target's folder does not exist or is not
   *     writable
   */
  public static SafetensorsWriter create(
      Path target, List<TensorSpec> tensors, Map<String, String> metadata) throws IOException {
    byte[] header = header(tensors, metadata);
    PartialFile file = PartialFile.create(target);
    try {
      ByteBuffer start =
          ByteBuffer.allocate(SafetensorsFile.LENGTH_BYTES + header.length)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(header.length)
              .put(header)
              .flip();
      Channels.write(file.channel(), start, 0);
      return new SafetensorsWriter(file, tensors, start.limit());
    } catch (Throwable t) {
      file.close();
      throw t;
    }
  }

  /** The header, padded with spaces so that the data are aligned to 8 bytes. */
  private static byte[] header(List<TensorSpec> tensors, Map<String, String> metadata)
      throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = Json.generator(text)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(SafetensorsHeader.METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          json.writeStringField(entry.getKey(), entry.getValue());
        }
        json.writeEndObject();
      }
      writeTensors(json, tensors);
      json.writeEndObject();
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    byte[] padding = " ".repeat(-bytes.length & 7).getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(bytes.length + padding.length).put(bytes).put(padding).array();
  }

  private static void writeTensors(JsonGenerator json, List<TensorSpec> tensors)
      throws IOException {
    Map<String, TensorSpec> declared = new LinkedHashMap<>();
    long begin = 0;
    for (TensorSpec spec : tensors) {
      if (spec.name().equals(SafetensorsHeader.METADATA)
          || declared.put(spec.name(), spec) != null) {
        throw new IllegalArgumentException(
            "tensors: found the name " + spec.name() + " reserved or declared before");
      }
      long end = Math.addExact(begin, spec.elements() * spec.type().bytes());
      json.writeObjectFieldStart(spec.name());
      json.writeStringField("dtype", spec.type().name());
      json.writeFieldName("shape");
      writeNumbers(json, spec.shape());
      json.writeFieldName("data_offsets");
      writeNumbers(json, List.of(begin, end));
      json.writeEndObject();
      begin = end;
    }
  }

  private static void writeNumbers(JsonGenerator json, List<Long> numbers) throws IOException {
    json.writeStartArray();
    for (long number : numbers) {
      json.writeNumber(number);
    }
    json.writeEndArray();
  }

  /** Appends the first {@code count} of {@code elements} to a float32 tensor. */
  public void append(String tensor, float[] elements, int count) throws IOException {
    section(tensor, ElementType.F32, elements.length, count).writer().write(elements, count);
  }

  /** Appends the first {@code count} of {@code elements} to an int32 tensor. */
  public void append(String tensor, int[] elements, int count) throws IOException {
    section(tensor, ElementType.I32, elements.length, count).writer().write(elements, count);
  }

  private Section section(String tensor, ElementType type, int given, int count) {
    requireOpen();
    Section section = sections.get(tensor);
    if (section == null) {
      throw new IllegalArgumentException(
          "tensor: found " + tensor + ", expected one of " + sections.keySet());
    }
    if (section.spec().type() != type) {
      throw new IllegalArgumentException(
          "elements: found " + type + ", expected those of tensor " + section.spec());
    }
    long room = section.spec().elements() - section.writer().elements();
    if (count < 0 || count > given || count > room) {
      throw new IllegalArgumentException(
          "count: found "
              + count
              + ", expected 0 to "
              + Math.min(given, room)
              + " ("
              + given
              + " elements given, room for "
              + room
              + " in tensor "
              + section.spec()
              + ")");
    }
    return section;
  }

  /**
   * Gives the file its name, which is atomic.
   *
   * @throws IllegalStateException if a tensor is not complete
   * @throws IOException if renaming fails; the target is then as it was
   */
  public void commit() throws IOException {
    requireOpen();
    for (Section section : sections.values()) {
      if (section.writer().elements() != section.spec().elements()) {
        throw new IllegalStateException(
            "tensor "
                + section.spec()
                + " has "
                + section.writer().elements()
                + " of its "
                + section.spec().elements()
                + " elements");
      }
    }
    file.commit();
  }

  private void requireOpen() {
    if (file.isCommitted()) {
      throw new IllegalStateException("the file is committed");
    }
  }

  /** Deletes the temporary file if it has not been committed. A second call does nothing. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
