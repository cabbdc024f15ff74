package org.pursuit.contract;

import java.util.Random;
import org.pursuit.support.Dense;
import org.pursuit.support.Inputs;

/**
 * Dictionaries on which a few steps of matching pursuit are exact in float32: small integers, and
 * squared norms that are powers of two, so that coefficients are dyadic fractions.
 */
final class PowerOfTwoAtoms {
  private PowerOfTwoAtoms() {}

  /** Atoms with squared norms from {@code squares}, among them zero atoms and equal ones. */
  static Dense random(int n, int d, int[] squares, Random random) {
    Dense atoms = Dense.zeros(n, d);
    for (int j = 0; j < n; j++) {
      if (j % 11 == 5) {
        System.arraycopy(atoms.values(), (j - 3) * d, atoms.values(), j * d, d);
      } else if (j % 11 != 7) {
        fill(atoms, j, squares[random.nextInt(squares.length)], random);
      }
    }
    return atoms;
  }

  /** Entries ±1 or, where four of them can be had for one, ±2. */
  private static void fill(Dense atoms, int j, int square, Random random) {
    int size = square % 4 == 0 && random.nextBoolean() ? 2 : 1;
    int entries = square / (size * size);
    for (int i : Inputs.distinct(entries, atoms.columns(), random)) {
      atoms.values()[j * atoms.columns() + i] = random.nextBoolean() ? size : -size;
    }
  }
}
