package org.pursuit.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The kernels' images and their manifest: those packed in pursuit-native, or those in the folder
 * that the system property {@value #PROPERTY} names.
 */
final class Images {
  /** System property: a folder of images that replaces the packed ones. */
  static final String PROPERTY = "pursuit.cuda.images";

  static final String MANIFEST = "manifest.json";

  private static final String PACKED = "org/pursuit/natives/images/";

  private final Path folder;

  private Images(Path folder) {
    this.folder = folder;
  }

  /** The images that this JVM is to use. */
  static Images chosen() {
    String folder = System.getProperty(PROPERTY);
    return new Images(folder == null ? null : Path.of(folder));
  }

  /** The manifest, or null when there is none: this build has no images. */
  Manifest manifest() {
    byte[] json = read(MANIFEST);
    return json == null ? null : Manifest.parse(json, where(MANIFEST));
  }

  /** The image of a family; null when there is none. */
  byte[] image(String family) {
    return read(family + ".fatbin");
  }

  /** Where a file of that name would lie, for messages. */
  String where(String file) {
    return folder == null ? "pursuit-native's " + PACKED + file : folder.resolve(file).toString();
  }

  private byte[] read(String file) {
    try {
      if (folder != null) {
        Path path = folder.resolve(file);
        return Files.exists(path) ? Files.readAllBytes(path) : null;
      }
      try (InputStream in = Images.class.getClassLoader().getResourceAsStream(PACKED + file)) {
        return in == null ? null : in.readAllBytes();
      }
    } catch (IOException e) {
      throw new IllegalStateException(where(file) + " cannot be read: " + e, e);
    }
  }
}
