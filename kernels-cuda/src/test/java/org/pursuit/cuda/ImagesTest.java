package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {
  private static final int BODY = 48;

  @Test
  void aWholeFatBinaryIsTaken(@TempDir Path folder) throws IOException {
    Files.write(folder.resolve("selection.fatbin"), fatbin());
    assertThat(Images.in(folder).image("selection")).isEqualTo(fatbin());
  }

  @Test
  void aTruncatedFatBinaryIsRefusedAtEveryLength() {
    for (int length = 0; length < fatbin().length; length++) {
      byte[] truncated = Arrays.copyOf(fatbin(), length);
      assertThatIllegalStateException()
          .isThrownBy(() -> Images.requireWhole(truncated, "here"))
          .withMessageMatching(
              "the kernels' image here is damaged: expected (16|64) bytes, found " + length);
    }
  }

  @Test
  void otherFormatsAreForTheDriverToJudge() {
    assertThatCode(() -> Images.requireWhole(new byte[] {'t', 'e', 'x', 't', '!'}, "here"))
        .doesNotThrowAnyException();
  }

  @Test
  void aMissingImageIsNamed(@TempDir Path folder) {
    assertThatIllegalStateException()
        .isThrownBy(() -> Images.in(folder).image("selection"))
        .withMessage("the kernels' image " + folder.resolve("selection.fatbin") + " is missing");
    assertThat(Images.in(folder).manifest()).isNull();
  }

  private static byte[] fatbin() {
    ByteBuffer made = ByteBuffer.allocate(16 + BODY).order(ByteOrder.LITTLE_ENDIAN);
    made.putInt(0xba55ed50).putShort((short) 1).putShort((short) 16).putLong(BODY);
    return made.array();
  }
}
