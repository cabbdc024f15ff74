package org.pursuit.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Files built byte by byte, independently of the writers under test. */
final class TestFiles {
  private TestFiles() {}

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static byte[] int64(long value) {
    byte[] bytes = new byte[8];
    littleEndian(bytes).putLong(value);
    return bytes;
  }

  static byte[] floats(float... values) {
    byte[] bytes = new byte[values.length * 4];
    littleEndian(bytes).asFloatBuffer().put(values);
    return bytes;
  }

  static byte[] ints(int... values) {
    byte[] bytes = new byte[values.length * 4];
    littleEndian(bytes).asIntBuffer().put(values);
    return bytes;
  }

  static byte[] shorts(int... patterns) {
    byte[] bytes = new byte[patterns.length * 2];
    ByteBuffer buffer = littleEndian(bytes);
    for (int pattern : patterns) {
      buffer.putShort((short) pattern);
    }
    return bytes;
  }

  /** 0, 1, 2 … */
  static float[] ramp(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = i;
    }
    return values;
  }

  static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  /** A .npy file of this format version with this header text. */
  static byte[] npy(int major, int minor, String header, byte[] data) {
    byte[] text =
        header.getBytes(major == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1);
    byte[] bytes = new byte[major == 1 ? 10 : 12];
    ByteBuffer start = littleEndian(bytes);
    start.put(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) major, (byte) minor});
    if (major == 1) {
      start.putShort((short) text.length);
    } else {
      start.putInt(text.length);
    }
    return join(bytes, text, data);
  }

  /** A .npy file of format version 1.0. */
  static byte[] npy(String descr, String shape, byte[] data) {
    return npy(1, 0, npyHeader(descr, "False", shape), data);
  }

  static String npyHeader(String descr, String fortranOrder, String shape) {
    return "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }  \n"
        .formatted(descr, fortranOrder, shape);
  }

  /** A .safetensors file with this header text. */
  static byte[] safetensors(String header, byte[] data) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return join(int64(text.length), text, data);
  }

  /** One entry of a safetensors header. */
  static String entry(String name, String dtype, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, begin, end);
  }

  /** A .npz file with these members, in their order. */
  static byte[] npz(int method, Map<String, byte[]> members) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> member : members.entrySet()) {
        ZipEntry entry = new ZipEntry(member.getKey());
        entry.setMethod(method);
        if (method == ZipEntry.STORED) {
          CRC32 checksum = new CRC32();
          checksum.update(member.getValue());
          entry.setSize(member.getValue().length);
          entry.setCrc(checksum.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(member.getValue());
      }
    }
    return out.toByteArray();
  }

  static Path write(Path folder, String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  /** Reads a matrix in batches of {@code batch} rows. */
  static float[] readInBatches(MatrixFile file, int batch) throws IOException {
    float[] all = new float[(int) file.rows() * file.columns()];
    float[] rows = new float[batch * file.columns()];
    int at = 0;
    for (int count; (count = file.read(rows, batch)) > 0; at += count * file.columns()) {
      System.arraycopy(rows, 0, all, at, count * file.columns());
    }
    return all;
  }
}
