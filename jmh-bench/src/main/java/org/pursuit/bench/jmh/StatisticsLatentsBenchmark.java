package org.pursuit.bench.jmh;

import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.pursuit.Backend;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.kernel.BiasAdaptation;
import org.pursuit.kernel.Statistics;

/**
 * Numbers of latents, one each: so few that a device takes most of the time to be asked, and that
 * caches hold them on a processor.
 */
public class StatisticsLatentsBenchmark extends KernelBenchmark {
  private static final int ROWS = 8192;
  private static final long LIMIT = 4096;
  private static final float FACTOR = 0.5f;
  private static final float MOMENTUM = 0.9f;
  private static final float TARGET = 0.004f;
  private static final BiasAdaptation ADAPTATION = BiasAdaptation.standard().bounds(-1, 1);

  /** What is known of a dictionary's latents. */
  @State(Scope.Benchmark)
  public static class Latents {
    /** How many there are. */
    @Param("65536")
    public int latents;

    private Backend backend;
    private Statistics statistics;
    private Longs fires;
    private Longs since;
    private Mask dead;
    private Ints deadCount;
    private Floats density;
    private Floats observed;
    private Floats average;
    private Floats target;
    private Floats bias;
    private Floats quotients;
    private Floats sum;

    /** Makes the operands, and fails if a kernel's result is wrong. */
    @Setup
    public void make(BenchmarkBackend backend) {
      this.backend = backend.get();
      statistics = this.backend.statistics();
      long[] fired = new long[latents];
      long[] passed = new long[latents];
      float[] positive = BenchmarkData.normal("observed", latents);
      SplittableRandom random = new SplittableRandom(latents);
      for (int j = 0; j < latents; j++) {
        fired[j] = random.nextInt(4) * random.nextLong(ROWS / 64); // a quarter never fires
        passed[j] = random.nextInt(ROWS);
        positive[j] = Math.abs(positive[j]);
      }
      fires = this.backend.upload(fired);
      since = this.backend.upload(passed);
      dead = this.backend.mask(latents);
      deadCount = this.backend.ints(1);
      density = this.backend.floats(latents);
      observed = this.backend.upload(positive);
      average = this.backend.upload(BenchmarkData.normal("average", latents));
      target = this.backend.upload(new float[] {TARGET});
      bias = this.backend.floats(latents);
      quotients = this.backend.floats(latents);
      sum = this.backend.floats(1);
      verifyFiring(fired, passed);
      verifyNumbers(fired, positive);
      verifyBias(fired, positive);
    }

    private void verifyFiring(long[] fired, long[] passed) {
      statistics.deadLatents(since, LIMIT, dead, deadCount);
      statistics.sinceFired(fires, ROWS, since);
      statistics.density(fires, ROWS, density);
      boolean[] foundDead = dead.download();
      long[] foundSince = since.download();
      float[] foundDensity = density.download();
      int count = 0;
      for (int j = 0; j < latents; j++) {
        boolean expected = passed[j] >= LIMIT;
        count += expected ? 1 : 0;
        Verification.require(foundDead[j] == expected, "whether latent " + j + " is dead");
        long rows = fired[j] > 0 ? 0 : passed[j] + ROWS;
        Verification.require(foundSince[j] == rows, "rows since latent " + j + " fired");
        double frequency = (double) fired[j] / ROWS;
        Verification.near(frequency, foundDensity[j], 1e-7 * frequency, "density of " + j);
      }
      Verification.require(deadCount.download()[0] == count, "number of dead latents");
    }

    private void verifyNumbers(long[] fired, float[] positive) {
      float[] old = average.download();
      statistics.movingAverage(observed, MOMENTUM, average);
      statistics.quotients(FACTOR, density, observed, quotients);
      statistics.sum(observed, null, sum);
      float[] moved = average.download();
      float[] shares = quotients.download();
      double total = 0;
      for (int j = 0; j < latents; j++) {
        double expected = MOMENTUM * (double) old[j] + (1 - (double) MOMENTUM) * positive[j];
        double bound = Verification.roundingBound(1, Math.abs(old[j]) + positive[j]);
        Verification.near(expected, moved[j], bound, "average of " + j);
        expected = positive[j] == 0 ? 0 : FACTOR * ((double) fired[j] / ROWS) / positive[j];
        Verification.near(expected, shares[j], 1e-6 * expected, "quotient of " + j);
        total += positive[j];
      }
      Verification.near(total, sum.download()[0], 1e-6 * total, "sum");
    }

    private void verifyBias(long[] fired, float[] positive) {
      statistics.adaptBias(ADAPTATION, fires, observed, ROWS, null, target, bias);
      double mean = 0;
      for (float r : positive) {
        mean += r / (double) latents;
      }
      float[] found = bias.download();
      for (int j = 0; j < latents; j++) {
        double frequency = (double) fired[j] / ROWS;
        double expected = 0;
        if (frequency > TARGET) {
          expected = Math.max(-ADAPTATION.decrease() * positive[j], ADAPTATION.floor());
        } else if (frequency < ADAPTATION.deadBelow()) {
          expected = Math.min(ADAPTATION.increase() * mean, ADAPTATION.ceiling());
        }
        Verification.near(expected, found[j], 1e-6 * Math.abs(expected), "bias of " + j);
      }
    }
  }

  /** {@link Statistics#sinceFired}. */
  @Benchmark
  public Longs sinceFired(Latents o) {
    o.statistics.sinceFired(o.fires, ROWS, o.since);
    o.backend.synchronize();
    return o.since;
  }

  /** {@link Statistics#deadLatents}. */
  @Benchmark
  public Mask deadLatents(Latents o) {
    o.statistics.deadLatents(o.since, LIMIT, o.dead, o.deadCount);
    o.backend.synchronize();
    return o.dead;
  }

  /** {@link Statistics#density}. */
  @Benchmark
  public Floats density(Latents o) {
    o.statistics.density(o.fires, ROWS, o.density);
    o.backend.synchronize();
    return o.density;
  }

  /** {@link Statistics#movingAverage}. */
  @Benchmark
  public Floats movingAverage(Latents o) {
    o.statistics.movingAverage(o.observed, MOMENTUM, o.average);
    o.backend.synchronize();
    return o.average;
  }

  /** {@link Statistics#adaptBias}. */
  @Benchmark
  public Floats adaptBias(Latents o) {
    o.statistics.adaptBias(ADAPTATION, o.fires, o.observed, ROWS, null, o.target, o.bias);
    o.backend.synchronize();
    return o.bias;
  }

  /** {@link Statistics#quotients}. */
  @Benchmark
  public Floats quotients(Latents o) {
    o.statistics.quotients(FACTOR, o.density, o.observed, o.quotients);
    o.backend.synchronize();
    return o.quotients;
  }

  /** {@link Statistics#sum}. */
  @Benchmark
  public Floats sum(Latents o) {
    o.statistics.sum(o.observed, null, o.sum);
    o.backend.synchronize();
    return o.sum;
  }

  /** The work of one call with the given parameters; numbers of 64 bits are two words. */
  static Work work(String kernel, UnaryOperator<String> parameter) {
    long n = Long.parseLong(parameter.apply("latents"));
    return switch (kernel) {
      // What is updated in place is read and written, and touched once.
      case "sinceFired" -> new Work(Work.words(6 * n), 0, Work.words(4 * n));
      case "deadLatents" -> new Work(Work.words(2 * n + 1) + n, 0, Work.words(2 * n + 1) + n);
      case "density" -> Work.once(3 * n, n);
      case "movingAverage" -> Work.elementwise(n, 3, 2, 3);
      // A frequency, a step of the bias, and the mean of the maxima.
      case "adaptBias" -> Work.elementwise(n, 5, 4, 4);
      case "quotients" -> Work.once(3 * n, 2 * n);
      case "sum" -> Work.once(n + 1, n);
      default -> throw new IllegalArgumentException("kernel: found " + kernel);
    };
  }
}
