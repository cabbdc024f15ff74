package org.pursuit.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.pursuit.data.DType;

/**
 * A trained sparse autoencoder with n latents over activations of dimension d, read from a {@code
 * .safetensors} file as SAELens or EleutherAI's sparsify write it. Both become one layout: encoder
 * and decoder row-major [n, d], one latent a row, float32.
 *
 * <table>
 * <caption>Tensors</caption>
 * <tr><th></th><th>SAELens</th><th>sparsify</th></tr>
 * <tr><td>encoder</td><td>{@code W_enc} [d, n]</td><td>{@code encoder.weight} [n, d]</td></tr>
 * <tr><td>encoder's bias</td><td>{@code b_enc} [n]</td><td>{@code encoder.bias} [n]</td></tr>
 * <tr><td>decoder</td><td>{@code W_dec} [n, d]</td><td>{@code W_dec} [n, d]</td></tr>
 * <tr><td>decoder's bias</td><td>{@code b_dec} [d]</td><td>{@code b_dec} [d]</td></tr>
 * <tr><td>threshold</td><td>{@code threshold} [n], optional</td><td></td></tr>
 * </table>
 *
 * <p>The rest is in a {@code cfg.json} beside the file or, without one, in the file's {@code
 * __metadata__}; what neither states has the default of the program that wrote it.
 *
 * <p>An object does not change, and may be used by several threads; its arrays are not copied and
 * must not be written to.
 */
public final class SaeCheckpoint {
  private static final List<String> FILE_NAMES =
      List.of("sae_weights.safetensors", "sae.safetensors");

  private final SaeWeights weights;
  private final SaeConfig config;

  private SaeCheckpoint(SaeWeights weights, SaeConfig config) {
    this.weights = weights;
    this.config = config;
  }

  /**
   * Reads a checkpoint.
   *
   * @param path a {@code .safetensors} file, or a folder with {@code sae_weights.safetensors}
   *     (SAELens) or {@code sae.safetensors} (sparsify)
   * @throws FileFormatException if the file or its {@code cfg.json} is malformed, a tensor is
   *     missing or of another shape than the decoder asks for, n·d is 2<sup>31</sup> or more, or
   *     the checkpoint is of a kind that this class cannot represent
   */
  public static SaeCheckpoint load(Path path) throws IOException {
    Path file = Files.isDirectory(path) ? fileIn(path) : path;
    try (TensorFile tensors = TensorFile.open(file)) {
      if (!(tensors instanceof SafetensorsFile safetensors)) {
        throw new FileFormatException(
            file, "file name", file.getFileName().toString(), "a .safetensors file");
      }
      SaeWeights weights = SaeWeights.read(safetensors);
      SaeConfig config = SaeConfig.read(file, safetensors.metadata(), weights);
      if (config.architecture().equals(Optional.of("jumprelu")) && weights.threshold().isEmpty()) {
        throw new FileFormatException(
            file, "tensor threshold", "none", "one, as the architecture is jumprelu");
      }
      return new SaeCheckpoint(weights, config);
    }
  }

  private static Path fileIn(Path folder) throws FileFormatException {
    for (String name : FILE_NAMES) {
      Path file = folder.resolve(name);
      if (Files.exists(file)) {
        return file;
      }
    }
    throw new FileFormatException(
        folder, "folder", "no checkpoint", String.join(" or ", FILE_NAMES));
  }

  /** Number of latents, n. */
  public int latents() {
    return weights.latents();
  }

  /** Dimension of an activation, d. */
  public int dimension() {
    return weights.dimension();
  }

  /** The format in which the encoder is stored. */
  public DType dtype() {
    return weights.dtype();
  }

  /** The encoder, row-major [n, d]. */
  public float[] encoder() {
    return weights.encoder();
  }

  /** The bias of each latent's pre-activation [n]. */
  public float[] encoderBias() {
    return weights.encoderBias();
  }

  /** The decoder, row-major [n, d], one atom a row. */
  public float[] decoder() {
    return weights.decoder();
  }

  /** The bias of the reconstruction [d]. */
  public float[] decoderBias() {
    return weights.decoderBias();
  }

  /** The threshold of each latent [n], of a JumpReLU. */
  public Optional<float[]> threshold() {
    return weights.threshold();
  }

  /**
   * The kind as the configuration names it: {@code topk}, {@code jumprelu}, {@code standard},
   * {@code groupmax} …; empty where it names none.
   */
  public Optional<String> architecture() {
    return config.architecture();
  }

  /** The number of active latents; empty where the configuration has none. */
  public OptionalInt k() {
    return config.k();
  }

  /**
   * Whether {@link #decoderBias} is subtracted from the input before encoding. SAELens: {@code
   * apply_b_dec_to_input}, by default true. sparsify: true except in transcoders.
   */
  public boolean preBias() {
    return config.preBias();
  }

  /** What is done to the input before the pre-bias, and undone on the reconstruction. */
  public Normalisation normalisation() {
    return config.normalisation();
  }

  /**
   * Whether each pre-activation is multiplied by its atom's norm before the selection, and the
   * selected value divided by it before decoding (SAELens: {@code rescale_acts_by_decoder_norm}).
   */
  public boolean decoderNormRescale() {
    return config.decoderNormRescale();
  }
}
