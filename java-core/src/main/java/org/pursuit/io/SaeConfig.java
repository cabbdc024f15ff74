package org.pursuit.io;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The fields of a {@code cfg.json} that decide what a sparse autoencoder computes. Where a
 * checkpoint has no such file beside it, the same fields in its own {@code __metadata__} count.
 * Fields may stand at the top or under {@code sae}, which takes precedence.
 *
 * @param architecture the kind, such as {@code topk}; empty where it is not stated
 * @param k the number of active latents; empty where it is not stated
 * @param preBias whether the decoder's bias is subtracted from the input
 * @param normalisation what is done to the input before that
 * @param decoderNormRescale whether pre-activations are multiplied by their atom's norm
 */
record SaeConfig(
    Optional<String> architecture,
    OptionalInt k,
    boolean preBias,
    Normalisation normalisation,
    boolean decoderNormRescale) {
  private static final String FILE_NAME = "cfg.json";

  /** Variants of sparsify that change what is computed and that the weights do not show. */
  private static final List<String> SPARSIFY_VARIANTS =
      List.of("signed", "embed_skip", "gram_lookup");

  /** Reads the configuration that belongs to a checkpoint and compares its sizes. */
  static SaeConfig read(Path checkpoint, Map<String, String> metadata, SaeWeights weights)
      throws IOException {
    Path configFile = checkpoint.resolveSibling(FILE_NAME);
    Fields fields =
        Files.exists(configFile)
            ? new Fields(configFile, parse(configFile))
            : new Fields(checkpoint, metadata);
    fields.requireSize("d_in", weights.dimension());
    fields.requireSize("d_sae", weights.latents());
    return switch (weights.naming()) {
      case SAELENS -> saeLens(fields, weights.latents());
      case SPARSIFY -> sparsify(fields, weights.latents());
    };
  }

  private static SaeConfig saeLens(Fields fields, int latents) throws FileFormatException {
    Optional<String> activation =
        fields.text("activation_fn_str").or(() -> fields.text("activation_fn"));
    Optional<String> architecture =
        activation.filter("topk"::equals).or(() -> fields.text("architecture"));
    OptionalInt k = fields.k("k", latents);
    Optional<String> normalisation = fields.text("normalize_activations");
    return new SaeConfig(
        architecture,
        k.isPresent() ? k : fields.k("activation_fn_kwargs.k", latents),
        fields.flag("apply_b_dec_to_input", true),
        normalisation.isPresent()
            ? Normalisation.parse(fields.file, "normalize_activations", normalisation.get())
            : Normalisation.NONE,
        fields.flag("rescale_acts_by_decoder_norm", false));
  }

  private static SaeConfig sparsify(Fields fields, int latents) throws FileFormatException {
    for (String variant : SPARSIFY_VARIANTS) {
      if (fields.flag(variant, false)) {
        throw new FileFormatException(
            fields.file, variant, "true", "false: this variant is not supported");
      }
    }
    return new SaeConfig(
        fields.text("activation"),
        fields.k("k", latents),
        !fields.flag("transcode", false),
        Normalisation.NONE,
        false);
  }

  private static Map<String, String> parse(Path file) throws IOException {
    try {
      Map<String, String> scalars = Json.scalars(Files.readString(file));
      if (scalars == null) {
        throw new FileFormatException(file, "configuration", "other JSON", "one JSON object");
      }
      return scalars;
    } catch (JsonProcessingException e) {
      throw new FileFormatException(
          file,
          "configuration",
          "malformed JSON (" + e.getOriginalMessage() + ")",
          "one JSON object",
          e);
    } catch (CharacterCodingException e) {
      throw new FileFormatException(file, "configuration", "malformed text", "UTF-8", e);
    }
  }

  /** Scalars by name, as text. */
  private record Fields(Path file, Map<String, String> scalars) {
    Optional<String> text(String name) {
      return Optional.ofNullable(scalars.getOrDefault("sae." + name, scalars.get(name)));
    }

    boolean flag(String name, boolean absent) throws FileFormatException {
      String text = text(name).orElse(Boolean.toString(absent));
      if (!text.equalsIgnoreCase("true") && !text.equalsIgnoreCase("false")) {
        throw new FileFormatException(file, name, text, "true or false");
      }
      return text.equalsIgnoreCase("true");
    }

    /** A number of active latents; training configurations may write it as a whole 32.0. */
    OptionalInt k(String name, int latents) throws FileFormatException {
      OptionalInt k = integer(name);
      if (k.isPresent() && (k.getAsInt() < 1 || k.getAsInt() > latents)) {
        throw new FileFormatException(
            file, name, Integer.toString(k.getAsInt()), "1 to the " + latents + " latents");
      }
      return k;
    }

    void requireSize(String name, int expected) throws FileFormatException {
      OptionalInt size = integer(name);
      if (size.isPresent() && size.getAsInt() != expected) {
        throw new FileFormatException(
            file, name, Integer.toString(size.getAsInt()), expected + ", as the weights have");
      }
    }

    private OptionalInt integer(String name) throws FileFormatException {
      Optional<String> text = text(name);
      if (text.isEmpty()) {
        return OptionalInt.empty();
      }
      try {
        return OptionalInt.of(new BigDecimal(text.get()).intValueExact());
      } catch (NumberFormatException | ArithmeticException e) {
        throw new FileFormatException(file, name, text.get(), "an integer", e);
      }
    }
  }
}
