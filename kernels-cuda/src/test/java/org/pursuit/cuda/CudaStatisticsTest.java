package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.BiasAdaptation;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Reduction;
import org.pursuit.kernel.Statistics;
import org.pursuit.kernel.TopK;
import org.pursuit.kernel.Write;
import org.pursuit.support.Inputs;
import org.pursuit.support.Seed;

/** A training step's statistics: recorded in a graph, and without garbage. */
@OnEmulator
class CudaStatisticsTest {
  private static final int ROWS = 70;
  private static final int N = 40;
  private static final int CALLS = 50;

  /** Bytes of a few records, which the JVM's compiler does away with once a call is hot. */
  private static final long SMALL = 300;

  /** All that a step computes, from scores that stay; freed with its backend. */
  private static final class Step {
    final Statistics statistics;
    final Matrix scores;
    final Matrix atoms;
    final FixedWidthCodes codes;
    final Floats loss;
    final Floats variance;
    final Floats errors;
    final Floats maxima;
    final Floats sums;
    final Floats density;
    final Floats average;
    final Floats target;
    final Floats bias;
    final Longs fires;
    final Longs since;
    final Longs bounds;
    final Longs counts;
    final Mask dead;
    final Ints deadCount;
    final Matrix documents;
    final Matrix associations;
    final ColumnCodes neighbours;

    Step(CudaBackend backend) {
      Random random = Seed.random(270);
      statistics = backend.statistics();
      scores = backend.upload(Inputs.normal(ROWS, N, random).values(), ROWS, N);
      atoms = backend.upload(Inputs.normal(ROWS, N, random).values(), ROWS, N);
      codes = backend.fixedWidthCodes(ROWS, 5);
      loss = backend.floats(1);
      variance = backend.floats(1);
      errors = backend.floats(ROWS);
      maxima = backend.floats(N);
      sums = backend.floats(N);
      density = backend.floats(N);
      average = backend.floats(N);
      target = backend.upload(new float[] {0.1f});
      bias = backend.floats(N);
      fires = backend.longs(N);
      since = backend.longs(N);
      bounds = backend.upload(new long[] {0, 20, ROWS});
      counts = backend.longs(4L * N);
      dead = backend.mask(N);
      deadCount = backend.ints(1);
      documents = backend.matrix(2, N, DType.F32);
      associations = backend.matrix(4, N, DType.F32);
      neighbours = backend.columnCodes(4, 3);
      backend.selection().topK(scores, TopK.of(5).withRelu(), codes);
    }

    void run() {
      Fired fired = Fired.above(0);
      statistics.squaredErrors(scores, atoms, errors);
      statistics.sum(errors, null, loss);
      statistics.totalVariance(scores, null, variance);
      statistics.quotients(1, loss, variance, loss);
      statistics.columnStatistics(codes, fired, Write.OVERWRITE, fires, maxima, sums);
      statistics.sinceFired(fires, ROWS, since);
      statistics.deadLatents(since, 2 * ROWS, dead, deadCount);
      statistics.density(fires, ROWS, density);
      statistics.movingAverage(density, 0.5f, average);
      statistics.adaptBias(BiasAdaptation.standard(), fires, maxima, ROWS, null, target, bias);
      statistics.projectGradient(scores, atoms);
      statistics.segmentReduce(codes, bounds, 0, Reduction.sum(), Write.ACCUMULATE, documents);
      statistics.cooccurrence(codes, codes, fired, 0, 4, Write.ACCUMULATE, counts);
      statistics.neighbours(counts, 0, neighbours);
      statistics.npmi(counts, 0, fires, fires, ROWS, associations);
    }

    List<String> results() {
      List<String> results = new ArrayList<>();
      for (Floats floats : List.of(loss, sums, maxima, average, bias)) {
        results.add(Arrays.toString(floats.download()));
      }
      results.add(Arrays.toString(since.download()) + Arrays.toString(counts.download()));
      results.add(Arrays.toString(deadCount.download()) + Arrays.toString(dead.download()));
      results.add(Arrays.toString(documents.download()));
      results.add(Arrays.toString(associations.download()) + Arrays.toString(atoms.download()));
      results.add(Arrays.toString(neighbours.rowIds().download()));
      return results;
    }
  }

  @Test
  void aGraphRepeatsWhatWasRecorded() {
    try (CudaBackend backend = Emulator.open()) {
      Step direct = new Step(backend);
      Step recorded = new Step(backend);
      for (int step = 0; step < 4; step++) {
        direct.run();
      }
      recorded.run();
      try (CudaGraph graph = backend.capture(recorded::run)) {
        for (int step = 1; step < 4; step++) {
          graph.launch();
        }
        assertThat(recorded.results()).isEqualTo(direct.results());
      }
    }
  }

  @Test
  void aStepAllocatesNextToNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (CudaBackend backend = Emulator.open()) {
      Step step = new Step(backend);
      step.run();
      backend.synchronize();
      final long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < CALLS; i++) {
        step.run();
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      assertThat(allocated / CALLS).isLessThan(15 * SMALL);
      backend.synchronize();
    }
  }
}
