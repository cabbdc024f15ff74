package org.pursuit.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A file under a temporary name beside its target. {@link #commit} renames it atomically; without
 * that it is deleted by {@link #close}, or when the JVM shuts down.
 */
final class PartialFile implements Closeable {
  private static final Set<Path> PARTIAL = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(PartialFile::deleteAll, "pursuit-partial-files"));
  }

  private final Path target;
  private final Path partial;
  private final FileChannel channel;
  private boolean committed;

  private PartialFile(Path target, Path partial, FileChannel channel) {
    this.target = target;
    this.partial = partial;
    this.channel = channel;
  }

  /**
   * Creates the temporary file.
   *
   * @throws FileSystemException if the target's folder does not exist or is not writable, or the
   *     target exists and is no regular file
   */
  static PartialFile create(Path target) throws IOException {
    Path absolute = target.toAbsolutePath();
    checkFolder(absolute.getParent());
    if (Files.exists(absolute) && !Files.isRegularFile(absolute)) {
      throw new FileSystemException(target.toString(), null, "the output is no regular file");
    }
    String name = absolute.getFileName() + "." + UUID.randomUUID() + ".partial";
    Path partial = absolute.resolveSibling(name);
    PARTIAL.add(partial);
    try {
      FileChannel channel =
          FileChannel.open(partial, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
      return new PartialFile(absolute, partial, channel);
    } catch (Throwable t) {
      PARTIAL.remove(partial);
      throw t;
    }
  }

  private static void checkFolder(Path folder) throws IOException {
    if (folder == null || !Files.exists(folder)) {
      throw new NoSuchFileException(
          String.valueOf(folder), null, "the output's folder does not exist");
    }
    if (!Files.isDirectory(folder)) {
      throw new FileSystemException(folder.toString(), null, "the output's folder is no directory");
    }
    if (!Files.isWritable(folder)) {
      throw new AccessDeniedException(
          folder.toString(), null, "the output's folder is not writable");
    }
  }

  FileChannel channel() {
    return channel;
  }

  boolean isCommitted() {
    return committed;
  }

  /** Forces the contents to the device and gives them the target's name. */
  void commit() throws IOException {
    channel.force(true);
    channel.close();
    Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    committed = true;
    PARTIAL.remove(partial);
  }

  @Override
  public void close() throws IOException {
    if (committed) {
      return;
    }
    try (channel) {
      Files.deleteIfExists(partial);
    } finally {
      PARTIAL.remove(partial);
    }
  }

  private static void deleteAll() {
    for (Path partial : PARTIAL) {
      try {
        Files.deleteIfExists(partial);
      } catch (IOException e) {
        System.getLogger(PartialFile.class.getName())
            .log(System.Logger.Level.WARNING, "could not delete " + partial, e);
      }
    }
  }
}
