package org.pursuit.bench.support;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Which build of the project this is. */
public final class Build {
  private static final Properties PROPERTIES = read();

  private Build() {}

  /** The project's version. */
  public static String version() {
    return PROPERTIES.getProperty("version");
  }

  /**
   * The commit that was built, "+" behind it if files had been changed since; "unknown" where the
   * sources did not lie in a git checkout.
   */
  public static String commit() {
    return PROPERTIES.getProperty("commit");
  }

  private static Properties read() {
    Properties properties = new Properties();
    try (InputStream file = Build.class.getResourceAsStream("build.properties")) {
      properties.load(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties;
  }
}
