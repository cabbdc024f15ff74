package org.pursuit.natives;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/** The jar as it was packed, and the folder of CMake's intermediate files. */
final class NativeJar {
  static final String IMAGES = "org/pursuit/natives/images/";
  static final String BRIDGE = "org/pursuit/natives/bridge/libpursuit-cublas-bridge.so";

  private NativeJar() {}

  /** All files but those below META-INF, by name. */
  static Map<String, byte[]> files() {
    Map<String, byte[]> files = new TreeMap<>();
    try (JarFile jar = new JarFile(System.getProperty("pursuit.native.jar"))) {
      for (JarEntry entry : jar.stream().toList()) {
        if (!entry.isDirectory() && !entry.getName().startsWith("META-INF/")) {
          try (InputStream in = jar.getInputStream(entry)) {
            files.put(entry.getName(), in.readAllBytes());
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return files;
  }

  /**
   * A file that a machine without the tools to make it does not pack: then the test is skipped,
   * unless {@code -Dpursuit.requireNative=bridge,images} asks for it.
   *
   * @param part "bridge" or "images"
   */
  static byte[] packed(String name, String part) {
    byte[] file = files().get(name);
    boolean required =
        List.of(System.getProperty("pursuit.requireNative", "").split(",")).contains(part);
    if (file == null && required) {
      throw new AssertionError(name + " was not packed, and -Dpursuit.requireNative names " + part);
    }
    assumeTrue(file != null, "this machine did not build the " + part);
    return file;
  }

  /** Where CMake keeps what it makes on the way. */
  static Path work() {
    return Path.of(System.getProperty("pursuit.native.tree"), "native-build");
  }
}
