package org.pursuit.bench.cli;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** What the commands' output files have in common. */
final class Output {
  private Output() {}

  /** A step of writing. */
  interface Step {
    void run() throws IOException;
  }

  /** Runs a step; a failure such as a full disk then names the file. */
  static void writing(Path path, Step step) throws IOException {
    try {
      step.run();
    } catch (FileSystemException e) {
      throw e;
    } catch (IOException e) {
      throw new IOException(path + ": " + e.getMessage(), e);
    }
  }

  /** Refuses to replace a file that is read. */
  static void requireOther(Path path, List<Path> read, CommandLine command) throws IOException {
    for (Path file : read) {
      if (Files.exists(path) && Files.exists(file) && Files.isSameFile(path, file)) {
        throw new ParameterException(command, "--output: " + path + " is read by this command");
      }
    }
  }

  /** Refuses a name whose extension would keep the file from being read again. */
  static void requireExtension(Path path, String extension, CommandLine command) {
    if (!path.toString().toLowerCase(Locale.ROOT).endsWith(extension)) {
      throw new ParameterException(
          command, "--output: expected a name that ends in " + extension + ", found " + path);
    }
  }
}
