package org.pursuit.bench.jmh;

import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.pursuit.Backend;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.Statistics;

/** What keeps a dictionary's atoms at unit norm. */
public class StatisticsAtomsBenchmark extends KernelBenchmark {
  /** Every so manyeth row of the gradient is active: atoms that a batch makes use of. */
  private static final int ACTIVE = 4;

  /** A dictionary and its gradient; both stay what the first call makes of them. */
  @State(Scope.Benchmark)
  public static class Atoms {
    /** Rows x columns. */
    @Param({"16384x2048", "512x768"})
    public String shape;

    private Backend backend;
    private Statistics statistics;
    private Matrix atoms;
    private Matrix gradient;
    private RowSparseMatrix active;

    /** Makes the operands, and fails if a kernel's result is wrong. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxcolumns");
      long size = (long) sizes[0] * sizes[1];
      this.backend = backend.get();
      statistics = this.backend.statistics();
      atoms = this.backend.upload(BenchmarkData.normal("atoms", size), sizes[0], sizes[1]);
      gradient = this.backend.upload(BenchmarkData.normal("g", size), sizes[0], sizes[1]);
      active = BenchmarkData.activeRows(this.backend, gradient, ACTIVE);
      int[] chosen = Verification.rowsOf(sizes[0]);
      float[][] old = BenchmarkData.rows(atoms, chosen);
      statistics.unitRows(atoms, 0);
      float[][] unit = BenchmarkData.rows(atoms, chosen);
      for (int r = 0; r < chosen.length; r++) {
        verifyUnit(old[r], unit[r]);
      }
      old = BenchmarkData.rows(gradient, chosen);
      statistics.projectGradient(atoms, gradient);
      float[][] projected = BenchmarkData.rows(gradient, chosen);
      for (int r = 0; r < chosen.length; r++) {
        verifyProjected(unit[r], old[r], projected[r]);
      }
      chosen = Verification.rowsOf(active.capacity());
      old = BenchmarkData.rows(active.elements(), chosen);
      statistics.projectGradient(atoms, active);
      projected = BenchmarkData.rows(active.elements(), chosen);
      for (int r = 0; r < chosen.length; r++) {
        int atom = ACTIVE * chosen[r];
        verifyProjected(atoms.rows(atom, atom + 1).download(), old[r], projected[r]);
      }
    }

    private static void verifyUnit(float[] old, float[] found) {
      double norm = Verification.norm(old, 0, old.length);
      for (int i = 0; i < old.length; i++) {
        double expected = old[i] / norm;
        Verification.near(expected, found[i], 1e-5 * Math.abs(expected), "unit row, " + i);
      }
    }

    private static void verifyProjected(float[] atom, float[] old, float[] found) {
      int d = atom.length;
      double along = Verification.dot(old, 0, atom, 0, d) / Verification.dot(atom, 0, atom, 0, d);
      double bound = Verification.roundingBound(d, Verification.norm(old, 0, d));
      for (int i = 0; i < d; i++) {
        Verification.near(old[i] - along * atom[i], found[i], bound, "projected row, " + i);
      }
    }
  }

  /** {@link Statistics#unitRows}. */
  @Benchmark
  public Matrix unitRows(Atoms o) {
    o.statistics.unitRows(o.atoms, 0);
    o.backend.synchronize();
    return o.atoms;
  }

  /** {@link Statistics#projectGradient(Matrix, Matrix)}. */
  @Benchmark
  public Matrix projectGradient(Atoms o) {
    o.statistics.projectGradient(o.atoms, o.gradient);
    o.backend.synchronize();
    return o.gradient;
  }

  /** {@link Statistics#projectGradient(Matrix, RowSparseMatrix)}. */
  @Benchmark
  public RowSparseMatrix projectActiveRows(Atoms o) {
    o.statistics.projectGradient(o.atoms, o.active);
    o.backend.synchronize();
    return o.active;
  }

  /** The work of one call with the given parameters: a row is read once, and stays in cache. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxcolumns");
    long elements = (long) sizes[0] * sizes[1];
    return switch (kernel) {
      case "unitRows" -> Work.elementwise(elements, 2, 1, 3);
      case "projectGradient" -> project(elements);
      case "projectActiveRows" -> {
        long active = BenchmarkData.activeRows(sizes[0], ACTIVE);
        Work rows = project(active * sizes[1]);
        long ids = Work.words(active + 1);
        yield new Work(rows.bytes() + ids, rows.flops(), rows.footprint() + ids);
      }
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  /** Two products and a multiple of the atom that is taken off the gradient. */
  private static Work project(long elements) {
    return Work.elementwise(elements, 3, 2, 6);
  }
}
