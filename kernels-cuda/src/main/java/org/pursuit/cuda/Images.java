package org.pursuit.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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

  /** A fat binary begins with this, its version, and the lengths of its header and its body. */
  private static final int FATBIN_MAGIC = 0xba55ed50;

  private static final int FATBIN_HEADER_AT = 6;
  private static final int FATBIN_BODY_AT = 8;
  private static final int FATBIN_HEADER = 16;

  private final Path folder;

  private Images(Path folder) {
    this.folder = folder;
  }

  /** The images that this JVM is to use. */
  static Images chosen() {
    String folder = System.getProperty(PROPERTY);
    return folder == null ? new Images(null) : in(Path.of(folder));
  }

  /** The images in a folder. */
  static Images in(Path folder) {
    return new Images(folder);
  }

  /** The manifest, or null when there is none: this build has no images. */
  Manifest manifest() {
    byte[] json = read(MANIFEST);
    return json == null ? null : Manifest.parse(json, where(MANIFEST));
  }

  /**
   * The image of a family.
   *
   * @throws IllegalStateException if it is missing or truncated
   */
  byte[] image(String family) {
    String file = family + ".fatbin";
    byte[] image = read(file);
    if (image == null) {
      throw new IllegalStateException("the kernels' image " + where(file) + " is missing");
    }
    requireWhole(image, where(file));
    return image;
  }

  /** The driver would read on beyond a truncated image, for it is told no length. */
  static void requireWhole(byte[] image, String where) {
    ByteBuffer header = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    if (image.length >= Integer.BYTES && header.getInt(0) != FATBIN_MAGIC) {
      return;
    }
    long expected =
        image.length < FATBIN_HEADER
            ? FATBIN_HEADER
            : header.getShort(FATBIN_HEADER_AT) + header.getLong(FATBIN_BODY_AT);
    if (image.length != expected) {
      throw new IllegalStateException(
          "the kernels' image "
              + where
              + " is damaged: expected "
              + expected
              + " bytes, found "
              + image.length);
    }
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
