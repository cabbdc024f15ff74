package org.pursuit.io;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The JSON header of a .safetensors file. Every tensor is {@code "NAME": {"dtype": …, "shape": […],
 * "data_offsets": [begin, end]}} with offsets into the data; they must cover the data exactly once.
 *
 * @param tensors the tensors in the header's order
 * @param metadata the strings under {@code __metadata__}
 */
record SafetensorsHeader(Map<String, TensorInfo> tensors, Map<String, String> metadata) {
  static final String METADATA = "__metadata__";

  /**
   * Parses and checks a header.
   *
   * @param dataOffset where the data begin in the file
   * @param dataBytes how many there are
   */
  static SafetensorsHeader parse(Path file, String json, long dataOffset, long dataBytes)
      throws IOException {
    if (!json.startsWith("{")) {
      String start = json.isEmpty() ? "nothing" : "'" + json.charAt(0) + "' at its start";
      throw new FileFormatException(file, "header", start, "a JSON object");
    }
    try (JsonParser parser = Json.parser(json)) {
      return new Parser(file, parser, dataOffset, dataBytes).header();
    } catch (JsonProcessingException e) {
      throw new FileFormatException(
          file, "header", "malformed JSON (" + e.getOriginalMessage() + ")", "a JSON object", e);
    }
  }

  private static final class Parser {
    private final Path file;
    private final JsonParser parser;
    private final long dataOffset;
    private final long dataBytes;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    Parser(Path file, JsonParser parser, long dataOffset, long dataBytes) {
      this.file = file;
      this.parser = parser;
      this.dataOffset = dataOffset;
      this.dataBytes = dataBytes;
    }

    SafetensorsHeader header() throws IOException {
      parser.nextToken();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        require(JsonToken.START_OBJECT, "entry " + name, "a JSON object");
        if (name.equals(METADATA)) {
          metadata();
        } else {
          tensors.put(name, tensor(name));
        }
      }
      if (parser.nextToken() != null) {
        throw new FileFormatException(file, "header", "text after the JSON object", "none");
      }
      checkCover();
      return new SafetensorsHeader(
          Collections.unmodifiableMap(tensors), Collections.unmodifiableMap(metadata));
    }

    private void metadata() throws IOException {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        require(JsonToken.VALUE_STRING, METADATA + " " + key, "a string");
        metadata.put(key, parser.getText());
      }
    }

    private TensorInfo tensor(String name) throws IOException {
      String dtype = null;
      List<Long> shape = null;
      List<Long> offsets = null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String field = parser.currentName();
        switch (field) {
          case "dtype" -> {
            require(JsonToken.VALUE_STRING, "dtype of tensor " + name, "a string");
            dtype = parser.getText();
          }
          case "shape" -> shape = integers("shape of tensor " + name);
          case "data_offsets" -> offsets = integers("data_offsets of tensor " + name);
          default ->
              throw new FileFormatException(
                  file, "entry " + name, field, "dtype, shape and data_offsets");
        }
      }
      requirePresent(name, "dtype", dtype);
      requirePresent(name, "shape", shape);
      requirePresent(name, "data_offsets", offsets);
      return check(name, dtype, shape, offsets);
    }

    private void requirePresent(String name, String field, Object value)
        throws FileFormatException {
      if (value == null) {
        throw new FileFormatException(
            file, "entry " + name, "no " + field, "dtype, shape and data_offsets");
      }
    }

    private TensorInfo check(String name, String dtype, List<Long> shape, List<Long> offsets)
        throws FileFormatException {
      ElementType type =
          ElementType.ofSafetensors(dtype)
              .orElseThrow(
                  () ->
                      new FileFormatException(
                          file,
                          "dtype of tensor " + name,
                          dtype,
                          "a dtype of the format, such as F32"));
      String field = "data_offsets of tensor " + name;
      if (offsets.size() != 2 || offsets.getFirst() > offsets.getLast()) {
        throw new FileFormatException(
            file, field, offsets.toString(), "[begin, end], begin <= end");
      }
      if (offsets.getLast() > dataBytes) {
        throw new FileFormatException(
            file, field, offsets.toString(), "an end within the " + dataBytes + " bytes of data");
      }
      long length = offsets.getLast() - offsets.getFirst();
      long expected = size(name, shape, type);
      if (length != expected) {
        throw new FileFormatException(
            file,
            field,
            offsets + ", " + length + " bytes",
            expected + " bytes for shape " + shape + " of " + dtype);
      }
      return new TensorInfo(
          file,
          name,
          TensorInfo.Container.SAFETENSORS,
          type,
          dtype,
          false,
          shape,
          dataOffset + offsets.getFirst());
    }

    private long size(String name, List<Long> shape, ElementType type) throws FileFormatException {
      try {
        return TensorInfo.size(shape, type);
      } catch (ArithmeticException e) {
        throw new FileFormatException(
            file,
            "shape of tensor " + name,
            shape.toString(),
            "a size in whole bytes below 2^60",
            e);
      }
    }

    /** Checks that the tensors lie end to end and fill the data. */
    private void checkCover() throws FileFormatException {
      List<TensorInfo> ordered = new ArrayList<>(tensors.values());
      ordered.sort(Comparator.comparingLong(TensorInfo::offset).thenComparingLong(this::end));
      long covered = 0;
      for (TensorInfo tensor : ordered) {
        long begin = tensor.offset() - dataOffset;
        if (begin != covered) {
          throw tensor.error(
              "data_offsets",
              "a begin of " + begin,
              covered + (begin < covered ? " (tensors overlap)" : " (a gap before it)"));
        }
        covered = end(tensor);
      }
      if (covered != dataBytes) {
        throw new FileFormatException(
            file, "data", dataBytes + " bytes", covered + " bytes, which the tensors cover");
      }
    }

    private long end(TensorInfo tensor) {
      return tensor.offset() - dataOffset + TensorInfo.size(tensor.shape(), tensor.type());
    }

    private List<Long> integers(String field) throws IOException {
      require(JsonToken.START_ARRAY, field, "an array of integers");
      List<Long> numbers = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        numbers.add(integer(field));
      }
      return List.copyOf(numbers);
    }

    private long integer(String field) throws IOException {
      String text = Json.text(parser);
      if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT) {
        try {
          long number = Long.parseLong(text);
          if (number >= 0) {
            return number;
          }
        } catch (NumberFormatException e) {
          throw new FileFormatException(file, field, text, "integers from 0 to 2^63 - 1", e);
        }
      }
      throw new FileFormatException(file, field, text, "integers from 0 to 2^63 - 1");
    }

    /** Moves to the next token, which must be this one. */
    private void require(JsonToken token, String field, String expected) throws IOException {
      if (parser.nextToken() != token) {
        throw new FileFormatException(file, field, Json.text(parser), expected);
      }
    }
  }
}
