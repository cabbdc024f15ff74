package org.pursuit.bench.jmh;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.pursuit.Backend;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.data.SlottedCodes;

/** Inputs of the benchmarks, the same in every run. */
final class BenchmarkData {
  private static final long SEED = 0x50555253554954L;

  /** A prime, so that rows that hold the same numbers begin at different ones. */
  private static final int PERIOD = 16_777_213;

  private BenchmarkData() {}

  /** Generator of the input with this name. */
  private static SplittableRandom random(String name) {
    return new SplittableRandom(SEED + name.hashCode());
  }

  /** Numbers from N(0, 1); where there are many, the first come again after {@value #PERIOD}. */
  static float[] normal(String name, long length) {
    SplittableRandom random = random(name);
    float[] values = new float[Math.toIntExact(length)];
    int drawn = Math.min(values.length, PERIOD);
    for (int i = 0; i < drawn; i++) {
      values[i] = (float) random.nextGaussian();
    }
    for (int i = PERIOD; i < values.length; i += PERIOD) {
      System.arraycopy(values, 0, values, i, Math.min(PERIOD, values.length - i));
    }
    return values;
  }

  /** Rounds numbers to what {@code dtype} can hold. */
  static void round(float[] values, DType dtype) {
    if (dtype != DType.F32) {
      short[] bits = new short[values.length];
      dtype.narrow(values, 0, bits, 0, values.length);
      dtype.widen(bits, 0, values, 0, values.length);
    }
  }

  /** Atoms of unit norm in random directions, row-major [n, d]. */
  static float[] atoms(int n, int d) {
    float[] atoms = normal("atoms", (long) n * d);
    for (int j = 0; j < n; j++) {
      double square = 0;
      for (int i = j * d; i < (j + 1) * d; i++) {
        square += (double) atoms[i] * atoms[i];
      }
      float scale = (float) (1 / Math.sqrt(square));
      for (int i = j * d; i < (j + 1) * d; i++) {
        atoms[i] *= scale;
      }
    }
    return atoms;
  }

  /** Scores that rise along each row: every one beats all before it. */
  static float[] ascending(int rows, int columns) {
    float[] scores = new float[Math.multiplyExact(rows, columns)];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = 1 + i % columns;
    }
    return scores;
  }

  /** The numbers below n in random order. */
  static int[] permutation(int n) {
    SplittableRandom random = random("permutation");
    int[] order = new int[n];
    for (int i = 0; i < n; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** Copies of some rows of a matrix. */
  static float[][] rows(Matrix x, int[] chosen) {
    float[][] rows = new float[chosen.length][];
    for (int r = 0; r < chosen.length; r++) {
      rows[r] = x.rows(chosen[r], chosen[r] + 1).download();
    }
    return rows;
  }

  /** Every so manyeth row of a matrix, from the first on. */
  static RowSparseMatrix activeRows(Backend backend, Matrix x, int every) {
    int active = activeRows(x.rows(), every);
    int[] rows = new int[active];
    for (int i = 0; i < active; i++) {
      rows[i] = every * i;
    }
    RowSparseMatrix sparse = backend.rowSparseMatrix(x.rows(), x.columns(), active);
    sparse.rowIds().upload(rows);
    sparse.count().upload(new int[] {active});
    backend.training().gatherRows(x, sparse.rowIds(), sparse.elements());
    return sparse;
  }

  /** How many rows {@link #activeRows(Backend, Matrix, int)} are. */
  static int activeRows(int rows, int every) {
    return (rows + every - 1) / every;
  }

  /** Fills all slots with values from N(0, 1) and atoms below n, distinct within a row. */
  static void distinctAtoms(SlottedCodes codes, int n) {
    fill(codes, n, true);
  }

  /** {@link #distinctAtoms} but for the atoms, which may repeat within a row as in a tape. */
  static void repeatedAtoms(SlottedCodes codes, int n) {
    fill(codes, n, false);
  }

  private static void fill(SlottedCodes codes, int n, boolean distinct) {
    int k = codes.k();
    if (distinct && k > n) {
      throw new IllegalArgumentException("k: expected at most n = " + n + ", found " + k);
    }
    SplittableRandom random = random("indices");
    int[] indices = new int[codes.rows() * k];
    for (int slot = 0; slot < indices.length; slot++) {
      int rowBegin = slot - slot % k;
      do {
        indices[slot] = random.nextInt(n);
      } while (distinct && contains(indices, rowBegin, slot, indices[slot]));
    }
    int[] counts = new int[codes.rows()];
    Arrays.fill(counts, k);
    codes.indices().upload(indices);
    codes.values().upload(normal("values", indices.length));
    codes.counts().upload(counts);
  }

  private static boolean contains(int[] array, int from, int to, int sought) {
    for (int i = from; i < to; i++) {
      if (array[i] == sought) {
        return true;
      }
    }
    return false;
  }
}
