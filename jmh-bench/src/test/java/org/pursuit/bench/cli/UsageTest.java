package org.pursuit.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UsageTest {
  @TempDir private Path folder;

  @Test
  void helpAndVersionSucceed() {
    assertThat(Cli.run("--help"))
        .satisfies(r -> assertThat(r.status()).isZero())
        .satisfies(r -> assertThat(r.out()).contains("info", "demo", "encode", "decode"));
    assertThat(Cli.run("encode", "--help").out()).contains("--reselect", "Exit status");
    assertThat(Cli.run("--version").out()).startsWith("pursuit ");
  }

  @Test
  void aMissingCommandIsWrongUsage() {
    assertWrong(Cli.run(), "A command is missing.");
  }

  @Test
  void anUnknownCommandIsWrongUsage() {
    assertWrong(Cli.run("encoed"), "encoed");
  }

  @Test
  void anUnknownBackendIsWrongUsage() {
    assertWrong(Cli.run("verify", "--backend", "foo"), "--backend: expected one of [");
    assertWrong(Cli.run("demo", "--backend", "foo"), "--backend: ");
  }

  @Test
  void anUnknownFamilyIsWrongUsage() {
    assertWrong(
        Cli.run("bench", "--family", "Selection,Foo"),
        "--family: expected some of [Pursuits, Scoring, Selection, SparseAlgebra, Statistics,"
            + " Training], found [Selection, Foo]");
  }

  @Test
  void aMissingOptionIsNamed() {
    assertWrong(Cli.run("decode", "--codes", "c.safetensors"), "--output");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          topk    | 0    |                         | --k: expected 1 to 4096, found 0
          topk    | 4097 |                         | --k: expected 1 to 4096, found 4097
          topk    | x    |                         | --k
          topkk   | 2    |                         | of topk, abstopk, mp; found 'topkk'
          mp      | 2    | --sign up               | expected one of signed, positive, magnitude
          mp      | 2    | --scaling as_is         | expected one of normalised, as-is
          mp      | 2    | --order index           | --order does not go with --method mp
          topk    | 2    | --sign positive         | --sign does not go with --method topk
          abstopk | 2    | --reselect forbid       | --reselect does not go with --method abstopk
          topk    | 2    | --scaling as-is         | --scaling does not go with --method topk
          topk    | 2    | --tolerance 0.1         | --tolerance does not go with --method topk
          mp      | 2    | --tolerance -1          | --tolerance: expected a finite number
          mp      | 2    | --tolerance NaN         | --tolerance: expected a finite number
          topk    | 2    | --batch 0               | --batch: expected 1 or more, found 0
          topk    | 2    | --batch 2000000000      | --batch: expected at most
          topk    | 2    | --threads 0             | --threads: expected 1 or more, found 0
          topk    | 2    | --backend vulkan        | --backend: backend vulkan is unavailable
          topk    | 2    | --sae s.safetensors     | mutually exclusive
          topk    | 2    | --colour                | Unknown option: '--colour'
          """)
  void senselessOptionsAreWrongUsage(String method, String k, String more, String message)
      throws IOException {
    Path rows = Cli.npy(folder.resolve("rows.npy"), Cli.gaussian(40, 1), 4);
    String arguments =
        String.join(
            " ",
            "encode --input " + rows + " --dictionary " + rows,
            "--method " + method + " --k " + k,
            "--output " + folder.resolve("codes.safetensors"),
            more == null ? "" : more);
    assertWrong(Cli.run((Object[]) arguments.strip().split(" +")), message);
    assertThat(folder).isDirectoryNotContaining(file -> !file.equals(rows));
  }

  @Test
  void oneOfDictionaryAndAutoencoderIsNeeded() {
    assertWrong(
        Cli.run("decode", "--codes", "c.safetensors", "--output", "r.npy"),
        "--dictionary",
        "--sae");
  }

  @Test
  void anOutputThatCouldNotBeReadAgainIsWrongUsage() throws IOException {
    Path rows = Cli.npy(folder.resolve("rows.npy"), Cli.gaussian(40, 1), 4);
    assertWrong(
        Cli.run(
            "encode",
            "--input",
            rows,
            "--dictionary",
            rows,
            "--method",
            "mp",
            "--k",
            2,
            "--output",
            folder.resolve("codes.bin")),
        "--output: expected a name that ends in .safetensors");
  }

  @Test
  void anInputIsNotReplaced() throws IOException {
    Path rows = Cli.npy(folder.resolve("rows.npy"), Cli.gaussian(40, 1), 4);
    assertWrong(
        Cli.run("decode", "--codes", "c.safetensors", "--dictionary", rows, "--output", rows),
        "is read by this command");
  }

  private static void assertWrong(Cli.Result result, String... messages) {
    assertThat(result.err()).startsWith("pursuit: ").contains(messages).contains("--help");
    assertThat(result.err().lines().count()).isLessThan(8);
    assertThat(result.status()).isEqualTo(2);
    assertThat(result.out()).isEmpty();
  }
}
