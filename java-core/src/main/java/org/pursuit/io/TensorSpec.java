package org.pursuit.io;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Name, element type and shape of a tensor that a {@link SafetensorsWriter} shall write. */
public final class TensorSpec {
  private final String name;
  private final ElementType type;
  private final List<Long> shape;
  private final long elements;

  private TensorSpec(String name, ElementType type, long[] lengths) {
    this.name = Objects.requireNonNull(name, "name");
    this.type = type;
    List<Long> shape = new ArrayList<>();
    for (long length : lengths) {
      if (length < 0) {
        throw new IllegalArgumentException(
            "shape of " + name + ": found length " + length + ", expected at least 0");
      }
      shape.add(length);
    }
    this.shape = List.copyOf(shape);
    try {
      this.elements = TensorInfo.size(this.shape, type) / type.bytes();
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "shape of " + name + ": found " + shape + ", expected a size below 2^60 bytes", e);
    }
  }

  /** A row-major tensor of float32 elements. */
  public static TensorSpec float32(String name, long... shape) {
    return new TensorSpec(name, ElementType.F32, shape);
  }

  /** A row-major tensor of signed 32-bit integers. */
  public static TensorSpec int32(String name, long... shape) {
    return new TensorSpec(name, ElementType.I32, shape);
  }

  /** The tensor's name. */
  public String name() {
    return name;
  }

  /** The lengths of its dimensions. */
  public List<Long> shape() {
    return shape;
  }

  /** The number of its elements. */
  public long elements() {
    return elements;
  }

  ElementType type() {
    return type;
  }

  @Override
  public String toString() {
    return name + " " + type + " " + shape;
  }
}
