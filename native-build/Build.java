import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Lets Maven build the native part with CMake, where this machine can. Run in native-build:
 *
 * <ul>
 *   <li>{@code package}: configures and builds in target/cmake, and copies what belongs into the
 *       jar to target/classes;
 *   <li>{@code test FILTER}: builds the test programs and runs those of them whose name matches.
 * </ul>
 *
 * It is quiet when all is well. What is left out is said in one line each; that fails nothing,
 * because everything but the CUDA backend works without the native part.
 */
class Build {
  private static final Path TREE = Path.of("target", "cmake");
  private static final Path LOG = Path.of("target", "cmake.log");
  private static final Path JAR_FOLDER = Path.of("target", "classes", "org", "pursuit", "natives");

  /** Folders of CMake's output, and of the jar, by the ending of the files that are packed. */
  private static final Map<String, List<String>> PACKED =
      Map.of("images", List.of(".fatbin", ".json"), "bridge", List.of(".so"));

  public static void main(String[] args) throws IOException, InterruptedException {
    boolean test = args[0].equals("test");
    String missing = missing();
    if (missing != null) {
      if (!test) {
        say("left out: CUDA kernel images, cuBLAS bridge, emulator and its tests. " + missing);
        clear(JAR_FOLDER);
      }
      return;
    }
    Files.createDirectories(TREE);
    if (test && !Files.exists(TREE.resolve("CMakeCache.txt"))) {
      say("not tested: nothing was built");
    } else if (test) {
      build("checks");
      test(args[1]);
    } else {
      configure(args[1]);
      build("all");
      pack();
    }
  }

  /** What keeps this machine from building the native part, and the cure; null if nothing does. */
  private static String missing() {
    String system = System.getProperty("os.name") + " on " + System.getProperty("os.arch");
    if (!system.equals("Linux on amd64")) {
      return "They are built on Linux on amd64 only; this is " + system + ".";
    }
    List<String> tools = new ArrayList<>();
    for (List<String> choice :
        List.of(List.of("cmake"), List.of("make"), List.of(compiler(), "c++", "g++"))) {
      if (choice.stream().noneMatch(Build::onPath)) {
        tools.add(choice.getLast());
      }
    }
    return tools.isEmpty()
        ? null
        : "Not found: " + String.join(", ", tools) + ". Debian: apt install cmake make g++";
  }

  private static String compiler() {
    String named = System.getenv("CXX");
    return named == null || named.isBlank() ? "c++" : named.strip().split(" ")[0];
  }

  private static boolean onPath(String program) {
    String path = program.contains("/") ? "" : System.getenv().getOrDefault("PATH", "");
    return Stream.of(path.split(":", -1))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private static void configure(String images) throws IOException, InterruptedException {
    String root = Path.of("..").toRealPath().toString();
    run(List.of("cmake", "-S", root, "-B", TREE.toString(), "-DPURSUIT_IMAGES=" + images));
  }

  private static void build(String target) throws IOException, InterruptedException {
    run(List.of("cmake", "--build", TREE.toString(), "--parallel", jobs(), "--target", target));
  }

  private static void test(String filter) throws IOException, InterruptedException {
    run(
        List.of(
            "ctest",
            "--test-dir",
            TREE.toString(),
            "--parallel",
            jobs(),
            "--output-on-failure",
            "-R",
            filter));
    try (Stream<String> lines = Files.lines(LOG)) {
      lines.filter(line -> line.contains("tests passed")).forEach(Build::say);
    }
  }

  private static String jobs() {
    return Integer.toString(Runtime.getRuntime().availableProcessors());
  }

  /**
   * Runs a command into the log, says what is marked there; if it fails, shows the log and ends.
   */
  private static void run(List<String> command) throws IOException, InterruptedException {
    int exit =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(LOG.toFile()))
            .start()
            .waitFor();
    if (exit != 0) {
      Files.copy(LOG, System.err);
      System.err.println("native-build: failed: " + String.join(" ", command));
      System.err.println("native-build: mvn -Dnative.skip does without the CUDA backend");
      System.exit(1);
    }
    try (Stream<String> lines = Files.lines(LOG)) {
      lines
          .filter(line -> line.startsWith("-- Pursuit: "))
          .forEach(line -> say(line.substring("-- Pursuit: ".length())));
    }
  }

  /** Makes the jar's folder the same as CMake's output; files that are the same stay untouched. */
  private static void pack() throws IOException {
    for (var folder : PACKED.entrySet()) {
      Path from = TREE.resolve("out").resolve(folder.getKey());
      Path to = JAR_FOLDER.resolve(folder.getKey());
      for (Path stale : files(to)) {
        if (!Files.exists(from.resolve(stale.getFileName()))) {
          Files.delete(stale);
        }
      }
      for (Path file : files(from)) {
        Path target = to.resolve(file.getFileName());
        if (folder.getValue().stream().anyMatch(file.toString()::endsWith)
            && differ(file, target)) {
          Files.createDirectories(to);
          Files.write(target, Files.readAllBytes(file));
        }
      }
    }
  }

  private static boolean differ(Path file, Path target) throws IOException {
    return !Files.exists(target) || Files.mismatch(file, target) >= 0;
  }

  private static List<Path> files(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static void clear(Path folder) throws IOException {
    if (Files.exists(folder)) {
      try (Stream<Path> all = Files.walk(folder)) {
        all.sorted((a, b) -> b.compareTo(a)).forEach(Build::delete);
      }
    }
  }

  private static void delete(Path path) {
    try {
      Files.delete(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void say(String text) {
    System.out.println("native-build: " + text);
  }
}
