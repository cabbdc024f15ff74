package org.pursuit.bench.jmh;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.Backend;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.Score;

/**
 * The limits of a backend's device, measured through the backend: a copy in its memory, and its
 * dense product, which cuBLAS computes where it is there.
 */
public class DeviceRooflineBenchmark extends KernelBenchmark {
  /** Two matrices to copy between. */
  @State(Scope.Benchmark)
  public static class Copied {
    /** Rows x columns; far more than any cache holds. */
    @Param("16384x16384")
    public String copied;

    private Backend backend;
    private Matrix from;
    private Matrix to;

    /** Makes the matrices. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(copied, "rowsxcolumns");
      this.backend = backend.get();
      from = this.backend.matrix(sizes[0], sizes[1], DType.F32);
      from.upload(BenchmarkData.normal("copied", (long) sizes[0] * sizes[1]));
      to = this.backend.matrix(sizes[0], sizes[1], DType.F32);
    }

    /** Fails if the copy is another. */
    @TearDown
    public void verify() {
      for (int row : Verification.rowsOf(from.rows())) {
        Verification.require(
            Arrays.equals(from.rows(row, row + 1).download(), to.rows(row, row + 1).download()),
            "copy of row " + row);
      }
    }
  }

  /** Two factors and their product. */
  @State(Scope.Benchmark)
  public static class Multiplied {
    /** Rows x dimension x atoms. */
    @Param("8192x4096x8192")
    public String multiplied;

    /** The least precision of the factors that the caller accepts. */
    @Param({"FLOAT32", "TF32", "BF16"})
    public Precision precision;

    private Backend backend;
    private Matrix x;
    private Matrix atoms;
    private Matrix out;

    /** Makes the factors, stored in the format that the precision asks for. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(multiplied, "rowsxdxn");
      DType dtype = precision == Precision.BF16 ? DType.BF16 : DType.F32;
      this.backend = backend.get();
      x = this.backend.matrix(sizes[0], sizes[1], dtype);
      x.upload(BenchmarkData.normal("x", (long) sizes[0] * sizes[1]));
      atoms = this.backend.matrix(sizes[2], sizes[1], dtype);
      atoms.upload(BenchmarkData.normal("atoms", (long) sizes[2] * sizes[1]));
      out = this.backend.matrix(sizes[0], sizes[2], DType.F32);
    }

    /** Fails if an element of the product is wrong. */
    @TearDown
    public void verify() {
      float[] a = x.rows(0, 1).download();
      float[] b = atoms.rows(0, 1).download();
      double norms = Verification.norm(a, 0, a.length) * Verification.norm(b, 0, b.length);
      double bound = Verification.roundingBound(a.length, norms) + 0x1p-9 * norms;
      Verification.near(
          Verification.dot(a, 0, b, 0, a.length),
          out.rows(0, 1).columns(0, 1).download()[0],
          bound,
          "first element of the product");
    }
  }

  /** Reads one matrix and writes another. */
  @Benchmark
  public Matrix copy(Copied o) {
    o.backend.training().axpby(1, o.from, 0, o.to);
    o.backend.synchronize();
    return o.to;
  }

  /** Multiplies two matrices. */
  @Benchmark
  public Matrix product(Multiplied o) {
    o.backend.scoring().score(o.x, o.atoms, null, Score.plain().precision(o.precision), o.out);
    o.backend.synchronize();
    return o.out;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    return switch (kernel) {
      case "copy" -> {
        int[] sizes = Shapes.parse(parameter.apply("copied"), "rowsxcolumns");
        long bytes = Work.words(2L * sizes[0] * sizes[1]);
        yield new Work(bytes, 0, bytes);
      }
      case "product" -> {
        int[] sizes = Shapes.parse(parameter.apply("multiplied"), "rowsxdxn");
        yield ScoringBenchmark.score(sizes[0], sizes[1], sizes[2], DType.F32);
      }
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }
}
