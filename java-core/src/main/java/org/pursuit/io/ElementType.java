package org.pursuit.io;

import java.util.Optional;
import org.pursuit.data.DType;

/**
 * How the elements of a stored tensor are encoded, all little-endian. Only {@link #F32}, {@link
 * #F16}, {@link #BF16} and {@link #I32} are read; the others are known so that the sizes in a
 * safetensors header can be checked and a message can name them.
 */
enum ElementType {
  F32(32, "<f4", DType.F32),
  F16(16, "<f2", DType.F16),
  BF16(16, null, DType.BF16),
  I32(32, "<i4", null),
  F64(64),
  C64(64),
  I64(64),
  U64(64),
  U32(32),
  I16(16),
  U16(16),
  I8(8),
  U8(8),
  BOOL(8),
  F8_E4M3(8),
  F8_E5M2(8),
  F8_E8M0(8),
  F8_E4M3FNUZ(8),
  F8_E5M2FNUZ(8),
  F6_E2M3(6),
  F6_E3M2(6),
  F4(4),
  /** An element type of a .npy file that is not read and whose size is not known. */
  OTHER(0);

  private final int bits;
  private final String descr;
  private final DType dtype;

  ElementType(int bits) {
    this(bits, null, null);
  }

  ElementType(int bits, String descr, DType dtype) {
    this.bits = bits;
    this.descr = descr;
    this.dtype = dtype;
  }

  int bits() {
    return bits;
  }

  int bytes() {
    return bits / 8;
  }

  /** The matrix format in which these elements are stored; empty where a matrix has none such. */
  Optional<DType> dtype() {
    return Optional.ofNullable(dtype);
  }

  /** The spelling in a .npy header; empty for types that NumPy lacks or that are not read. */
  Optional<String> descr() {
    return Optional.ofNullable(descr);
  }

  static Optional<ElementType> ofSafetensors(String name) {
    for (ElementType type : values()) {
      if (type != OTHER && type.name().equals(name)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  static ElementType ofDescr(String descr) {
    for (ElementType type : values()) {
      if (descr.equals(type.descr)) {
        return type;
      }
    }
    return OTHER;
  }
}
