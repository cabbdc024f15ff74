package org.pursuit.kernel;

import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;

/**
 * Which gradients of the pre-activations {@code a[b, j] = ⟨x_b − preBias, weights_j⟩ + bias_j} are
 * wanted, and where they go, when {@code g[b, s] = ∂L/∂a[b, index[b, s]]} is known at the selected
 * places and 0 elsewhere:
 *
 * <pre>
 *   ∂L/∂weights[j] = Σ g[b, s]·x_b    over the entries with index[b, s] = j
 *   ∂L/∂bias[j]    = Σ g[b, s]        over the same
 *   ∂L/∂x_b        = Σ_s g[b, s]·weights[index[b, s]]
 *   ∂L/∂preBias    = −Σ_b ∂L/∂x_b = −Σ_j ∂L/∂bias[j]·weights[j]
 * </pre>
 *
 * <p>x is what was multiplied with the weights: where there is a pre-bias, the rows less it. The
 * selection is a constant. Each part is null where it is not wanted.
 *
 * @param weights [n, d]; not together with {@code activeWeights}
 * @param activeWeights [n, d] of which only the rows that some entry names are stored; where the
 *     sum is accumulated, those that were active before as well
 * @param bias [n]
 * @param x [rows, d]
 * @param preBias [d]; summed over rows before it is multiplied, as OpenAI's sparse_autoencoder does
 * @param activation with {@link Activation#RELU} entries whose stored value is ≤ 0 are left out,
 *     for the derivative is 0 there (also at 0); NaN stays. Default {@link Activation#IDENTITY}:
 *     every entry counts, as it must where values may be negative (AbsTopK), and as EleutherAI's
 *     sparsify has it, which passes a gradient to selected values of 0 although it applies a ReLU
 */
public record EncodeGradients(
    Matrix weights,
    RowSparseMatrix activeWeights,
    Floats bias,
    Matrix x,
    Floats preBias,
    Activation activation) {
  public EncodeGradients {
    Check.either(weights, "weights", activeWeights, "activeWeights");
    Check.required(activation, "activation");
  }

  /** No gradient yet, of entries that all count. */
  public static EncodeGradients none() {
    return new EncodeGradients(null, null, null, null, null, Activation.IDENTITY);
  }

  /** With the gradient of all weights. */
  public EncodeGradients weights(Matrix weights) {
    return new EncodeGradients(weights, activeWeights, bias, x, preBias, activation);
  }

  /** With the gradient of the weights in use. */
  public EncodeGradients activeWeights(RowSparseMatrix activeWeights) {
    return new EncodeGradients(weights, activeWeights, bias, x, preBias, activation);
  }

  /** With the gradient of the bias. */
  public EncodeGradients bias(Floats bias) {
    return new EncodeGradients(weights, activeWeights, bias, x, preBias, activation);
  }

  /** With the gradient of the rows. */
  public EncodeGradients x(Matrix x) {
    return new EncodeGradients(weights, activeWeights, bias, x, preBias, activation);
  }

  /** With the gradient of the pre-bias. */
  public EncodeGradients preBias(Floats preBias) {
    return new EncodeGradients(weights, activeWeights, bias, x, preBias, activation);
  }

  /** With entries left out where {@code activation} has no slope. */
  public EncodeGradients activation(Activation activation) {
    return new EncodeGradients(weights, activeWeights, bias, x, preBias, activation);
  }
}
