package org.pursuit.bench.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the constants of an enum as an option's value: {@code AS_IS} is spelt {@code as-is}. */
final class Words<E extends Enum<E>> implements ITypeConverter<E> {
  private final Class<E> type;

  Words(Class<E> type) {
    this.type = type;
  }

  @Override
  public E convert(String value) {
    for (E constant : type.getEnumConstants()) {
      if (spell(constant).equals(value)) {
        return constant;
      }
    }
    String words =
        Arrays.stream(type.getEnumConstants()).map(Words::spell).collect(Collectors.joining(", "));
    throw new TypeConversionException("expected one of " + words + "; found '" + value + "'");
  }

  static String spell(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
