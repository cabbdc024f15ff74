package org.pursuit.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class FailureTest {
  @TempDir private Path folder;
  private Path rows;
  private Path codes;

  @BeforeEach
  void makeRows() throws IOException {
    rows = Cli.npy(folder.resolve("rows.npy"), Cli.gaussian(40, 1), 4);
    codes = folder.resolve("codes.safetensors");
  }

  @Test
  void missingInput() {
    Path missing = folder.resolve("missing.npy");
    assertFails(encode(missing, rows, codes), missing + ": the file does not exist");
  }

  @Test
  void missingDictionary() {
    Path missing = folder.resolve("missing.npy");
    assertFails(encode(rows, missing, codes), missing + ": the file does not exist");
  }

  @Test
  void inputAndDictionaryOfOtherDimensions() throws IOException {
    Path other = Cli.npy(folder.resolve("other.npy"), Cli.gaussian(30, 2), 5);
    assertFails(
        encode(rows, other, codes),
        rows.toString(),
        "columns",
        "found 4",
        "expected 5",
        "other.npy");
  }

  @Test
  void inputsOfSeveralDimensions() throws IOException {
    Path other = Cli.npy(folder.resolve("other.npy"), Cli.gaussian(30, 2), 5);
    assertFails(
        Cli.run(
            "encode",
            "--input",
            rows,
            other,
            "--dictionary",
            rows,
            "--method",
            "mp",
            "--k",
            2,
            "--output",
            codes),
        other.toString(),
        "found 5",
        "expected 4");
  }

  @Test
  void truncatedInput() throws IOException {
    byte[] bytes = Files.readAllBytes(rows);
    Path cut = Files.write(folder.resolve("cut.npy"), Arrays.copyOf(bytes, bytes.length - 7));
    assertFails(encode(cut, rows, codes), cut.toString());
  }

  @Test
  void inputThatIsNoMatrixFile() throws IOException {
    Path text = Files.writeString(folder.resolve("text.npy"), "some text, not a matrix");
    assertFails(encode(text, rows, codes), text.toString());
  }

  @Test
  void outputInAMissingFolder() {
    Path output = folder.resolve("missing").resolve("codes.safetensors");
    assertFails(encode(rows, rows, output), "missing", "folder does not exist");
  }

  @Test
  void outputThatIsAFolder() throws IOException {
    Files.createDirectory(codes);
    assertFails(encode(rows, rows, codes), "codes.safetensors", "no regular file");
  }

  @Test
  void aFailureLeavesAnExistingOutputAlone() throws IOException {
    Files.writeString(codes, "older");
    assertFails(encode(folder.resolve("missing.npy"), rows, codes), "missing.npy");
    assertThat(codes).hasContent("older");
  }

  @Test
  void normalisationsThatAreNotHonoured() throws IOException {
    Path sae =
        Cli.autoencoder(
            folder.resolve("sae.safetensors"),
            Cli.diagonal(4, 1),
            Cli.diagonal(4, 1),
            new float[4],
            Map.of("normalize_activations", "constant_norm_rescale"));
    assertFails(
        Cli.run(
            "encode",
            "--input",
            rows,
            "--sae",
            sae,
            "--method",
            "topk",
            "--k",
            2,
            "--output",
            codes),
        sae.toString(),
        "CONSTANT_NORM");
  }

  @Test
  void codesOfAnAutoencoderThatNormalisesRowsAreNotDecoded() throws IOException {
    Path sae =
        Cli.autoencoder(
            folder.resolve("sae.safetensors"),
            Cli.diagonal(4, 1),
            Cli.diagonal(4, 1),
            new float[4],
            Map.of("normalize_activations", "layer_norm"));
    assertThat(encode(rows, rows, codes).status()).isZero();
    assertFails(
        Cli.run(
            "decode", "--codes", codes, "--sae", sae, "--output", folder.resolve("decoded.npy")),
        "layer-norm");
  }

  @Test
  void codesOfALargerDictionary() throws IOException {
    Path two = Cli.npy(folder.resolve("two.npy"), Cli.gaussian(8, 2), 4);
    assertThat(encode(rows, rows, codes).status()).isZero();
    assertFails(
        Cli.run(
            "decode",
            "--codes",
            codes,
            "--dictionary",
            two,
            "--output",
            folder.resolve("decoded.npy")),
        codes.toString(),
        "indices",
        "expected 0 to 1");
  }

  @Test
  void aFullHeapIsToldInOneLine() {
    StringWriter err = new StringWriter();
    CommandLine command = PursuitCommand.commandLine(new PrintWriter(err), new PrintWriter(err));
    assertThat(Failures.report(new OutOfMemoryError("Java heap space"), command)).isEqualTo(1);
    assertThat(err.toString()).contains("out of memory", "MiB", "-Xmx").hasLineCount(1);
  }

  @Test
  void theStackTraceIsShownOnRequest() {
    assertThat(encode(folder.resolve("missing.npy"), rows, codes).err()).doesNotContain("\tat ");
    Cli.Result verbose =
        Cli.run(
            "--verbose",
            "encode",
            "--input",
            "missing.npy",
            "--dictionary",
            rows,
            "--method",
            "mp",
            "--k",
            2,
            "--output",
            codes);
    assertThat(verbose.err()).contains("NoSuchFileException", "\tat ");
  }

  private static Cli.Result encode(Path input, Path dictionary, Path output) {
    return Cli.run(
        "encode",
        "--input",
        input,
        "--dictionary",
        dictionary,
        "--method",
        "mp",
        "--k",
        2,
        "--output",
        output);
  }

  /** One line, status 1, and nothing written but what the test wrote. */
  private void assertFails(Cli.Result result, String... messages) {
    assertThat(result.err()).startsWith("pursuit: ").contains(messages);
    assertThat(result.err().lines()).hasSize(1);
    assertThat(result.status()).isEqualTo(1);
    assertThat(result.out()).isEmpty();
    assertThat(partialFiles()).isEmpty();
  }

  private List<Path> partialFiles() {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(f -> f.toString().endsWith(".partial") || f.endsWith("decoded.npy"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
