package org.pursuit.bench.jmh;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.Backend;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.kernel.SparseAlgebra;

/** The algebra of codes: unions, intersections, joins, and changes of layout. */
public class SparseAlgebraCodesBenchmark extends KernelBenchmark {
  private static final float ALPHA = 0.75f;
  private static final float BETA = -0.5f;

  /** Codes of two selections and what becomes of them, made once so that all can be verified. */
  @State(Scope.Benchmark)
  public static class Operands {
    /** Rows x k x atoms. */
    @Param("8192x64x2048")
    public String shape;

    private Backend backend;
    private SparseAlgebra algebra;
    private FixedWidthCodes a;
    private FixedWidthCodes b;
    private FixedWidthCodes union;
    private FixedWidthCodes common;
    private FixedWidthCodes joined;
    private FixedWidthCodes slotted;
    private CsrCodes compressed;
    private CsrCodes transposed;

    /** Makes the operands and the results. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(shape, "rowsxkxn");
      int rows = sizes[0];
      int k = sizes[1];
      int n = sizes[2];
      this.backend = backend.get();
      algebra = this.backend.sparseAlgebra();
      a = this.backend.fixedWidthCodes(rows, k);
      BenchmarkData.distinctAtoms(a, n);
      b = this.backend.fixedWidthCodes(rows, k);
      BenchmarkData.distinctAtoms(b, n / 2);
      union = this.backend.fixedWidthCodes(rows, 2 * k);
      common = this.backend.fixedWidthCodes(rows, k);
      joined = this.backend.fixedWidthCodes(2 * rows, k);
      slotted = this.backend.fixedWidthCodes(rows, k);
      compressed = this.backend.csrCodes(rows, n, (long) rows * k);
      transposed = this.backend.csrCodes(n, rows, (long) rows * k);
      algebra.axpby(ALPHA, a, BETA, b, union);
      algebra.intersect(a, b, common);
      algebra.concat(a, b, joined);
      algebra.toCsr(a, compressed);
      algebra.toFixedWidth(compressed, slotted, null);
      algebra.transpose(compressed, transposed);
    }

    /** Fails if the last result is wrong. */
    @TearDown
    public void verify() {
      for (int row : Verification.rowsOf(a.rows())) {
        Map<Integer, Float> own = entries(a, row);
        Map<Integer, Float> other = entries(b, row);
        Map<Integer, Float> sums = new TreeMap<>();
        own.forEach((atom, value) -> sums.put(atom, ALPHA * value));
        other.forEach((atom, value) -> sums.merge(atom, BETA * value, Float::sum));
        verify(sums, entries(union, row), "union of row " + row);
        verify(own, entries(joined, row), "row " + row + " of both");
        verify(other, entries(joined, a.rows() + row), "row " + row + " of the second");
        verify(own, entries(slotted, row), "slots of row " + row);
        Map<Integer, Float> both = new TreeMap<>(own);
        both.keySet().retainAll(other.keySet());
        verify(both, entries(common, row), "intersection of row " + row);
        verify(own, entries(compressed, row), "entries of row " + row);
        Map<Integer, Float> column = new TreeMap<>();
        own.forEach((atom, value) -> column.put(atom, entries(transposed, atom).get(row)));
        verify(own, column, "columns of row " + row);
      }
    }

    private static void verify(Map<Integer, Float> expected, Map<Integer, Float> found, String of) {
      Verification.require(found.keySet().equals(expected.keySet()), of + ": other atoms");
      expected.forEach(
          (atom, value) ->
              Verification.near(value, found.get(atom), 1e-6, of + ": value of atom " + atom));
    }

    private static Map<Integer, Float> entries(FixedWidthCodes codes, int row) {
      int from = row * codes.k();
      return entries(
          codes.indices().download(),
          codes.values().download(),
          from,
          from + codes.counts().download()[row]);
    }

    private static Map<Integer, Float> entries(CsrCodes codes, int row) {
      long[] offsets = codes.offsets().download();
      return entries(
          codes.columns().download(),
          codes.values().download(),
          (int) offsets[row],
          (int) offsets[row + 1]);
    }

    private static Map<Integer, Float> entries(int[] atoms, float[] values, int from, int to) {
      Map<Integer, Float> entries = new TreeMap<>();
      for (int i = from; i < to; i++) {
        Verification.require(
            entries.put(atoms[i], values[i]) == null, "atom " + atoms[i] + " comes again");
      }
      return entries;
    }
  }

  /** {@link SparseAlgebra#axpby}. */
  @Benchmark
  public FixedWidthCodes axpby(Operands o) {
    o.algebra.axpby(ALPHA, o.a, BETA, o.b, o.union);
    o.backend.synchronize();
    return o.union;
  }

  /** {@link SparseAlgebra#intersect}. */
  @Benchmark
  public FixedWidthCodes intersect(Operands o) {
    o.algebra.intersect(o.a, o.b, o.common);
    o.backend.synchronize();
    return o.common;
  }

  /** {@link SparseAlgebra#concat}. */
  @Benchmark
  public FixedWidthCodes concat(Operands o) {
    o.algebra.concat(o.a, o.b, o.joined);
    o.backend.synchronize();
    return o.joined;
  }

  /** {@link SparseAlgebra#toCsr}. */
  @Benchmark
  public CsrCodes toCsr(Operands o) {
    o.algebra.toCsr(o.a, o.compressed);
    o.backend.synchronize();
    return o.compressed;
  }

  /** {@link SparseAlgebra#toFixedWidth}. */
  @Benchmark
  public FixedWidthCodes toFixedWidth(Operands o) {
    o.algebra.toFixedWidth(o.compressed, o.slotted, null);
    o.backend.synchronize();
    return o.slotted;
  }

  /** {@link SparseAlgebra#transpose}. */
  @Benchmark
  public CsrCodes transpose(Operands o) {
    o.algebra.transpose(o.compressed, o.transposed);
    o.backend.synchronize();
    return o.transposed;
  }

  /** The work of one call with the given parameters: inputs are read and outputs written once. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("shape"), "rowsxkxn");
    long rows = sizes[0];
    long k = sizes[1];
    long entries = rows * k;
    long slotted = Work.codes(rows, k);
    long compressed = compressed(rows, entries);
    long bytes =
        switch (kernel) {
          case "axpby" -> 2 * slotted + Work.codes(rows, 2 * k);
          case "intersect" -> 2 * slotted + Work.words(entries + rows); // of b no values
          case "concat" -> 4 * slotted;
          case "toCsr", "toFixedWidth" -> slotted + compressed;
          case "transpose" -> compressed + compressed(sizes[2], entries);
          default -> throw new IllegalArgumentException("kernel: found " + kernel);
        };
    return new Work(bytes, kernel.equals("axpby") ? 4 * entries : 0, bytes);
  }

  private static long compressed(long rows, long entries) {
    return Work.words(2 * entries) + Long.BYTES * (rows + 1);
  }
}
