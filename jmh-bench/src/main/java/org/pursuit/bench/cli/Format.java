package org.pursuit.bench.cli;

import java.util.Locale;

/** Numbers as the commands print them, whatever the user's locale. */
final class Format {
  private Format() {}

  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** A number and its noun, in the plural by an s unless it is 1. */
  static String count(long number, String noun) {
    return count(number) + " " + noun + (number == 1 ? "" : "s");
  }

  static String decimal(double number, int digits) {
    return String.format(Locale.ROOT, "%,." + digits + "f", number);
  }

  /** A rate without a meaningless fraction. */
  static String rate(double perSecond) {
    return decimal(perSecond, perSecond < 10 ? 2 : perSecond < 100 ? 1 : 0);
  }

  static String percent(double fraction) {
    return decimal(100 * fraction, 1) + " %";
  }

  static String scientific(double number) {
    return String.format(Locale.ROOT, "%.1e", number);
  }

  /** A size in bytes, in binary units. */
  static String bytes(long bytes) {
    if (bytes >= 1L << 30) {
      return decimal(bytes / (double) (1L << 30), 1) + " GiB";
    }
    return count(bytes >> 20) + " MiB";
  }

  /** An unexplained fraction; undefined where the rows are constant or not finite. */
  static String fvu(double fvu) {
    if (!Double.isFinite(fvu)) {
      return "undefined";
    }
    boolean plain = fvu == 0 || (fvu >= 1e-4 && fvu < 1e4);
    return String.format(Locale.ROOT, plain ? "%.6f" : "%.3e", fvu);
  }
}
