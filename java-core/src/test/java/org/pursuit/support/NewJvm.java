package org.pursuit.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Runs a program in a JVM of its own that has this one's flags and properties. */
public final class NewJvm {
  private NewJvm() {}

  /**
   * Runs a class's main method and fails unless it ends well.
   *
   * @param environment what else the program finds in its environment
   * @return what it has printed, errors included
   */
  public static String run(Class<?> program, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    assumeTrue(Files.isExecutable(java), "this runtime has no java program");
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    for (String flag : ManagementFactory.getRuntimeMXBean().getInputArguments()) {
      if (flag.startsWith("--add-modules")
          || flag.startsWith("--enable-native-access")
          || flag.startsWith("-XX:Use")) {
        command.add(flag);
      }
    }
    for (String name : System.getProperties().stringPropertyNames()) {
      if (name.startsWith("pursuit.")) {
        command.add("-D" + name + "=" + System.getProperty(name));
      }
    }
    command.add("-cp");
    command.add(
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
    command.add(program.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }
}
