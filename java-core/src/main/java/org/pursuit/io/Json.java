package org.pursuit.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;

/** The JSON dialects of the files: strict, and with the non-finite numbers that Python writes. */
final class Json {
  private static final JsonFactory STRICT =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
  private static final JsonFactory PYTHON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .build();

  private Json() {}

  /** A parser that rejects duplicate names. */
  static JsonParser parser(String json) throws IOException {
    return STRICT.createParser(json);
  }

  static JsonGenerator generator(Writer target) throws IOException {
    return STRICT.createGenerator(target);
  }

  /** The current token for a message. */
  static String text(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case null -> "the end";
      case START_OBJECT -> "an object";
      case START_ARRAY -> "an array";
      case VALUE_STRING -> '"' + parser.getText() + '"';
      default -> parser.getText();
    };
  }

  /**
   * The strings, numbers and booleans of an object written by Python, as text under the names that
   * lead to them, joined by dots. Arrays and nulls are left out; the result is {@code null} where
   * the text is not one object.
   */
  static Map<String, String> scalars(String json) throws IOException {
    try (JsonParser parser = PYTHON.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        return null;
      }
      Map<String, String> scalars = new LinkedHashMap<>();
      Deque<String> prefixes = new ArrayDeque<>();
      String prefix = "";
      while (true) {
        switch (parser.nextToken()) {
          case START_OBJECT -> {
            prefixes.push(prefix);
            prefix = prefix + parser.currentName() + ".";
          }
          case END_OBJECT -> {
            if (prefixes.isEmpty()) {
              return parser.nextToken() == null ? scalars : null;
            }
            prefix = prefixes.pop();
          }
          case START_ARRAY -> parser.skipChildren();
          case FIELD_NAME, VALUE_NULL -> {}
          default -> scalars.put(prefix + parser.currentName(), parser.getText());
        }
      }
    }
  }
}
