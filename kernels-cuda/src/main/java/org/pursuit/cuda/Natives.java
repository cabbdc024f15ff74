package org.pursuit.cuda;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Native libraries that lie in jars. They are copied to a folder of this process that nobody else
 * may write to, loaded, and removed again.
 *
 * <p>Left to itself JCuda copies its libraries to fixed names in {@code java.io.tmpdir}, and trusts
 * what already lies there. It reads that property while its classes initialise, and only then: for
 * that moment it points at the private folder.
 */
final class Natives {
  private static final String TEMPORARY = "java.io.tmpdir";

  private Natives() {}

  /**
   * Initialises a class of JCuda's with its native library.
   *
   * @param library name of the library's file
   * @return null if it is usable now, else why not
   */
  static synchronized String initialise(Class<?> jcuda, String library) {
    return withCopy(
        jcuda,
        "/lib/" + library,
        copy -> {
          String temporary = System.getProperty(TEMPORARY);
          System.setProperty(TEMPORARY, copy.getParent().toString());
          try {
            Class.forName(jcuda.getName(), true, jcuda.getClassLoader());
            return null;
          } catch (LinkageError e) {
            return reason(e);
          } finally {
            System.setProperty(TEMPORARY, temporary);
          }
        });
  }

  /**
   * Loads a library that is no JNI library.
   *
   * @param resource its place in this class's jars
   * @return null if it is loaded now, else why not
   */
  static synchronized String load(String resource) {
    return withCopy(Natives.class, resource, copy -> SharedLibrary.problem(copy.toString()));
  }

  @FunctionalInterface
  private interface Use {
    String problem(Path copy) throws ClassNotFoundException;
  }

  private static String withCopy(Class<?> owner, String resource, Use use) {
    try {
      // The system's own default of the attributes: nobody else may enter.
      Path folder = Files.createTempDirectory("pursuit-cuda-");
      Path copy = folder.resolve(Path.of(resource).getFileName());
      try {
        copy(owner, resource, copy);
        return use.problem(copy);
      } finally {
        remove(folder, copy);
      }
    } catch (IOException | ClassNotFoundException e) {
      return e.toString();
    }
  }

  /**
   * Tries again on exit: not everywhere, on NFS for one, can a library that is loaded be removed.
   */
  private static void remove(Path folder, Path copy) {
    try {
      Files.deleteIfExists(copy);
      Files.delete(folder);
    } catch (IOException e) {
      // What is registered last is removed first.
      folder.toFile().deleteOnExit();
      copy.toFile().deleteOnExit();
    }
  }

  private static void copy(Class<?> owner, String resource, Path copy) throws IOException {
    try (InputStream in = owner.getResourceAsStream(resource)) {
      if (in == null) {
        throw new FileNotFoundException(resource + " is not on the class path");
      }
      Files.copy(in, copy);
    }
  }

  /** JCuda reports two attempts in one long text; the second one is that with our copy. */
  private static String reason(LinkageError e) {
    String text = String.valueOf(e.getMessage());
    String mark = UnsatisfiedLinkError.class.getName() + ": ";
    int at = text.lastIndexOf(mark);
    return at < 0
        ? e.toString()
        : text.substring(at + mark.length()).lines().findFirst().orElse("");
  }
}
