package org.pursuit.kernel;

import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;

/**
 * Which gradients of {@code out_b = Σ_s value[b, s]·atoms[index[b, s]] + bias} are wanted, and
 * where they go; with {@code g_b = ∂L/∂out_b}
 *
 * <pre>
 *   ∂L/∂value[b, s] = ⟨g_b, atoms[index[b, s]]⟩
 *   ∂L/∂atoms[j]    = Σ value[b, s]·g_b   over the entries with index[b, s] = j
 *   ∂L/∂bias        = Σ_b g_b
 * </pre>
 *
 * <p>The choice of the indices is a constant. Each part is null where it is not wanted.
 *
 * @param values in the layout of the codes' values: [rows·k], 0 in empty slots, or [capacity],
 *     where what lies past the last entry stays as it is. Other numbers than the codes' own values
 * @param atoms [n, d]; not together with {@code activeAtoms}
 * @param activeAtoms [n, d] of which only the rows that some entry names are stored; where the sum
 *     is accumulated, those that were active before as well
 * @param bias [d]
 */
public record DecodeGradients(
    Floats values, Matrix atoms, RowSparseMatrix activeAtoms, Floats bias) {
  public DecodeGradients {
    Check.either(atoms, "atoms", activeAtoms, "activeAtoms");
  }

  /** No gradient yet. */
  public static DecodeGradients none() {
    return new DecodeGradients(null, null, null, null);
  }

  /** With the gradient of the values. */
  public DecodeGradients values(Floats values) {
    return new DecodeGradients(values, atoms, activeAtoms, bias);
  }

  /** With the gradient of all atoms. */
  public DecodeGradients atoms(Matrix atoms) {
    return new DecodeGradients(values, atoms, activeAtoms, bias);
  }

  /** With the gradient of the atoms in use. */
  public DecodeGradients activeAtoms(RowSparseMatrix activeAtoms) {
    return new DecodeGradients(values, atoms, activeAtoms, bias);
  }

  /** With the gradient of the bias. */
  public DecodeGradients bias(Floats bias) {
    return new DecodeGradients(values, atoms, activeAtoms, bias);
  }
}
