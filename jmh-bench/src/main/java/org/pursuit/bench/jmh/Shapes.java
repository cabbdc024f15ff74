package org.pursuit.bench.jmh;

import java.util.Arrays;

/** Shapes as benchmark parameters write them: sizes joined by {@code x}. */
final class Shapes {
  private Shapes() {}

  /**
   * The sizes of a shape.
   *
   * @param names what the sizes are, joined by {@code x} in the same way
   */
  static int[] parse(String shape, String names) {
    try {
      int[] sizes = Arrays.stream(shape.split("x", -1)).mapToInt(Integer::parseInt).toArray();
      if (sizes.length == names.split("x", -1).length
          && Arrays.stream(sizes).allMatch(s -> s > 0)) {
        return sizes;
      }
    } catch (NumberFormatException e) {
      // The message below says what was expected.
    }
    throw new IllegalArgumentException(
        "shape: expected positive numbers " + names + ", found " + shape);
  }
}
