package org.pursuit.cuda;

import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.kernel.BiasAdaptation;

/** What follows from how often latents have fired: {@code latents.cu}. */
final class CudaLatents {
  private static final int THREADS = 256;

  /** Of {@code adapt_bias}, a group's, and what they tell each other. */
  private static final int GROUP_THREADS = 512;

  private static final int GROUP_BYTES = 256;

  private final Kernels kernels;
  private final Stream stream;

  CudaLatents(Cuda cuda) {
    this.kernels = cuda.kernels();
    this.stream = cuda.stream();
  }

  void sinceFired(Longs fires, long rows, Longs since) {
    kernels
        .kernel("since_fired")
        .arguments()
        .pointer(((CudaLongs) fires).address())
        .pointer(((CudaLongs) since).address())
        .int64(rows)
        .int64(fires.length())
        .launch(Math.ceilDiv(fires.length(), THREADS), 1, THREADS, 0);
  }

  void deadLatents(Longs since, long limit, Mask dead, Ints count) {
    long counter = ((CudaInts) count).address();
    stream.zero(counter, Integer.BYTES);
    kernels
        .kernel("dead_latents")
        .arguments()
        .pointer(((CudaLongs) since).address())
        .pointer(((CudaMask) dead).address())
        .pointer(counter)
        .int64(limit)
        .int64(since.length())
        .launch(Math.ceilDiv(since.length(), THREADS), 1, THREADS, 0);
  }

  void density(Longs fires, long rows, Floats out) {
    kernels
        .kernel("density")
        .arguments()
        .pointer(((CudaLongs) fires).address())
        .pointer(((CudaFloats) out).address())
        .int64(rows)
        .int64(fires.length())
        .launch(Math.ceilDiv(fires.length(), THREADS), 1, THREADS, 0);
  }

  void movingAverage(Floats observed, float momentum, Floats average) {
    kernels
        .kernel("moving_average")
        .arguments()
        .pointer(((CudaFloats) observed).address())
        .pointer(((CudaFloats) average).address())
        .int64(observed.length())
        .float32(momentum)
        .launch(Math.ceilDiv(observed.length(), THREADS), 1, THREADS, 0);
  }

  void adaptBias(
      BiasAdaptation options,
      Longs fires,
      Floats maxima,
      long rows,
      Ints groups,
      Floats targets,
      Floats bias) {
    kernels
        .kernel("adapt_bias")
        .arguments()
        .pointer(((CudaLongs) fires).address())
        .pointer(((CudaFloats) maxima).address())
        .pointer(groups == null ? 0 : ((CudaInts) groups).address())
        .pointer(((CudaFloats) targets).address())
        .pointer(((CudaFloats) bias).address())
        .int64(rows)
        .int64(bias.length())
        .float32(options.decrease())
        .float32(options.increase())
        .float32(options.deadBelow())
        .float32(options.floor())
        .float32(options.ceiling())
        .launch(targets.length(), 1, GROUP_THREADS, GROUP_BYTES);
  }
}
