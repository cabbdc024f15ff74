package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the backend starts in a new JVM: what it loads is loaded once and cannot be undone. */
@Tag("emulator")
class StartTest {
  private static final Path EMULATOR = Path.of(System.getenv("LD_LIBRARY_PATH"));
  private static final String PRODUCT = "product [17.0, 23.0, 29.0, 39.0, 53.0, 67.0]";

  @TempDir private Path libraries;
  @TempDir private Path temporary;
  private final List<String> flags = new ArrayList<>();

  @BeforeEach
  void allowNativeAccess() {
    flags.add("--enable-native-access=ALL-UNNAMED");
  }

  @Test
  void withDriverAndCublas() throws Exception {
    provide("libcuda.so.1", "libcublas.so.12");
    assertThat(start())
        .contains("cuda: usable, SIMT emulator", ", cuBLAS 12", PRODUCT)
        .doesNotContain("WARNING");
  }

  @Test
  void withoutCublasTheProductIsOurOwn() throws Exception {
    provide("libcuda.so.1");
    String text = start();
    assumeTrue(text.contains("libcublas.so.12: cannot open"), "this system has a cuBLAS");
    assertThat(text)
        .contains("cuda: usable, SIMT emulator", "no cuBLAS", "put its folder on LD_LIBRARY_PATH")
        .contains(PRODUCT);
  }

  @Test
  void withoutDriver() throws Exception {
    String text = start();
    assumeTrue(text.contains("not found"), "this system has NVIDIA's driver");
    assertThat(text)
        .startsWith(
            "cuda: NVIDIA's driver is not found: libcuda.so.1: cannot open shared object file")
        .contains("(cure: install NVIDIA's driver 580 or newer; in a container, ");
  }

  @Test
  void withALibraryThatIsNone() throws Exception {
    Files.writeString(libraries.resolve("libcuda.so.1"), "This is no library.");
    assertThat(start())
        .startsWith("cuda: NVIDIA's driver is not found: ")
        .contains("libcuda.so.1: file too short");
  }

  @Test
  void withoutNativeAccess() throws Exception {
    provide("libcuda.so.1");
    flags.set(0, "--illegal-native-access=deny");
    assertThat(start())
        .startsWith("cuda: native access is denied: ")
        .contains("(cure: start java with --enable-native-access=ALL-UNNAMED)");
  }

  @Test
  void withoutAFolderForTemporaryFiles() throws Exception {
    provide("libcuda.so.1");
    Path missing = temporary.resolve("missing");
    flags.add("-Djava.io.tmpdir=" + missing);
    assertThat(start())
        .contains("cuda: JCuda does not load: java.nio.file.NoSuchFileException: " + missing)
        .contains("(cure: start java with -Djava.io.tmpdir=<a folder that");
  }

  private void provide(String... names) throws IOException {
    for (String name : names) {
      Files.copy(EMULATOR.resolve(name), libraries.resolve(name));
    }
  }

  /** The output of a JVM that finds libraries in their folder; it must leave nothing behind. */
  private String start() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Djava.io.tmpdir=" + temporary);
    command.addAll(flags);
    for (String property : new String[] {Images.PROPERTY, Examination.EMULATOR}) {
      command.add("-D" + property + "=" + System.getProperty(property));
    }
    String classes = System.getProperty("java.class.path");
    command.add("-cp");
    command.add(System.getProperty("surefire.test.class.path", classes));
    command.add(StartProgram.class.getName());
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("LD_LIBRARY_PATH", libraries.toString());
    Process process = builder.start();
    byte[] output = process.getInputStream().readAllBytes();
    String text = new String(output, StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(text).isZero();
    assertThat(text).doesNotContain("java.io.tmpdir has changed");
    try (var left = Files.list(temporary)) {
      assertThat(left).as("temporary files").isEmpty();
    }
    return text;
  }
}
