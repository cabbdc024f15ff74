package org.pursuit.support;

import java.util.Random;

/** The seed of all random inputs: {@code -Dpursuit.seed=…}, or a fixed one. */
public final class Seed {
  /** System property that sets the seed. */
  public static final String PROPERTY = "pursuit.seed";

  private static final long VALUE = Long.getLong(PROPERTY, 20_250_917L);

  static {
    if (System.getProperty(PROPERTY) != null) {
      System.out.println(rerun());
    }
  }

  private Seed() {}

  /** Random numbers that depend on the seed and on {@code salt}, which tells uses apart. */
  public static Random random(long salt) {
    return new Random(VALUE * 0x9e3779b97f4a7c15L + salt);
  }

  /** How to repeat this run, on an emulated device with its threads in the same order. */
  static String rerun() {
    String threads = System.getenv("SIMT_SEED");
    return "inputs drawn with -D"
        + PROPERTY
        + "="
        + VALUE
        + (threads == null ? "" : ", threads of the emulator ordered by SIMT_SEED=" + threads);
  }
}
