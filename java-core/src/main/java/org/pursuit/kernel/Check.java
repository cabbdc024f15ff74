package org.pursuit.kernel;

import org.pursuit.data.Codes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.Handle;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.RowSparseMatrix;

/** The checks of kernel arguments: one wording for all backends. */
final class Check {
  private final Memory memory;

  Check(Memory memory) {
    this.memory = memory;
  }

  /** A required handle that is open and of this backend. */
  void handle(Handle handle, String name) {
    required(handle, name);
    usable(handle.isClosed(), handle.memory(), handle, name);
  }

  /** Optional numbers: null, or open, of this backend and {@code expected} long. */
  void optional(Floats floats, long expected, String name) {
    if (floats != null) {
      handle(floats, name);
      length(floats.length(), expected, name);
    }
  }

  /** Optional integers: null, or open, of this backend and {@code expected} long. */
  void optional(Ints ints, long expected, String name) {
    if (ints != null) {
      handle(ints, name);
      length(ints.length(), expected, name);
    }
  }

  /** An optional mask: null, or open, of this backend and {@code expected} long. */
  void optional(Mask mask, long expected, String name) {
    if (mask != null) {
      handle(mask, name);
      length(mask.length(), expected, name);
    }
  }

  /** Optional integers: null, or open, of this backend and {@code expected} long. */
  void optional(Longs longs, long expected, String name) {
    if (longs != null) {
      vector(longs, expected, name);
    }
  }

  /** Required numbers of the given length. */
  void vector(Floats floats, long length, String name) {
    handle(floats, name);
    length(floats.length(), length, name);
  }

  /** Required integers of the given length. */
  void vector(Ints ints, long length, String name) {
    handle(ints, name);
    length(ints.length(), length, name);
  }

  /** Required integers of the given length. */
  void vector(Longs longs, long length, String name) {
    handle(longs, name);
    length(longs.length(), length, name);
  }

  /** A required mask of the given length. */
  void vector(Mask mask, long length, String name) {
    handle(mask, name);
    length(mask.length(), length, name);
  }

  void codes(Codes codes, String name) {
    required(codes, name);
    usable(codes.isClosed(), codes.memory(), codes, name);
  }

  /** A required row-sparse matrix of the given shape. */
  void rowSparse(RowSparseMatrix matrix, int rows, int columns, String name) {
    required(matrix, name);
    usable(matrix.isClosed(), matrix.memory(), matrix, name);
    shape(matrix.rows(), matrix.columns(), rows, columns, name);
  }

  void gram(Gram gram, String name) {
    required(gram, name);
    usable(gram.isClosed(), gram.memory(), gram, name);
  }

  /** A required matrix of the given shape. */
  void matrix(Matrix matrix, int rows, int columns, String name) {
    handle(matrix, name);
    shape(matrix.rows(), matrix.columns(), rows, columns, name);
  }

  /** An optional matrix: null, or open, of this backend and of the given shape. */
  void optional(Matrix matrix, int rows, int columns, String name) {
    if (matrix != null) {
      matrix(matrix, rows, columns, name);
    }
  }

  /** An optional row-sparse matrix: null, or open, of this backend and of the given shape. */
  void optional(RowSparseMatrix matrix, int rows, int columns, String name) {
    if (matrix != null) {
      rowSparse(matrix, rows, columns, name);
    }
  }

  /** A required matrix with the given number of columns. */
  void columns(Matrix matrix, int columns, String name) {
    handle(matrix, name);
    if (matrix.columns() != columns) {
      throw new IllegalArgumentException(
          name
              + ": expected [rows, "
              + columns
              + "], found ["
              + matrix.rows()
              + ", "
              + matrix.columns()
              + "]");
    }
  }

  /** Totals that are not the counts of the codes they go with; null is apart from all. */
  static void totals(Ints totals, FixedWidthCodes out) {
    if (totals != null && totals == out.counts()) {
      throw new IllegalArgumentException("totals: expected others than the counts of out");
    }
  }

  /** An output that is the input itself, or shares no element with it. */
  static void sameOrApart(Matrix out, String outName, Matrix in, String inName) {
    if (!out.isSameAs(in)) {
      apart(out, outName, in, inName);
    }
  }

  /** An output that shares no element with an input. */
  static void apart(Matrix out, String outName, Matrix in, String inName) {
    if (out.overlaps(in)) {
      throw new IllegalArgumentException(
          outName + ": expected elements apart from those of " + inName);
    }
  }

  void shape(int foundRows, int foundColumns, int rows, int columns, String name) {
    if (foundRows != rows || foundColumns != columns) {
      throw new IllegalArgumentException(
          name
              + ": expected ["
              + rows
              + ", "
              + columns
              + "], found ["
              + foundRows
              + ", "
              + foundColumns
              + "]");
    }
  }

  void length(long found, long expected, String name) {
    if (found != expected) {
      throw new IllegalArgumentException(
          name + ": expected [" + expected + "], found [" + found + "]");
    }
  }

  static void required(Object argument, String name) {
    if (argument == null) {
      throw new IllegalArgumentException(name + ": expected a value, found null");
    }
  }

  /** Any number, infinite ones too, but not NaN. */
  static void number(float value, String name) {
    if (Float.isNaN(value)) {
      throw new IllegalArgumentException(name + ": expected a number, found NaN");
    }
  }

  static void fraction(float value, String name) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(name + ": expected 0 to 1, found " + value);
    }
  }

  static void notNegative(float value, String name) {
    if (!(value >= 0 && value < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          name + ": expected a finite number of 0 or more, found " + value);
    }
  }

  static void notNegative(long value, String name) {
    if (value < 0) {
      throw new IllegalArgumentException(name + ": expected 0 or more, found " + value);
    }
  }

  /** Two things of which at most one is given. */
  static void either(Object one, String oneName, Object other, String otherName) {
    if (one != null && other != null) {
      throw new IllegalArgumentException(
          otherName + ": expected null where " + oneName + " is given");
    }
  }

  /** Output codes that are others than the input. */
  static void other(Codes out, Codes in, String inName) {
    if (out == in) {
      throw new IllegalArgumentException("out: expected other codes than " + inName);
    }
  }

  static void atLeast(int found, long least, String name, String what) {
    if (found < least) {
      throw new IllegalArgumentException(
          name + ": expected at least " + least + " " + what + ", found " + found);
    }
  }

  /** An optional output that is another handle than an input. */
  static void other(Floats out, String outName, Floats in, String inName) {
    if (out != null && out == in) {
      throw new IllegalArgumentException(
          outName + ": expected other numbers than those of " + inName);
    }
  }

  /** An optional output that shares no element with an input. */
  static void optionalApart(Matrix out, String outName, Matrix in, String inName) {
    if (out != null) {
      apart(out, outName, in, inName);
    }
  }

  /** An optional output of some rows that shares no element with an input. */
  static void optionalApart(RowSparseMatrix out, String outName, Matrix in, String inName) {
    if (out != null) {
      apart(out.elements(), outName, in, inName);
    }
  }

  /** A block of columns that {@code all} columns hold. */
  static void block(int first, int columns, long all, String name) {
    if (columns < 0 || (long) first + columns > all) {
      throw new IllegalArgumentException(
          name
              + ": expected columns up to "
              + all
              + ", found "
              + columns
              + " from "
              + first
              + " on");
    }
  }

  static void range(int value, int low, int high, String name) {
    if (value < low || value > high) {
      throw new IllegalArgumentException(
          name + ": expected " + low + " to " + high + ", found " + value);
    }
  }

  static void tolerance(float tolerance, String name) {
    if (!(tolerance >= 0 && tolerance < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          name + ": expected a finite number of 0 or more, found " + tolerance);
    }
  }

  private void usable(boolean closed, Memory owner, Object handle, String name) {
    if (closed) {
      throw new IllegalStateException(name + ": " + handle + " is closed");
    }
    if (owner != memory) {
      throw new IllegalStateException(
          name
              + ": "
              + handle
              + " belongs to another backend ("
              + owner.name()
              + ", not this "
              + memory.name()
              + ")");
    }
  }
}
