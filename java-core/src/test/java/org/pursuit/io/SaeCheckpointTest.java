package org.pursuit.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pursuit.io.TestFiles.entry;
import static org.pursuit.io.TestFiles.floats;
import static org.pursuit.io.TestFiles.join;
import static org.pursuit.io.TestFiles.ramp;
import static org.pursuit.io.TestFiles.safetensors;
import static org.pursuit.io.TestFiles.shorts;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pursuit.data.DType;

class SaeCheckpointTest {
  private static final int N = 3;
  private static final int D = 2;
  private static final float[] ENCODER = {0, 3, 1, 4, 2, 5};

  @TempDir Path folder;

  /** Writes ramps under these names; every tensor is float32. */
  private Path write(String name, Map<String, String> metadata, TensorSpec... specs)
      throws IOException {
    Path path = folder.resolve(name);
    try (SafetensorsWriter writer = SafetensorsWriter.create(path, List.of(specs), metadata)) {
      for (TensorSpec spec : specs) {
        writer.append(spec.name(), ramp((int) spec.elements()), (int) spec.elements());
      }
      writer.commit();
    }
    return path;
  }

  private Path saeLens(TensorSpec... more) throws IOException {
    List<TensorSpec> specs =
        new ArrayList<>(
            List.of(
                TensorSpec.float32("W_enc", D, N),
                TensorSpec.float32("b_enc", N),
                TensorSpec.float32("W_dec", N, D),
                TensorSpec.float32("b_dec", D)));
    specs.addAll(List.of(more));
    return write("sae_weights.safetensors", Map.of(), specs.toArray(TensorSpec[]::new));
  }

  private Path sparsify() throws IOException {
    return write(
        "sae.safetensors",
        Map.of(),
        TensorSpec.float32("W_dec", N, D),
        TensorSpec.float32("b_dec", D),
        TensorSpec.float32("encoder.bias", N),
        TensorSpec.float32("encoder.weight", N, D));
  }

  private void config(String json) throws IOException {
    Files.writeString(folder.resolve("cfg.json"), json);
  }

  @Test
  void transposesTheEncoderOfSaeLens() throws IOException {
    SaeCheckpoint sae = SaeCheckpoint.load(saeLens());
    assertThat(sae.latents()).isEqualTo(N);
    assertThat(sae.dimension()).isEqualTo(D);
    assertThat(sae.dtype()).isEqualTo(DType.F32);
    assertThat(sae.encoder()).containsExactly(ENCODER);
    assertThat(sae.encoderBias()).containsExactly(ramp(N));
    assertThat(sae.decoder()).containsExactly(ramp(N * D));
    assertThat(sae.decoderBias()).containsExactly(ramp(D));
  }

  @Test
  void transposesMoreRowsThanOneBand() throws IOException {
    int n = 37;
    int d = 131;
    Path path =
        write(
            "wide.safetensors",
            Map.of(),
            TensorSpec.float32("W_enc", d, n),
            TensorSpec.float32("b_enc", n),
            TensorSpec.float32("W_dec", n, d),
            TensorSpec.float32("b_dec", d));
    float[] encoder = SaeCheckpoint.load(path).encoder();
    for (int latent = 0; latent < n; latent++) {
      for (int column = 0; column < d; column++) {
        assertThat(encoder[latent * d + column]).isEqualTo(column * n + latent);
      }
    }
  }

  @Test
  void aBareFileHasThePreBiasAndNothingElse() throws IOException {
    SaeCheckpoint sae = SaeCheckpoint.load(saeLens());
    assertThat(sae.preBias()).isTrue();
    assertThat(sae.k()).isEmpty();
    assertThat(sae.threshold()).isEmpty();
    assertThat(sae.architecture()).isEmpty();
    assertThat(sae.normalisation()).isEqualTo(Normalisation.NONE);
    assertThat(sae.decoderNormRescale()).isFalse();
  }

  @Test
  void readsAnOldConfigurationOfSaeLens() throws IOException {
    config(
        """
        {"architecture": "standard", "d_in": 2, "d_sae": 3, "dtype": "float32",
         "activation_fn_str": "topk", "activation_fn_kwargs": {"k": 2}, "hook_head_index": null,
         "apply_b_dec_to_input": false, "finetuning_scaling_factor": false,
         "normalize_activations": "layer_norm", "seqpos_slice": [null, {"k": 7}],
         "lr": NaN, "model_from_pretrained_kwargs": {"center_writing_weights": false}}
        """);
    SaeCheckpoint sae = SaeCheckpoint.load(saeLens());
    assertThat(sae.architecture()).contains("topk");
    assertThat(sae.k()).hasValue(2);
    assertThat(sae.preBias()).isFalse();
    assertThat(sae.normalisation()).isEqualTo(Normalisation.LAYER_NORM);
  }

  @Test
  void readsANewConfigurationOfSaeLens() throws IOException {
    config(
        """
        {"d_in": 2, "d_sae": 3, "dtype": "float32", "device": "cpu", "apply_b_dec_to_input": true,
         "normalize_activations": "constant_norm_rescale", "reshape_activations": "none", "k": 3,
         "rescale_acts_by_decoder_norm": true,
         "metadata": {"sae_lens_version": "6.5.1", "k": 1}, "architecture": "topk"}
        """);
    SaeCheckpoint sae = SaeCheckpoint.load(saeLens());
    assertThat(sae.architecture()).contains("topk");
    assertThat(sae.k()).hasValue(3);
    assertThat(sae.preBias()).isTrue();
    assertThat(sae.normalisation()).isEqualTo(Normalisation.CONSTANT_NORM);
    assertThat(sae.decoderNormRescale()).isTrue();
  }

  @Test
  void aNestedConfigurationTakesPrecedence() throws IOException {
    config(
        """
        {"k": 1, "normalize_activations": "expected_average_only_in",
         "sae": {"architecture": "batchtopk", "k": 2.0}}
        """);
    SaeCheckpoint sae = SaeCheckpoint.load(saeLens());
    assertThat(sae.architecture()).contains("batchtopk");
    assertThat(sae.k()).hasValue(2);
    assertThat(sae.normalisation()).isEqualTo(Normalisation.DATASET_SCALE);
  }

  @ParameterizedTest
  @CsvSource({"true, DATASET_SCALE", "false, NONE", "null, NONE"})
  void readsTheNormalisationOfFirstVersions(String json, Normalisation expected)
      throws IOException {
    config("{\"normalize_activations\": " + json + "}");
    assertThat(SaeCheckpoint.load(saeLens()).normalisation()).isEqualTo(expected);
  }

  @Test
  void readsAThreshold() throws IOException {
    config("{\"architecture\": \"jumprelu\"}");
    SaeCheckpoint sae = SaeCheckpoint.load(saeLens(TensorSpec.float32("threshold", N)));
    assertThat(sae.threshold().orElseThrow()).containsExactly(ramp(N));
    assertThat(sae.k()).isEmpty();
  }

  @Test
  void readsMetadataWhereThereIsNoConfiguration() throws IOException {
    Path path =
        write(
            "with-metadata.safetensors",
            Map.of("architecture", "topk", "k", "2", "d_in", "2", "apply_b_dec_to_input", "False"),
            TensorSpec.float32("W_enc", D, N),
            TensorSpec.float32("b_enc", N),
            TensorSpec.float32("W_dec", N, D),
            TensorSpec.float32("b_dec", D));
    SaeCheckpoint sae = SaeCheckpoint.load(path);
    assertThat(sae.architecture()).contains("topk");
    assertThat(sae.k()).hasValue(2);
    assertThat(sae.preBias()).isFalse();
    config("{}");
    assertThat(SaeCheckpoint.load(path).preBias()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"false, true", "true, false"})
  void readsSparsify(boolean transcode, boolean preBias) throws IOException {
    config(
        """
        {"activation": "topk", "expansion_factor": 32, "normalize_decoder": true,
         "num_latents": 0, "k": 2, "multi_topk": false, "skip_connection": false,
         "transcode": %s, "d_in": 2}
        """
            .formatted(transcode));
    SaeCheckpoint sae = SaeCheckpoint.load(sparsify());
    assertThat(sae.encoder()).containsExactly(ramp(N * D));
    assertThat(sae.encoderBias()).containsExactly(ramp(N));
    assertThat(sae.decoder()).containsExactly(ramp(N * D));
    assertThat(sae.architecture()).contains("topk");
    assertThat(sae.k()).hasValue(2);
    assertThat(sae.preBias()).isEqualTo(preBias);
    assertThat(sae.normalisation()).isEqualTo(Normalisation.NONE);
  }

  @Test
  void widensStoredFloat16() throws IOException {
    byte[] bytes =
        safetensors(
            "{"
                + String.join(
                    ",",
                    entry("W_enc", "BF16", "[1,2]", 0, 4),
                    entry("b_enc", "BF16", "[2]", 4, 8),
                    entry("W_dec", "F16", "[2,1]", 8, 12),
                    entry("b_dec", "F32", "[1]", 12, 16))
                + "}",
            join(shorts(0x3f80, 0x4000, 0, 0xbf80), shorts(0x3c00, 0x4000), floats(7)));
    SaeCheckpoint sae = SaeCheckpoint.load(TestFiles.write(folder, "half.safetensors", bytes));
    assertThat(sae.dtype()).isEqualTo(DType.BF16);
    assertThat(sae.encoder()).containsExactly(1, 2);
    assertThat(sae.encoderBias()).containsExactly(0, -1);
    assertThat(sae.decoder()).containsExactly(1, 2);
    assertThat(sae.decoderBias()).containsExactly(7);
  }

  @Test
  void findsTheCheckpointOfAFolder() throws IOException {
    assertThatThrownBy(() -> SaeCheckpoint.load(folder))
        .isInstanceOf(FileFormatException.class)
        .hasMessage(
            folder
                + ": folder: found no checkpoint, expected sae_weights.safetensors or"
                + " sae.safetensors");
    sparsify();
    assertThat(SaeCheckpoint.load(folder).encoder()).containsExactly(ramp(N * D));
    saeLens();
    assertThat(SaeCheckpoint.load(folder).encoder()).containsExactly(ENCODER);
  }

  @Test
  void rejectsMatricesOfTwoToThe31Elements() throws IOException {
    long bytes = 1L << 33;
    byte[] start =
        safetensors(
            "{"
                + entry("W_dec", "F32", "[2097152,1024]", 0, bytes)
                + ","
                + entry("W_enc", "F32", "[1,1]", bytes, bytes + 4)
                + "}",
            new byte[0]);
    Path path = folder.resolve("large.safetensors");
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.write(start);
      sparse.setLength(start.length + bytes + 4);
    }
    assertThatThrownBy(() -> SaeCheckpoint.load(path))
        .isInstanceOf(FileFormatException.class)
        .hasMessage(
            path
                + ": shape of tensor W_dec: found [2097152, 1024] with 2147483648 elements,"
                + " expected fewer than 2^31 elements, the most that one array holds");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"normalize_activations": "batch_norm"} | normalize_activations: found batch_norm, expected none or layer_norm or constant_norm_rescale or expected_average_only_in
          {"k": 0}                            | k: found 0, expected 1 to the 3 latents
          {"k": 4}                            | k: found 4, expected 1 to the 3 latents
          {"activation_fn_kwargs": {"k": -1}} | activation_fn_kwargs.k: found -1, expected 1 to the 3 latents
          {"k": 1.5}                          | k: found 1.5, expected an integer
          {"k": "many"}                       | k: found many, expected an integer
          {"k": 99999999999}                  | k: found 99999999999, expected an integer
          {"apply_b_dec_to_input": 1}         | apply_b_dec_to_input: found 1, expected true or false
          {"d_in": 5}                         | d_in: found 5, expected 2, as the weights have
          {"d_sae": 5}                        | d_sae: found 5, expected 3, as the weights have
          [1]                                 | configuration: found other JSON, expected one JSON object
          {} {}                               | configuration: found other JSON, expected one JSON object
          """)
  void rejectsAConfiguration(String json, String message) throws IOException {
    config(json);
    Path path = saeLens();
    assertThatThrownBy(() -> SaeCheckpoint.load(path))
        .isInstanceOf(FileFormatException.class)
        .hasMessage(folder.resolve("cfg.json") + ": " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"k": 1, "k": 2} | configuration: found malformed JSON (Duplicate
          {"k": 1          | configuration: found malformed JSON (Unexpected end-of-input
                           | configuration: found other JSON
          """)
  void rejectsAMalformedConfiguration(String json, String message) throws IOException {
    config(json == null ? "" : json);
    Path path = saeLens();
    assertThatThrownBy(() -> SaeCheckpoint.load(path))
        .isInstanceOf(FileFormatException.class)
        .hasMessageStartingWith(folder.resolve("cfg.json") + ": " + message)
        .hasMessageEndingWith("expected one JSON object");
  }

  @ParameterizedTest
  @CsvSource({"signed", "embed_skip", "gram_lookup"})
  void rejectsAVariantOfSparsify(String variant) throws IOException {
    config("{\"" + variant + "\": true}");
    Path path = sparsify();
    assertThatThrownBy(() -> SaeCheckpoint.load(path))
        .isInstanceOf(FileFormatException.class)
        .hasMessage(
            "%s: %s: found true, expected false: this variant is not supported",
            folder.resolve("cfg.json"), variant);
  }

  @Test
  void rejectsAJumpReluWithoutAThreshold() throws IOException {
    config("{\"architecture\": \"jumprelu\"}");
    Path path = saeLens();
    assertThatThrownBy(() -> SaeCheckpoint.load(path))
        .isInstanceOf(FileFormatException.class)
        .hasMessage(
            path + ": tensor threshold: found none, expected one, as the architecture is jumprelu");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          W_enc:2x3 b_enc:3 W_dec:3x2 b_dec:3 | shape of tensor b_dec: found [3], expected [2]
          W_enc:2x3 b_enc:2 W_dec:3x2 b_dec:2 | shape of tensor b_enc: found [2], expected [3]
          W_enc:3x2 b_enc:3 W_dec:3x2 b_dec:2 | shape of tensor W_enc: found [3, 2], expected [2, 3]
          encoder.weight:2x3 encoder.bias:3 W_dec:3x2 b_dec:2 | shape of tensor encoder.weight: found [2, 3], expected [3, 2]
          W_enc:2x3 b_enc:3 W_dec:3x2 b_dec:2 threshold:2 | shape of tensor threshold: found [2], expected [3]
          W_enc:2x3 b_enc:3x1 W_dec:3x2 b_dec:2 | shape of tensor b_enc: found [3, 1], expected 1 dimension [length]
          W_enc:2x3 b_enc:3 W_dec:6 b_dec:2 | shape of tensor W_dec: found [6], expected 2 dimensions [rows, columns]
          W_enc:2x3 W_dec:3x2 b_dec:2 | tensor b_enc: found none, expected one of W_enc, W_dec, b_dec
          W_enc:2x3 b_enc:3 b_dec:2 | tensor W_dec: found none, expected one of W_enc, b_enc, b_dec
          W_dec:3x2 b_dec:2 | encoder: found W_dec, b_dec, expected a tensor W_enc (SAELens) or encoder.weight (sparsify)
          W_enc:2x3 b_enc:3 W_dec:3x2 b_dec:2 W_skip:2x2 | tensor W_skip: found a skip connection, expected none: it is not supported
          W_enc:2x3 b_enc:3 W_dec:3x2 b_dec:2 scaling_factor:3 | tensor scaling_factor: found 0.0, expected 1 throughout
          """)
  void rejectsTensorsThatDoNotFit(String tensors, String message) throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    for (String tensor : tensors.split(" ", -1)) {
      String[] nameAndShape = tensor.split(":", -1);
      List<Long> shape = new ArrayList<>();
      for (String length : nameAndShape[1].split("x", -1)) {
        shape.add(Long.valueOf(length));
      }
      specs.add(
          TensorSpec.float32(nameAndShape[0], shape.stream().mapToLong(Long::longValue).toArray()));
    }
    Path path = write("misfit.safetensors", Map.of(), specs.toArray(TensorSpec[]::new));
    assertThatThrownBy(() -> SaeCheckpoint.load(path))
        .isInstanceOf(FileFormatException.class)
        .hasMessage(path + ": " + message);
  }
}
