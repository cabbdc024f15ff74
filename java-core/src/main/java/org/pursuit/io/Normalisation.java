package org.pursuit.io;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * What a sparse autoencoder expects to be done to an activation x of dimension d before its
 * pre-bias and encoder, and undone on its reconstruction. The names in configuration files are
 * those of SAELens, {@code normalize_activations}.
 */
public enum Normalisation {
  /** Nothing. */
  NONE("none"),
  /**
   * {@code (x − mean(x)) / (s + 1e-5)} with the standard deviation s of the d numbers, divided by d
   * − 1; undone by {@code x̂·s + mean(x)}.
   */
  LAYER_NORM("layer_norm"),
  /** {@code x·√d / ‖x‖}, for each row; undone by {@code x̂·‖x‖ / √d}. */
  CONSTANT_NORM("constant_norm_rescale"),
  /**
   * {@code c·x} with one constant c for the data set, by which the mean of ‖x‖ becomes √d. The
   * checkpoint does not hold c; SAELens itself applies none outside training.
   */
  DATASET_SCALE("expected_average_only_in");

  private final String configName;

  Normalisation(String configName) {
    this.configName = configName;
  }

  /** The one of this name in a configuration; old files say true for a data set scale, or false. */
  static Normalisation parse(Path file, String field, String name) throws FileFormatException {
    for (Normalisation normalisation : values()) {
      if (normalisation.configName.equals(name)) {
        return normalisation;
      }
    }
    return switch (name) {
      case "false" -> NONE;
      case "true" -> DATASET_SCALE;
      default ->
          throw new FileFormatException(
              file,
              field,
              name,
              Arrays.stream(values()).map(n -> n.configName).collect(Collectors.joining(" or ")));
    };
  }
}
