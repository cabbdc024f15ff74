package org.pursuit.kernel;

import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;

/**
 * Where the gradients of a pursuit go. What is null is not computed.
 *
 * @param atoms gradient of the atoms [n, d]; rows of atoms that were never picked are zeros, or
 *     stay as they are where it accumulates; not together with {@code activeAtoms}
 * @param activeAtoms [n, d] of which only the rows of atoms that some step picked are stored; where
 *     it accumulates, those that were active before as well
 * @param atomsWrite how either is written
 * @param x gradient of the pursued rows [rows, d]
 * @param xWrite how it is written
 */
public record PursuitGradients(
    Matrix atoms, RowSparseMatrix activeAtoms, Write atomsWrite, Matrix x, Write xWrite) {
  public PursuitGradients {
    Check.either(atoms, "atoms", activeAtoms, "activeAtoms");
    Check.required(atomsWrite, "atomsWrite");
    Check.required(xWrite, "xWrite");
  }

  /** The atoms' gradient alone, overwritten. */
  public static PursuitGradients ofAtoms(Matrix atoms) {
    return new PursuitGradients(atoms, null, Write.OVERWRITE, null, Write.OVERWRITE);
  }

  /** The gradient of the atoms in use alone, overwritten. */
  public static PursuitGradients ofActiveAtoms(RowSparseMatrix activeAtoms) {
    return new PursuitGradients(null, activeAtoms, Write.OVERWRITE, null, Write.OVERWRITE);
  }

  /** The rows' gradient alone, overwritten. */
  public static PursuitGradients ofX(Matrix x) {
    return new PursuitGradients(null, null, Write.OVERWRITE, x, Write.OVERWRITE);
  }

  /** With the atoms' gradient written so; null for none. */
  public PursuitGradients atoms(Matrix atoms, Write write) {
    return new PursuitGradients(atoms, activeAtoms, write, x, xWrite);
  }

  /** With the gradient of the atoms in use written so; null for none. */
  public PursuitGradients activeAtoms(RowSparseMatrix activeAtoms, Write write) {
    return new PursuitGradients(atoms, activeAtoms, write, x, xWrite);
  }

  /** With the rows' gradient written so; null for none. */
  public PursuitGradients x(Matrix x, Write write) {
    return new PursuitGradients(atoms, activeAtoms, atomsWrite, x, write);
  }
}
