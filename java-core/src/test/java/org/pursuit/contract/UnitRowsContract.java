package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** What keeps a dictionary's atoms at unit norm. */
class UnitRowsContract {
  private static final int[] ROWS = {0, 1, 8, 9, 130};
  private static final int[] WIDTHS = {0, 1, 15, 16, 17, 129, 1021, 2050};

  @EveryBackend
  void unitRowsAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(250);
    try (Lab lab = backend.open()) {
      for (int rows : ROWS) {
        for (int d : WIDTHS) {
          Dense x = Inputs.offCentre(rows, d, random);
          Matrix out = lab.matrix(x, DType.F32, Placement.VIEW);
          lab.statistics().unitRows(out, 0.25f);
          unit(x, 0.25f).assertMatches(out.download(), DType.F32, "[" + rows + ", " + d + "]");
        }
      }
    }
  }

  @EveryBackend
  void unitRowsOfEveryFormatAnywhere(BackendUnderTest backend) {
    Dense x = Inputs.offCentre(7, 77, Seed.random(251));
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType dtype : DType.values()) {
          for (float epsilon : new float[] {0, 1e-8f, 3}) {
            Dense own = new Dense(7, 77, x.values().clone()); // a wrapped array is written to
            Matrix out = lab.matrix(own, dtype, placement);
            lab.statistics().unitRows(out, epsilon);
            unit(x.stored(dtype), epsilon)
                .assertMatches(out.download(), dtype, placement + ", " + dtype + ", " + epsilon);
          }
        }
      }
    }
  }

  @EveryBackend
  void rowsWithoutANormStay(BackendUnderTest backend) {
    float nan = Float.NaN;
    float inf = Float.POSITIVE_INFINITY;
    try (Lab lab = backend.open()) {
      Matrix x =
          lab.matrix(
              Dense.ofRows(
                  new float[] {0, 0, -0f},
                  new float[] {3, 0, 4},
                  new float[] {1, nan, 2},
                  new float[] {1, inf, 2}));
      lab.statistics().unitRows(x, 0);
      float[] expected = {0, 0, -0f, 0.6f, 0, 0.8f, nan, nan, nan, 0, nan, 0};
      Same.numbers(x.download(), expected, "epsilon 0");
    }
  }

  @EveryBackend
  void projectsAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(252);
    try (Lab lab = backend.open()) {
      for (int rows : ROWS) {
        for (int d : WIDTHS) {
          Dense g = Inputs.normal(rows, d, random);
          Dense atoms = Inputs.offCentre(rows, d, random);
          Matrix out = lab.matrix(g, DType.F32, Placement.VIEW);
          lab.statistics().projectGradient(lab.matrix(atoms), out);
          projected(g, atoms, identity(rows), rows)
              .assertMatches(out.download(), DType.F32, "[" + rows + ", " + d + "]");
        }
      }
    }
  }

  @EveryBackend
  void projectsInEveryFormat(BackendUnderTest backend) {
    Random random = Seed.random(253);
    Dense g = Inputs.normal(6, 70, random);
    Dense atoms = Inputs.normal(6, 70, random);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType left : DType.values()) {
          for (DType right : DType.values()) {
            Matrix out = lab.matrix(g, left, Placement.VIEW);
            lab.statistics().projectGradient(lab.matrix(atoms, right, placement), out);
            projected(g.stored(left), atoms.stored(right), identity(6), 6)
                .assertMatches(out.download(), left, placement + ", " + left + " and " + right);
          }
        }
      }
    }
  }

  @EveryBackend
  void projectsTheActiveRowsOfAGradient(BackendUnderTest backend) {
    Random random = Seed.random(254);
    int[] ids = {0, 3, 17, 18, 40, 0, 0};
    Dense g = Inputs.normal(7, 33, random);
    Dense atoms = Inputs.normal(41, 33, random);
    try (Lab lab = backend.open()) {
      for (int count : new int[] {0, 1, 5}) {
        RowSparseMatrix gradient = lab.keep(lab.backend().rowSparseMatrix(41, 33, 7));
        gradient.elements().upload(g.values());
        gradient.rowIds().upload(ids);
        gradient.count().upload(new int[] {count});
        lab.statistics().projectGradient(lab.matrix(atoms), gradient);
        projected(g, atoms, ids, count)
            .assertMatches(gradient.elements().download(), DType.F32, count + " active rows");
      }
    }
  }

  @EveryBackend
  void anActiveRowThatNoAtomHasIsRefused(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      RowSparseMatrix gradient = lab.keep(lab.backend().rowSparseMatrix(4, 3, 2));
      gradient.rowIds().upload(new int[] {1, 4});
      gradient.count().upload(new int[] {2});
      Matrix atoms = lab.matrix(Inputs.normal(4, 3, Seed.random(255)));
      assertThatThrownBy(
              () -> {
                lab.statistics().projectGradient(atoms, gradient);
                lab.backend().synchronize();
              })
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @EveryBackend
  void anAtomWithoutANormTakesNothing(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Dense g = Dense.ofRows(new float[] {1, Float.NaN}, new float[] {1, 2}, new float[] {5, 5});
      Matrix atoms =
          lab.matrix(Dense.ofRows(new float[2], new float[] {0, 4}, new float[] {1, Float.NaN}));
      Matrix out = lab.matrix(g);
      lab.statistics().projectGradient(atoms, out);
      Same.numbers(
          out.download(), new float[] {1, Float.NaN, 1, 0, Float.NaN, Float.NaN}, "projected");
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreads(BackendUnderTest backend) {
    Random random = Seed.random(256);
    Dense g = Inputs.normal(257, 63, random);
    Dense atoms = Inputs.normal(257, 63, random);
    float[] first = null;
    for (int threads : new int[] {1, 2, 1}) {
      try (Lab lab = backend.open(threads)) {
        Matrix unit = lab.matrix(atoms);
        Matrix out = lab.matrix(g);
        lab.statistics().unitRows(unit, 1e-8f);
        lab.statistics().projectGradient(unit, out);
        first = first == null ? out.download() : first;
        Same.bits(out.download(), first, threads + " threads");
      }
    }
  }

  private static int[] identity(int rows) {
    int[] ids = new int[rows];
    for (int row = 0; row < rows; row++) {
      ids[row] = row;
    }
    return ids;
  }

  private static double dot(Dense x, int xRow, Dense y, int yRow) {
    double sum = 0;
    for (int i = 0; i < x.columns(); i++) {
      sum += (double) x.at(xRow, i) * y.at(yRow, i);
    }
    return sum;
  }

  /** Each element's error is that of a norm of d terms, relative to the element. */
  private static Estimate unit(Dense x, float epsilon) {
    Estimate unit = new Estimate(x.values().length);
    for (int row = 0; row < x.rows(); row++) {
      double divisor = Math.sqrt(dot(x, row, x, row)) + epsilon;
      for (int i = 0; i < x.columns(); i++) {
        double value = x.at(row, i) / divisor;
        unit.add(row * x.columns() + i, value, (1 + x.columns() / 8.0) * Math.abs(value));
      }
    }
    return unit;
  }

  /** The first {@code count} rows without their part along the atoms that {@code ids} names. */
  private static Estimate projected(Dense g, Dense atoms, int[] ids, int count) {
    int d = g.columns();
    Estimate left = new Estimate(g.values().length);
    for (int row = 0; row < g.rows(); row++) {
      double square = row < count ? dot(atoms, ids[row], atoms, ids[row]) : 0;
      double product = square == 0 ? 0 : dot(g, row, atoms, ids[row]);
      double size = square == 0 ? 0 : Math.sqrt(dot(g, row, g, row) * square);
      for (int i = 0; i < d; i++) {
        left.add(row * d + i, g.at(row, i));
        if (square != 0) {
          double atom = atoms.at(ids[row], i);
          double magnitude = (2 + d / 8.0) * size / square * Math.abs(atom);
          left.add(row * d + i, -product / square * atom, magnitude);
        }
      }
    }
    return left;
  }
}
