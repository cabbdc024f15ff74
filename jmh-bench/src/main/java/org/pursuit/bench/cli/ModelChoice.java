package org.pursuit.bench.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.pursuit.Backend;
import org.pursuit.io.TensorPath;
import picocli.CommandLine.Option;

/** The options that name a dictionary or an autoencoder; one of the two is to be given. */
final class ModelChoice {
  @Option(
      names = "--dictionary",
      required = true,
      paramLabel = "FILE[:TENSOR]",
      description = "Matrix with one atom a row: .npy, .npz or .safetensors.")
  private TensorPath dictionary;

  @Option(
      names = "--sae",
      required = true,
      paramLabel = "FILE",
      description =
          "Sparse autoencoder as SAELens or sparsify write it: a .safetensors file, or the folder"
              + " that holds it and its cfg.json.")
  private Path sae;

  /** Whether an autoencoder was named. */
  boolean isAutoencoder() {
    return sae != null;
  }

  /** The files that were named. */
  List<Path> files() {
    return List.of(isAutoencoder() ? sae : dictionary.file());
  }

  /** Loads what was named into a backend. */
  SparseModel load(Backend backend) throws IOException {
    return isAutoencoder()
        ? SparseModel.autoencoder(backend, sae)
        : SparseModel.dictionary(backend, dictionary);
  }

  @Override
  public String toString() {
    return isAutoencoder() ? sae.toString() : dictionary.toString();
  }
}
