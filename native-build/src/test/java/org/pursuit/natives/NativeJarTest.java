package org.pursuit.natives;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NativeJarTest {
  /** The emulator, test programs and intermediate files are none of these. */
  @Test
  void holdsImagesTheirManifestAndTheBridgeOnly() {
    assertThat(NativeJar.files().keySet())
        .allMatch(
            name ->
                name.equals(NativeJar.BRIDGE)
                    || name.equals(NativeJar.IMAGES + "manifest.json")
                    || name.matches(NativeJar.IMAGES + "[a-z_]+\\.fatbin"));
  }

  @Test
  void tellsNothingOfTheMachineThatBuilt() {
    String project = Path.of("").toAbsolutePath().getParent().toString();
    for (Map.Entry<String, byte[]> file : NativeJar.files().entrySet()) {
      assertThat(new String(file.getValue(), ISO_8859_1))
          .as(file.getKey())
          .doesNotContain(project, System.getProperty("user.home") + "/");
    }
  }
}
