package org.pursuit.bench.jmh;

import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.pursuit.Backend;
import org.pursuit.data.DType;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;

/** The inner products of a dictionary's atoms. */
public class PursuitsGramBenchmark extends KernelBenchmark {
  /** One atom in so many is appended. */
  private static final int NEW = 16;

  /** A dictionary whose Gram is computed, or extended by its last atoms. */
  @State(Scope.Benchmark)
  public static class Dictionary {
    /** Atoms x dimension. */
    @Param("4096x384")
    public String dictionary;

    /** Format of the products. */
    @Param("F32")
    public DType format;

    private Backend backend;
    private Matrix atoms;
    private Matrix beginning;
    private Gram gram;

    /** Makes the dictionary, and the Gram of its beginning. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(dictionary, "nxd");
      this.backend = backend.get();
      atoms = this.backend.upload(BenchmarkData.atoms(sizes[0], sizes[1]), sizes[0], sizes[1]);
      beginning = atoms.rows(0, sizes[0] - sizes[0] / NEW);
      gram = this.backend.gram(sizes[0], format);
      this.backend.pursuits().gram(beginning, gram);
    }

    /** Fails if the last products are wrong. */
    @TearDown
    public void verify() {
      float[] dictionary = atoms.download();
      int d = atoms.columns();
      double bound = Verification.roundingBound(d, 1) + Verification.storageBound(format);
      for (int i : Verification.rowsOf(atoms.rows())) {
        float[] found = gram.products().rows(i, i + 1).download();
        for (int j = 0; j < atoms.rows(); j++) {
          double exact = Verification.dot(dictionary, i * d, dictionary, j * d, d);
          Verification.near(exact, found[j], bound, "product " + i + ", " + j);
        }
      }
    }
  }

  /** {@link org.pursuit.kernel.Pursuits#gram}. */
  @Benchmark
  public Gram gram(Dictionary o) {
    o.backend.pursuits().gram(o.atoms, o.gram);
    o.backend.synchronize();
    return o.gram;
  }

  /** {@link org.pursuit.kernel.Pursuits#append}; what the call before has appended is new again. */
  @Benchmark
  public Gram append(Dictionary o) {
    o.gram.computedFrom(o.beginning);
    o.backend.pursuits().append(o.atoms, o.gram);
    o.backend.synchronize();
    return o.gram;
  }

  /** The work of one call with the given parameters. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("dictionary"), "nxd");
    DType format = DType.valueOf(parameter.apply("format"));
    return switch (kernel) {
      case "gram" -> extend(0, sizes[0], sizes[1], format);
      case "append" -> extend(sizes[0] - sizes[0] / NEW, sizes[0], sizes[1], format);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }

  /** The atoms are read once; each product is computed once, and written for both its atoms. */
  private static Work extend(long old, long n, long d, DType format) {
    long bytes = Work.words(n * d) + (n * n - old * old) * format.bytes();
    return new Work(bytes, (n * (n + 1) - old * (old + 1)) * d, bytes);
  }
}
