package org.pursuit.io;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.pursuit.data.DType;

/**
 * What a file says about one of its tensors.
 *
 * @param file the file
 * @param name the tensor's name, empty in a .npy file
 * @param container the file's format
 * @param type how its elements are encoded
 * @param spelling the file's own word for that encoding
 * @param fortranOrder whether columns are contiguous
 * @param shape the lengths of its dimensions
 * @param offset where its data begin in the file, or in the archive's member
 */
record TensorInfo(
    Path file,
    String name,
    Container container,
    ElementType type,
    String spelling,
    boolean fortranOrder,
    List<Long> shape,
    long offset) {
  /** The format of the file, as far as messages depend on it. */
  enum Container {
    NUMPY("descr"),
    SAFETENSORS("dtype");

    private final String typeField;

    Container(String typeField) {
      this.typeField = typeField;
    }

    private String spell(ElementType type) {
      return this == NUMPY ? type.descr().map(d -> "'" + d + "'").orElse("") : type.name();
    }
  }

  DType dtype() {
    return type.dtype().orElseThrow();
  }

  /** Number of elements; {@link #size} has proved that it fits. */
  long elements() {
    return shape.stream().reduce(1L, (a, b) -> a * b);
  }

  long rows() {
    return shape.getFirst();
  }

  int columns() {
    return Math.toIntExact(shape.getLast());
  }

  /** The data's bytes. */
  long bytes() {
    return elements() * type.bytes();
  }

  /** Names a part of this tensor's description for a message. */
  String field(String what) {
    return name.isEmpty() ? what : what + " of tensor " + name;
  }

  FileFormatException error(String what, String found, String expected) {
    return new FileFormatException(file, field(what), found, expected);
  }

  /** This, if it is a row-major matrix of floating-point elements. */
  TensorInfo requireMatrix() throws FileFormatException {
    requireDimensions(2, "2 dimensions [rows, columns]");
    if (shape.getLast() > Integer.MAX_VALUE) {
      throw error("shape", shape.toString(), "at most " + Integer.MAX_VALUE + " columns");
    }
    requireType(ElementType.F32, ElementType.F16, ElementType.BF16);
    return requireRowMajor();
  }

  /** This, if it is a vector of floating-point elements. */
  TensorInfo requireVector() throws FileFormatException {
    requireDimensions(1, "1 dimension [length]");
    requireType(ElementType.F32, ElementType.F16, ElementType.BF16);
    return requireRowMajor();
  }

  /** This, if it has exactly this element type and shape. */
  TensorInfo require(ElementType expected, Long... lengths) throws FileFormatException {
    requireShape(lengths);
    requireType(expected);
    return requireRowMajor();
  }

  /** This, if it has exactly this shape. */
  TensorInfo requireShape(Long... lengths) throws FileFormatException {
    if (!shape.equals(List.of(lengths))) {
      throw error("shape", shape.toString(), List.of(lengths).toString());
    }
    return this;
  }

  /** The number of elements, if a Java array can hold them. */
  int requireArray() throws FileFormatException {
    long elements = elements();
    if (elements > Integer.MAX_VALUE - 8) {
      throw error(
          "shape",
          shape + " with " + elements + " elements",
          "fewer than 2^31 elements, the most that one array holds");
    }
    return (int) elements;
  }

  private void requireDimensions(int dimensions, String expected) throws FileFormatException {
    if (shape.size() != dimensions) {
      throw error("shape", shape.toString(), expected);
    }
  }

  private void requireType(ElementType... accepted) throws FileFormatException {
    List<ElementType> types = List.of(accepted);
    if (!types.contains(type)) {
      String expected =
          types.stream()
              .map(container::spell)
              .filter(word -> !word.isEmpty())
              .collect(Collectors.joining(" or "));
      throw error(container.typeField, spelling, expected);
    }
  }

  private TensorInfo requireRowMajor() throws FileFormatException {
    if (fortranOrder) {
      throw error("fortran_order", "True", "False (row-major data)");
    }
    return this;
  }

  /**
   * The bytes of a tensor that is still being described.
   *
   * @throws ArithmeticException if they exceed 2<sup>63</sup> − 1, or are not whole bytes
   */
  static long size(List<Long> shape, ElementType type) {
    long bits = type.bits();
    for (long length : shape) {
      bits = Math.multiplyExact(bits, length);
    }
    if (bits % 8 != 0) {
      throw new ArithmeticException("not whole bytes");
    }
    return bits / 8;
  }

  @Override
  public String toString() {
    return (name + " " + spelling + " " + shape).strip();
  }
}
