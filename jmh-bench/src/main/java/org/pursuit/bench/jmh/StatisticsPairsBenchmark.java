package org.pursuit.bench.jmh;

import java.util.function.ToDoubleBiFunction;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.pursuit.Backend;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Reduction;
import org.pursuit.kernel.Statistics;
import org.pursuit.kernel.Write;

/** Documents of codes, and the latents that fire together in them. */
public class StatisticsPairsBenchmark extends KernelBenchmark {
  private static final int SEGMENTS = 64;
  private static final int BLOCK = 256;
  private static final int NEIGHBOURS = 8;
  private static final Fired FIRED = Fired.selected();

  /** Codes of documents, and the pairs of a block of columns. */
  @State(Scope.Benchmark)
  public static class Pairs {
    /** Rows x k x atoms. */
    @Param({"8192x64x65536"})
    public String codes;

    private Backend backend;
    private Statistics statistics;
    private FixedWidthCodes entries;
    private Longs segments;
    private Matrix documents;
    private Longs counts;
    private Longs fires;
    private Matrix associations;
    private ColumnCodes neighbours;

    /** Makes the operands, and fails if a kernel's result is wrong. */
    @Setup
    public void make(BenchmarkBackend backend) {
      int[] sizes = Shapes.parse(codes, "rowsxkxn");
      int n = sizes[2];
      this.backend = backend.get();
      statistics = this.backend.statistics();
      entries = this.backend.fixedWidthCodes(sizes[0], sizes[1]);
      BenchmarkData.distinctAtoms(entries, n);
      long[] bounds = new long[SEGMENTS + 1];
      for (int s = 0; s <= SEGMENTS; s++) {
        bounds[s] = (long) sizes[0] * s / SEGMENTS;
      }
      segments = this.backend.upload(bounds);
      documents = this.backend.matrix(SEGMENTS, n, DType.F32);
      counts = this.backend.longs((long) BLOCK * n);
      fires = this.backend.longs(n);
      associations = this.backend.matrix(BLOCK, n, DType.F32);
      neighbours = this.backend.columnCodes(BLOCK, NEIGHBOURS);
      statistics.columnStatistics(entries, FIRED, Write.OVERWRITE, fires, null, null);
      statistics.segmentReduce(entries, segments, 0, Reduction.sum(), Write.OVERWRITE, documents);
      verifyDocument(0, (int) bounds[1]);
      statistics.cooccurrence(entries, entries, FIRED, 0, BLOCK, Write.OVERWRITE, counts);
      long[] pairs = counts.download();
      verifyPairs(pairs);
      statistics.neighbours(counts, 0, neighbours);
      verifyNeighbours(pairs);
      double rows = sizes[0];
      long[] single = fires.download();
      statistics.jaccard(counts, 0, fires, fires, associations);
      verifyAssociations(
          "Jaccard index",
          (i, j) -> pairs[i * n + j] / (double) (single[i] + single[j] - pairs[i * n + j]));
      statistics.npmi(counts, 0, fires, fires, sizes[0], associations);
      verifyAssociations(
          "NPMI",
          (i, j) -> {
            double together = pairs[i * n + j] / rows;
            double apart = single[i] / rows * (single[j] / rows);
            return Math.log(together / apart) / -Math.log(together);
          });
    }

    private void verifyDocument(int from, int to) {
      double[] sums = new double[documents.columns()];
      int[] indices = entries.indices().download();
      float[] values = entries.values().download();
      for (int slot = from * entries.k(); slot < to * entries.k(); slot++) {
        sums[indices[slot]] += values[slot];
      }
      float[] found = documents.rows(0, 1).download();
      for (int j = 0; j < sums.length; j++) {
        // The values are from N(0, 1), and few of them belong to one column of a document.
        Verification.near(sums[j], found[j], 1e-5, "column " + j + " of the first document");
      }
    }

    private void verifyPairs(long[] pairs) {
      int n = (int) fires.length();
      int k = entries.k();
      long[][] expected = new long[BLOCK][n];
      int[] indices = entries.indices().download();
      for (int slot = 0; slot < indices.length; slot++) {
        if (indices[slot] < BLOCK) {
          for (int other = slot - slot % k; other < slot - slot % k + k; other++) {
            expected[indices[slot]][indices[other]]++;
          }
        }
      }
      for (int i = 0; i < BLOCK; i++) {
        for (int j = 0; j < n; j++) {
          Verification.require(pairs[i * n + j] == expected[i][j], "pairs of " + i + ", " + j);
        }
      }
    }

    /** Every latent fires with more others than it has neighbours. */
    private void verifyNeighbours(long[] pairs) {
      int n = (int) fires.length();
      long[] ids = neighbours.rowIds().download();
      float[] values = neighbours.values().download();
      int[] indices = new int[ids.length];
      for (int slot = 0; slot < ids.length; slot++) {
        indices[slot] = (int) ids[slot];
      }
      for (int i : Verification.rowsOf(BLOCK)) {
        float[] others = new float[n];
        for (int j = 0; j < n; j++) {
          others[j] = i == j ? -1 : pairs[i * n + j];
        }
        Verification.topK(others, 0, n, false, indices, values, i * NEIGHBOURS, NEIGHBOURS);
      }
    }

    /** What latents that never meet have is 0. */
    private void verifyAssociations(String what, ToDoubleBiFunction<Integer, Integer> of) {
      int n = (int) fires.length();
      long[] pairs = counts.download();
      for (int i : Verification.rowsOf(BLOCK)) {
        float[] found = associations.rows(i, i + 1).download();
        for (int j = 0; j < n; j++) {
          double expected = pairs[i * n + j] == 0 ? 0 : of.applyAsDouble(i, j);
          Verification.near(expected, found[j], 1e-6, what + " of " + i + ", " + j);
        }
      }
    }
  }

  /** {@link Statistics#segmentReduce}. */
  @Benchmark
  public Matrix segmentReduce(Pairs p) {
    p.statistics.segmentReduce(
        p.entries, p.segments, 0, Reduction.sum(), Write.OVERWRITE, p.documents);
    p.backend.synchronize();
    return p.documents;
  }

  /** {@link Statistics#cooccurrence}. */
  @Benchmark
  public Longs cooccurrence(Pairs p) {
    p.statistics.cooccurrence(p.entries, p.entries, FIRED, 0, BLOCK, Write.OVERWRITE, p.counts);
    p.backend.synchronize();
    return p.counts;
  }

  /** {@link Statistics#neighbours}. */
  @Benchmark
  public ColumnCodes neighbours(Pairs p) {
    p.statistics.neighbours(p.counts, 0, p.neighbours);
    p.backend.synchronize();
    return p.neighbours;
  }

  /** {@link Statistics#jaccard}. */
  @Benchmark
  public Matrix jaccard(Pairs p) {
    p.statistics.jaccard(p.counts, 0, p.fires, p.fires, p.associations);
    p.backend.synchronize();
    return p.associations;
  }

  /** {@link Statistics#npmi}. */
  @Benchmark
  public Matrix npmi(Pairs p) {
    p.statistics.npmi(p.counts, 0, p.fires, p.fires, p.entries.rows(), p.associations);
    p.backend.synchronize();
    return p.associations;
  }

  /**
   * The work of one call with the given parameters: each entry's index and value, and each number
   * of 64 bits, is read or written once.
   */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    int[] sizes = Shapes.parse(parameter.apply("codes"), "rowsxkxn");
    long entries = (long) sizes[0] * sizes[1];
    long n = sizes[2];
    long block = BLOCK * n;
    return switch (kernel) {
      case "segmentReduce" -> Work.once(2 * entries + SEGMENTS * n, entries);
      case "cooccurrence" -> Work.once(2 * entries + 2 * block, 0);
      case "neighbours" -> Work.once(2 * block + BLOCK * (3L * NEIGHBOURS + 1), 0);
      case "jaccard" -> Work.once(2 * block + 2 * n + block, 3 * block);
      case "npmi" -> Work.once(2 * block + 2 * n + block, 0);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }
}
