package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.EveryBackend;

/**
 * Results are bitwise the same before and after the JVM has compiled the kernels. Only a new JVM
 * can tell: in this one other tests have run.
 */
class ColdStartContract {
  @EveryBackend
  void compilationDoesNotChangeResults(BackendUnderTest backend) throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    assumeTrue(Files.isExecutable(java), "this runtime has no java program");
    Process process = new ProcessBuilder(command(java, backend)).redirectErrorStream(true).start();
    String output = text(process);
    assertThat(process.waitFor()).as(output).isZero();
  }

  private static List<String> command(Path java, BackendUnderTest backend) {
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
    command.add(ColdStart.class.getName());
    command.add(backend.name());
    return command;
  }

  private static String text(Process process) throws IOException {
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
