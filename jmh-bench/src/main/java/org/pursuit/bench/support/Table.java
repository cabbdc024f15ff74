package org.pursuit.bench.support;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Text in aligned columns, two spaces apart. */
public final class Table {
  private final boolean[] right;
  private final List<String[]> rows = new ArrayList<>();

  /**
   * A table without rows.
   *
   * @param alignment a letter for each column: {@code l} for left, {@code r} for right
   */
  public Table(String alignment) {
    right = new boolean[alignment.length()];
    for (int column = 0; column < right.length; column++) {
      right[column] = alignment.charAt(column) == 'r';
    }
  }

  /** Adds a row; returns this. */
  public Table row(String... cells) {
    if (cells.length != right.length) {
      throw new IllegalArgumentException(
          "cells: expected " + right.length + ", found " + cells.length);
    }
    rows.add(cells);
    return this;
  }

  /** Prints the rows, each after {@code indent}. */
  public void print(PrintWriter out, String indent) {
    int[] widths = new int[right.length];
    for (String[] row : rows) {
      for (int column = 0; column < widths.length; column++) {
        widths[column] = Math.max(widths[column], row[column].length());
      }
    }
    for (String[] row : rows) {
      StringBuilder line = new StringBuilder(indent);
      for (int column = 0; column < widths.length; column++) {
        String padding = " ".repeat(widths[column] - row[column].length());
        line.append(column == 0 ? "" : "  ");
        line.append(right[column] ? padding + row[column] : row[column] + padding);
      }
      out.println(line.toString().stripTrailing());
    }
  }
}
