package org.pursuit.cuda;

import org.pursuit.data.Floats;
import org.pursuit.kernel.Gaussian;
import org.pursuit.kernel.Write;

/** The launches of {@code gaussian.cu}. */
final class CudaGaussian {
  private static final int THREADS = 256;
  private static final int WARPS = THREADS / 32;

  private final Kernels kernels;

  CudaGaussian(Cuda cuda) {
    this.kernels = cuda.kernels();
  }

  void sample(CudaMatrix mean, CudaMatrix logVariance, Gaussian options, CudaMatrix out) {
    sample(mean, logVariance, options, false, Write.OVERWRITE, out);
  }

  void sampleBackward(
      CudaMatrix logVariance, Gaussian options, CudaMatrix g, Write write, CudaMatrix out) {
    sample(g, logVariance, options, true, write, out);
  }

  private void sample(
      CudaMatrix x,
      CudaMatrix logVariance,
      Gaussian options,
      boolean backward,
      Write write,
      CudaMatrix out) {
    kernels
        .kernel("gaussian_sample")
        .arguments()
        .pointer(x.address())
        .pointer(address(logVariance))
        .pointer(out.address())
        .int64(options.seed())
        .int64(options.offset())
        .int64(x.stride())
        .int64(stride(logVariance))
        .int64(out.stride())
        .int64(x.rows())
        .int32(x.columns())
        .int32(x.format())
        .int32(format(logVariance))
        .int32(out.format())
        .float32(options.minLogVariance())
        .float32(options.maxLogVariance())
        .int32(backward ? 1 : 0)
        .int32(write == Write.ACCUMULATE ? 1 : 0)
        .launch(RowTiles.blocks(x.rows(), x.columns()), 1, RowTiles.THREADS, 0);
  }

  void divergence(CudaMatrix mean, CudaMatrix logVariance, Gaussian options, Floats out) {
    arguments("gaussian_divergence", mean, logVariance, options, out, 0, false, null, null)
        .launch(mean.rows(), 1, THREADS, WARPS * Float.BYTES);
  }

  void divergenceBackward(
      CudaMatrix mean,
      CudaMatrix logVariance,
      Gaussian options,
      float factor,
      Write write,
      CudaMatrix gradientMean,
      CudaMatrix gradientLogVariance) {
    boolean accumulate = write == Write.ACCUMULATE;
    arguments(
            "gaussian_slopes",
            mean,
            logVariance,
            options,
            null,
            factor,
            accumulate,
            gradientMean,
            gradientLogVariance)
        .launch(RowTiles.blocks(mean.rows(), mean.columns()), 1, RowTiles.THREADS, 0);
  }

  private Kernel arguments(
      String kernel,
      CudaMatrix mean,
      CudaMatrix logVariance,
      Gaussian options,
      Floats out,
      float factor,
      boolean accumulate,
      CudaMatrix gradientMean,
      CudaMatrix gradientLogVariance) {
    return kernels
        .kernel(kernel)
        .arguments()
        .pointer(mean.address())
        .pointer(address(logVariance))
        .pointer(CudaFloats.address(out))
        .pointer(address(gradientMean))
        .pointer(address(gradientLogVariance))
        .int64(mean.stride())
        .int64(stride(logVariance))
        .int64(stride(gradientMean))
        .int64(stride(gradientLogVariance))
        .int64(mean.rows())
        .int32(mean.columns())
        .int32(mean.format())
        .int32(format(logVariance))
        .int32(format(gradientMean))
        .int32(format(gradientLogVariance))
        .float32(options.minLogVariance())
        .float32(options.maxLogVariance())
        .float32(options.maxMean())
        .float32(factor)
        .int32(accumulate ? 1 : 0);
  }

  private static long address(CudaMatrix optional) {
    return optional == null ? 0 : optional.address();
  }

  private static long stride(CudaMatrix optional) {
    return optional == null ? 0 : optional.stride();
  }

  private static int format(CudaMatrix optional) {
    return optional == null ? 0 : optional.format();
  }
}
