package org.pursuit.io;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Parses the Python literals that occur in a .npy header: a dictionary of strings, booleans,
 * integers and nested tuples or lists. They become {@code Map}, {@code String}, {@code Boolean},
 * {@code Long} and {@code List}.
 */
final class PythonLiteral {
  private static final int MAX_DEPTH = 32;

  private final String text;
  private int at;

  private PythonLiteral(String text) {
    this.text = text;
  }

  /**
   * Parses a dictionary that may be followed by white space only.
   *
   * @throws IllegalArgumentException with the reason, if {@code text} is none
   */
  static Map<String, Object> parseDictionary(String text) {
    PythonLiteral literal = new PythonLiteral(text);
    Map<String, Object> dictionary = literal.dictionary();
    if (literal.peek() != '\0') {
      throw literal.unexpected("the end");
    }
    return dictionary;
  }

  private Map<String, Object> dictionary() {
    Map<String, Object> entries = new LinkedHashMap<>();
    expect('{');
    while (peek() != '}') {
      String key = string();
      expect(':');
      if (entries.put(key, value(0)) != null) {
        throw new IllegalArgumentException("'" + key + "' twice");
      }
      if (peek() != '}') {
        expect(',');
      }
    }
    expect('}');
    return entries;
  }

  private Object value(int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException("more than " + MAX_DEPTH + " nested brackets");
    }
    return switch (peek()) {
      case '\'', '"' -> string();
      case '(' -> sequence(')', depth);
      case '[' -> sequence(']', depth);
      case 'T' -> word("True", true);
      case 'F' -> word("False", false);
      default -> integer();
    };
  }

  private List<Object> sequence(char end, int depth) {
    List<Object> items = new ArrayList<>();
    at++;
    while (peek() != end) {
      items.add(value(depth + 1));
      if (peek() != end) {
        expect(',');
      }
    }
    at++;
    return items;
  }

  private String string() {
    char quote = peek();
    if (quote != '\'' && quote != '"') {
      throw unexpected("a quoted string");
    }
    int end = text.indexOf(quote, at + 1);
    if (end < 0) {
      throw new IllegalArgumentException("a string without its closing quote");
    }
    String content = text.substring(at + 1, end);
    at = end + 1;
    return content;
  }

  private Boolean word(String word, boolean value) {
    if (!text.startsWith(word, at)) {
      throw unexpected(word);
    }
    at += word.length();
    return value;
  }

  /** An integer; Python 2 ends a long one in {@code L}. */
  private Long integer() {
    int start = at;
    if (peek() == '-') {
      at++;
    }
    while (at < text.length() && Character.digit(text.charAt(at), 10) >= 0) {
      at++;
    }
    String digits = text.substring(start, at);
    if (digits.isEmpty()) {
      throw unexpected("a value");
    }
    if (at < text.length() && text.charAt(at) == 'L') {
      at++;
    }
    try {
      return Long.valueOf(digits);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("the number " + digits + ", which exceeds 64 bits", e);
    }
  }

  private void expect(char c) {
    if (peek() != c) {
      throw unexpected("'" + c + "'");
    }
    at++;
  }

  /** The next character that is no white space; NUL at the end. */
  private char peek() {
    while (at < text.length() && " \n\t\r".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : '\0';
  }

  private IllegalArgumentException unexpected(String expected) {
    String here = at < text.length() ? "'" + text.charAt(at) + "'" : "the end";
    return new IllegalArgumentException(here + " at " + at + " in place of " + expected);
  }
}
