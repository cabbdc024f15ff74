import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs google-java-format over every Java file below the working directory, build output excepted.
 * {@code check} names the files it would change, and fails if there are any; {@code apply} changes
 * them.
 */
class Format {
  public static void main(String[] args) throws IOException, InterruptedException {
    boolean check = args[0].equals("check");
    Path formatter = Path.of(args[1]);

    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-jar", formatter.toString()));
    command.addAll(check ? List.of("--dry-run", "--set-exit-if-changed") : List.of("--replace"));
    // A list in a file, for command lines have a length limit.
    Path list = formatter.resolveSibling("files.txt");
    Files.write(list, javaFiles(Path.of("")));
    command.add("@" + list);

    int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (check && exit != 0) {
      System.err.println(
          "The Java files above are not formatted. Cure: mvn -q -N -Pformat process-sources");
    }
    System.exit(exit);
  }

  private static List<String> javaFiles(Path root) throws IOException {
    List<String> files = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            boolean output = dir.endsWith("target") || dir.endsWith(".git");
            return output ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java")) {
              files.add(file.toString());
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return files;
  }
}
