package org.pursuit.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads the header of a .npy file or member, format versions 1.0, 2.0 and 3.0: the bytes {@code 93
 * 'NUMPY'}, a major and a minor version, the length of what follows (16 bits in version 1.0, else
 * 32), and a Python dictionary with {@code descr}, {@code fortran_order} and {@code shape}.
 */
final class NpyHeader {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Set<String> KEYS = Set.of("descr", "fortran_order", "shape");
  private static final String DICTIONARY =
      "a Python dictionary with 'descr', 'fortran_order' and 'shape'";

  /** Far above the header of any array of numbers: one with a record type may be long. */
  private static final long MAX_LENGTH = 1 << 20;

  private final Path file;
  private final String name;
  private final ReadableByteChannel channel;
  private long bytesRead;

  private NpyHeader(Path file, String name, ReadableByteChannel channel) {
    this.file = file;
    this.name = name;
    this.channel = channel;
  }

  /**
   * Reads a header.
   *
   * @param name the tensor's name, empty in a .npy file
   * @param channel positioned at the header; afterwards at the data
   * @param size the bytes of header and data together
   */
  static TensorInfo read(Path file, String name, ReadableByteChannel channel, long size)
      throws IOException {
    NpyHeader header = new NpyHeader(file, name, channel);
    TensorInfo info = header.describe(header.dictionary());
    if (info.type() != ElementType.OTHER) {
      header.checkSize(info, size);
    }
    return info;
  }

  private Map<String, Object> dictionary() throws IOException {
    byte[] magic = next("magic", MAGIC.length).array();
    if (!Arrays.equals(magic, MAGIC)) {
      throw error("magic", hex(magic), hex(MAGIC) + " (\\x93NUMPY)");
    }
    ByteBuffer version = next("format version", 2);
    int major = version.get() & 0xff;
    int minor = version.get() & 0xff;
    if (major < 1 || major > 3 || minor != 0) {
      throw error("format version", major + "." + minor, "1.0, 2.0 or 3.0");
    }
    ByteBuffer lengthBytes = next("header length", major == 1 ? 2 : 4);
    long length =
        major == 1 ? lengthBytes.getShort() & 0xffffL : lengthBytes.getInt() & 0xffffffffL;
    if (length > MAX_LENGTH) {
      throw error("header length", Long.toString(length), "at most " + MAX_LENGTH);
    }
    ByteBuffer text = next("header", (int) length);
    Charset charset = major == 3 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1;
    try {
      return PythonLiteral.parseDictionary(charset.newDecoder().decode(text).toString());
    } catch (CharacterCodingException e) {
      throw new FileFormatException(file, field("header"), "malformed text", charset.name(), e);
    } catch (IllegalArgumentException e) {
      throw new FileFormatException(file, field("header"), e.getMessage(), DICTIONARY, e);
    }
  }

  private TensorInfo describe(Map<String, Object> dictionary) throws FileFormatException {
    if (!dictionary.keySet().equals(KEYS)) {
      throw error("header", "the keys " + dictionary.keySet(), DICTIONARY);
    }
    Object descr = dictionary.get("descr");
    ElementType type = descr instanceof String word ? ElementType.ofDescr(word) : ElementType.OTHER;
    if (!(dictionary.get("fortran_order") instanceof Boolean fortranOrder)) {
      throw error("fortran_order", dictionary.get("fortran_order").toString(), "True or False");
    }
    return new TensorInfo(
        file,
        name,
        TensorInfo.Container.NUMPY,
        type,
        descr instanceof String ? "'" + descr + "'" : "a record type",
        fortranOrder,
        shape(dictionary.get("shape")),
        bytesRead);
  }

  private List<Long> shape(Object value) throws FileFormatException {
    if (!(value instanceof List<?> lengths)) {
      throw error("shape", value.toString(), "a tuple of integers");
    }
    List<Long> shape = new ArrayList<>();
    for (Object length : lengths) {
      if (!(length instanceof Long number) || number < 0) {
        throw error("shape", lengths.toString(), "integers of at least 0");
      }
      shape.add(number);
    }
    return List.copyOf(shape);
  }

  private void checkSize(TensorInfo info, long size) throws FileFormatException {
    long expected;
    try {
      expected = TensorInfo.size(info.shape(), info.type());
    } catch (ArithmeticException e) {
      throw new FileFormatException(
          file, field("shape"), info.shape().toString(), "a size below 2^60 bytes", e);
    }
    if (size - bytesRead != expected) {
      throw error(
          "data",
          size - bytesRead + " bytes",
          expected + " bytes for shape " + info.shape() + " of " + info.spelling());
    }
  }

  private ByteBuffer next(String field, int count) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    Channels.fill(channel, buffer);
    if (buffer.remaining() < count) {
      throw error(field, buffer.remaining() + " bytes before the end", count + " bytes");
    }
    bytesRead += count;
    return buffer;
  }

  private FileFormatException error(String field, String found, String expected) {
    return new FileFormatException(file, field(field), found, expected);
  }

  private String field(String what) {
    return name.isEmpty() ? what : what + " of tensor " + name;
  }

  private static String hex(byte[] bytes) {
    return HexFormat.ofDelimiter(" ").formatHex(bytes);
  }
}
