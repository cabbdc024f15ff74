package org.pursuit.io;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file whose contents break the rules of its format, or do not fit what was asked of it.
 *
 * <p>The message reads {@code FILE: FIELD: found WHAT, expected WHAT}.
 */
public final class FileFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String file;
  private final String field;

  /**
   * @param file the file at fault
   * @param field the part of it at fault, such as {@code shape of tensor W_enc}
   * @param found what that part holds
   * @param expected what it should hold
   */
  public FileFormatException(Path file, String field, String found, String expected) {
    super(file + ": " + field + ": found " + found + ", expected " + expected);
    this.file = file.toString();
    this.field = field;
  }

  FileFormatException(Path file, String field, String found, String expected, Throwable cause) {
    this(file, field, found, expected);
    initCause(cause);
  }

  /** The file at fault. */
  public Path file() {
    return Path.of(file);
  }

  /** The part of the file at fault. */
  public String field() {
    return field;
  }
}
