package org.pursuit.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pursuit.Backends;
import org.pursuit.io.CodesFile;
import org.pursuit.io.MatrixFile;

class EncodeDecodeTest {
  private static final int ROWS = 101;
  private static final int D = 12;
  private static final int ATOMS = 40;
  private static final int K = 5;

  @TempDir private Path folder;
  private float[] x;
  private float[] atoms;
  private Path rows;
  private Path dictionary;

  @BeforeEach
  void makeFiles() throws IOException {
    x = Cli.gaussian(ROWS * D, 1);
    atoms = Cli.gaussian(ATOMS * D, 2);
    rows = Cli.npy(folder.resolve("rows.npy"), x, D);
    dictionary = Cli.npy(folder.resolve("dictionary.npy"), atoms, D);
  }

  static Stream<String> backends() {
    return Backends.diagnose().stream().filter(d -> d.probe().usable()).map(d -> d.name());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "topk",
        "topk --order index",
        "abstopk",
        "mp",
        "mp --sign positive",
        "mp --sign signed --reselect forbid",
        "mp --reselect stop --tolerance 0.5",
        "mp --k 40"
      })
  void decodingGivesWhatEncodingMeasured(String method) throws IOException {
    Path codes = encode("codes", method + " --dictionary " + dictionary);
    float[] decoded = decode(codes, "--dictionary", dictionary);
    assertThat(decoded).hasSize(ROWS * D);
    assertThat(distance(decoded, sumOfAtoms(codes))).isLessThan(1e-4);
    assertThat(reportedFvu).isCloseTo(fvu(x, decoded), within(1e-6));
  }

  @Test
  void codesFollowTheOrderThatWasAsked() throws IOException {
    int[] byScore = indices(encode("score", "topk --dictionary " + dictionary));
    int[] byIndex = indices(encode("index", "topk --order index --dictionary " + dictionary));
    for (int row = 0; row < ROWS; row++) {
      int[] sorted = Arrays.copyOfRange(byScore, row * K, (row + 1) * K);
      Arrays.sort(sorted);
      assertThat(Arrays.copyOfRange(byIndex, row * K, (row + 1) * K)).isEqualTo(sorted);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void codesDoNotDependOnTheBatch(String backend) throws IOException {
    for (String method : new String[] {"topk", "abstopk", "mp"}) {
      String all = method + " --backend " + backend + " --dictionary " + dictionary;
      byte[] whole = Files.readAllBytes(encode("whole", all));
      for (int batch : new int[] {1, 7, 100, ROWS}) {
        assertThat(encode("parts", all + " --batch " + batch)).hasBinaryContent(whole);
      }
    }
  }

  @Test
  void severalInputsAreOneAfterTheOther() throws IOException {
    Path first = Cli.npy(folder.resolve("a.npy"), Arrays.copyOf(x, 30 * D), D);
    Path none = Cli.npy(folder.resolve("b.npy"), new float[0], D);
    Path second = Cli.npy(folder.resolve("c.npy"), Arrays.copyOfRange(x, 30 * D, ROWS * D), D);
    byte[] whole = Files.readAllBytes(encode("whole", "mp --dictionary " + dictionary));
    Path parts = folder.resolve("parts.safetensors");
    Cli.Result result =
        Cli.run(
            "encode",
            "--input",
            first,
            none,
            "--input",
            second,
            "--dictionary",
            dictionary,
            "--method",
            "mp",
            "--k",
            K,
            "--batch",
            8,
            "--output",
            parts);
    assertThat(result.err()).isEmpty();
    assertThat(parts).hasBinaryContent(whole);
  }

  @Test
  void anInputWithoutRowsGivesCodesWithoutRows() throws IOException {
    Path none = Cli.npy(folder.resolve("none.npy"), new float[0], D);
    Path codes = folder.resolve("none.safetensors");
    Cli.Result result =
        Cli.run(
            "encode",
            "--input",
            none,
            "--dictionary",
            dictionary,
            "--method",
            "topk",
            "--k",
            3,
            "--output",
            codes);
    assertThat(result.out()).contains("0 of 12 columns", "undefined");
    assertThat(decode(codes, "--dictionary", dictionary)).isEmpty();
  }

  @Test
  void moreSlotsThanAtomsStayEmpty() throws IOException {
    Path codes = encode("codes", "topk --k 64 --dictionary " + dictionary);
    try (CodesFile file = CodesFile.open(codes)) {
      int[] counts = new int[ROWS];
      file.read(new int[ROWS * 64], new float[ROWS * 64], counts, ROWS);
      assertThat(counts).containsOnly(ATOMS);
    }
  }

  @ParameterizedTest
  @CsvSource({"topk, true", "topk, false", "abstopk, true", "mp, true", "mp, false"})
  void anAutoencodersBiasesCome(String method, boolean preBias) throws IOException {
    float[] bias = Cli.gaussian(D, 3);
    Path sae =
        Cli.autoencoder(
            folder.resolve("sae.safetensors"),
            Cli.diagonal(D, 1),
            Cli.diagonal(D, 1),
            bias,
            Map.of("apply_b_dec_to_input", Boolean.toString(preBias)));
    Path codes = encode("codes", method + " --k 12 --sae " + sae);
    float[] decoded = decode(codes, "--sae", sae);
    float[] expected = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      boolean subtracted = preBias || method.equals("mp");
      float latent = subtracted ? x[i] - bias[i % D] : x[i];
      expected[i] = (method.equals("topk") ? Math.max(0, latent) : latent) + bias[i % D];
    }
    assertThat(distance(decoded, expected)).isLessThan(1e-5);
    assertThat(reportedFvu).isCloseTo(fvu(x, expected), within(1e-6));
  }

  @ParameterizedTest
  @ValueSource(strings = {"abstopk", "mp"})
  void layerNormIsUndoneForTheMeasure(String method) throws IOException {
    Path sae =
        Cli.autoencoder(
            folder.resolve("sae.safetensors"),
            Cli.diagonal(D, 1),
            Cli.diagonal(D, 1),
            Cli.gaussian(D, 3),
            Map.of("normalize_activations", "layer_norm"));
    encode("codes", method + " --k 12 --sae " + sae);
    assertThat(reportedFvu).isLessThan(1e-6);
  }

  @Test
  void normsOfTheDecoderAreFolded() throws IOException {
    Path sae =
        Cli.autoencoder(
            folder.resolve("sae.safetensors"),
            Cli.diagonal(D, 1 / 3f),
            Cli.diagonal(D, 3),
            new float[D],
            Map.of("rescale_acts_by_decoder_norm", "true"));
    Path codes = encode("codes", "abstopk --order index --k 12 --sae " + sae);
    try (CodesFile file = CodesFile.open(codes)) {
      float[] values = new float[ROWS * D];
      file.read(new int[ROWS * D], values, new int[ROWS], ROWS);
      assertThat(distance(values, x)).isLessThan(1e-5);
    }
    assertThat(distance(decode(codes, "--sae", sae), x)).isLessThan(1e-5);
  }

  private double reportedFvu;

  private Path encode(String name, String method) throws IOException {
    Path output = folder.resolve(name + ".safetensors");
    String k = method.contains("--k ") ? "" : " --k " + K;
    String arguments = "encode --input " + rows + " --output " + output + k + " --method " + method;
    Cli.Result result = Cli.run((Object[]) arguments.split(" "));
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
    Matcher fvu = Pattern.compile("FVU +(\\S+)").matcher(result.out());
    assertThat(fvu.find()).isTrue();
    reportedFvu = Double.parseDouble(fvu.group(1));
    return output;
  }

  private float[] decode(Path codes, String option, Path model) throws IOException {
    Path output = folder.resolve("decoded.npy");
    Cli.Result result = Cli.run("decode", "--codes", codes, option, model, "--output", output);
    assertThat(result.err()).isEmpty();
    assertThat(result.status()).isZero();
    try (MatrixFile file = MatrixFile.open(output)) {
      return file.readAll();
    }
  }

  private static int[] indices(Path codes) throws IOException {
    try (CodesFile file = CodesFile.open(codes)) {
      int[] indices = new int[ROWS * K];
      file.read(indices, new float[ROWS * K], new int[ROWS], ROWS);
      return indices;
    }
  }

  private float[] sumOfAtoms(Path codes) throws IOException {
    float[] sums = new float[ROWS * D];
    try (CodesFile file = CodesFile.open(codes)) {
      int k = file.k();
      int[] indices = new int[ROWS * k];
      float[] values = new float[ROWS * k];
      int[] counts = new int[ROWS];
      file.read(indices, values, counts, ROWS);
      for (int row = 0; row < ROWS; row++) {
        for (int slot = row * k; slot < row * k + counts[row]; slot++) {
          for (int i = 0; i < D; i++) {
            sums[row * D + i] += values[slot] * atoms[indices[slot] * D + i];
          }
        }
      }
    }
    return sums;
  }

  private static double distance(float[] a, float[] b) {
    assertThat(a).hasSameSizeAs(b);
    double largest = 0;
    for (int i = 0; i < a.length; i++) {
      largest = Math.max(largest, Math.abs((double) a[i] - b[i]));
    }
    return largest;
  }

  /** In two passes. */
  static double fvu(float[] x, float[] reconstruction) {
    int rows = x.length / D;
    double[] mean = new double[D];
    for (int i = 0; i < x.length; i++) {
      mean[i % D] += (double) x[i] / rows;
    }
    double residual = 0;
    double variance = 0;
    for (int i = 0; i < x.length; i++) {
      residual += Math.pow((double) x[i] - reconstruction[i], 2);
      variance += Math.pow(x[i] - mean[i % D], 2);
    }
    return residual / variance;
  }
}
