package org.pursuit.kernel;

import org.pursuit.data.Matrix;

/**
 * Where the gradients of a pursuit go. What is null is not computed.
 *
 * @param atoms gradient of the atoms [n, d]; rows of atoms that were never picked are zeros, or
 *     stay as they are where it accumulates
 * @param atomsWrite how it is written
 * @param x gradient of the pursued rows [rows, d]
 * @param xWrite how it is written
 */
public record PursuitGradients(Matrix atoms, Write atomsWrite, Matrix x, Write xWrite) {
  public PursuitGradients {
    Check.required(atomsWrite, "atomsWrite");
    Check.required(xWrite, "xWrite");
  }

  /** The atoms' gradient alone, overwritten. */
  public static PursuitGradients ofAtoms(Matrix atoms) {
    return new PursuitGradients(atoms, Write.OVERWRITE, null, Write.OVERWRITE);
  }

  /** The rows' gradient alone, overwritten. */
  public static PursuitGradients ofX(Matrix x) {
    return new PursuitGradients(null, Write.OVERWRITE, x, Write.OVERWRITE);
  }

  /** With the atoms' gradient written so; null for none. */
  public PursuitGradients atoms(Matrix atoms, Write write) {
    return new PursuitGradients(atoms, write, x, xWrite);
  }

  /** With the rows' gradient written so; null for none. */
  public PursuitGradients x(Matrix x, Write write) {
    return new PursuitGradients(atoms, atomsWrite, x, write);
  }
}
