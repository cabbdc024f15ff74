package org.pursuit.cuda;

import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Longs;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Reduction;
import org.pursuit.kernel.Write;

/** Which latents fire in a segment, and which ones together: {@code cooccurrence.cu}. */
final class CudaCooccurrence {
  private static final int WARPS = 8;
  private static final int THREADS = 32 * WARPS;

  /** Columns that a block of {@code jaccard} and {@code npmi} computes. */
  private static final int ASSOCIATED = 4 * THREADS;

  /** What the warps of {@code neighbours} tell each other. */
  private static final int NEIGHBOUR_BYTES = WARPS * (Long.BYTES + Integer.BYTES);

  private final Kernels kernels;
  private final Stream stream;
  private final Flags flags;

  CudaCooccurrence(Cuda cuda) {
    this.kernels = cuda.kernels();
    this.stream = cuda.stream();
    this.flags = cuda.flags();
  }

  void segmentReduce(
      FixedWidthCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    Kernel kernel = entries(kernels.kernel("segment_reduce").arguments(), codes);
    segmentReduce(kernel, codes.rows(), segments, firstColumn, reduction, write, out);
  }

  void segmentReduce(
      CsrCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    Kernel kernel = entries(kernels.kernel("segment_reduce").arguments(), codes);
    segmentReduce(kernel, codes.rows(), segments, firstColumn, reduction, write, out);
  }

  /** Launches a kernel that knows the codes already. */
  private static void segmentReduce(
      Kernel kernel,
      int rows,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    CudaMatrix to = (CudaMatrix) out;
    kernel
        .pointer(CudaLongs.address(segments))
        .pointer(to.address())
        .int64(to.stride())
        .int64(rows)
        .int64(to.rows())
        .int32(firstColumn)
        .int32(to.columns())
        .int32(kind(reduction.kind()))
        .int32(write == Write.ACCUMULATE ? 1 : 0)
        .float32(reduction.fired().low())
        .float32(reduction.fired().high())
        .launch(Math.ceilDiv(to.rows(), WARPS), 1, THREADS, 0);
  }

  private static int kind(Reduction.Kind kind) {
    return switch (kind) {
      case MAXIMUM -> 0;
      case SUM -> 1;
      case COUNT -> 2;
    };
  }

  void cooccurrence(
      FixedWidthCodes x,
      FixedWidthCodes y,
      Fired fired,
      int firstColumn,
      int columns,
      int n,
      Write write,
      Longs counts) {
    prepare(write, counts);
    Kernel kernel = entries(entries(kernels.kernel("cooccurrence").arguments(), x), y);
    cooccurrence(kernel, x.rows(), fired, firstColumn, columns, n, counts);
  }

  void cooccurrence(
      CsrCodes x,
      CsrCodes y,
      Fired fired,
      int firstColumn,
      int columns,
      int n,
      Write write,
      Longs counts) {
    prepare(write, counts);
    Kernel kernel = entries(entries(kernels.kernel("cooccurrence").arguments(), x), y);
    cooccurrence(kernel, x.rows(), fired, firstColumn, columns, n, counts);
  }

  private void prepare(Write write, Longs counts) {
    if (write == Write.OVERWRITE) {
      stream.zero(CudaLongs.address(counts), counts.length() * Long.BYTES);
    }
  }

  /** Launches a kernel that knows the codes already. */
  private void cooccurrence(
      Kernel kernel, int rows, Fired fired, int firstColumn, int columns, int n, Longs counts) {
    kernel
        .pointer(CudaLongs.address(counts))
        .pointer(flags.address(Flag.INDEX_OUT_OF_RANGE))
        .int64(rows)
        .int32(firstColumn)
        .int32(columns)
        .int32(n)
        .float32(fired.low())
        .float32(fired.high())
        .launch(Math.ceilDiv(rows, WARPS), 1, THREADS, 0);
  }

  void neighbours(Longs counts, int firstColumn, int n, ColumnCodes out) {
    kernels
        .kernel("neighbours")
        .arguments()
        .pointer(CudaLongs.address(counts))
        .pointer(CudaLongs.address(out.rowIds()))
        .pointer(CudaFloats.address(out.values()))
        .pointer(((CudaInts) out.counts()).address())
        .int32(firstColumn)
        .int32(out.columns())
        .int32(n)
        .int32(out.m())
        .launch(out.columns(), 1, THREADS, NEIGHBOUR_BYTES);
  }

  void jaccard(Longs counts, int firstColumn, Longs firesX, Longs firesY, Matrix out) {
    associate("jaccard", counts, firstColumn, firesX, firesY, 0, out);
  }

  void npmi(Longs counts, int firstColumn, Longs firesX, Longs firesY, long rows, Matrix out) {
    associate("npmi", counts, firstColumn, firesX, firesY, rows, out);
  }

  private void associate(
      String name,
      Longs counts,
      int firstColumn,
      Longs firesX,
      Longs firesY,
      long rows,
      Matrix out) {
    CudaMatrix to = (CudaMatrix) out;
    kernels
        .kernel(name)
        .arguments()
        .pointer(CudaLongs.address(counts))
        .pointer(CudaLongs.address(firesX))
        .pointer(CudaLongs.address(firesY))
        .pointer(to.address())
        .int64(to.stride())
        .int64(rows)
        .int32(firstColumn)
        .int32(to.rows())
        .int32(to.columns())
        .int32(to.format())
        .launch((long) to.rows() * Math.ceilDiv(to.columns(), ASSOCIATED), 1, THREADS, 0);
  }

  private static Kernel entries(Kernel kernel, FixedWidthCodes codes) {
    return kernel
        .pointer(((CudaInts) codes.indices()).address())
        .pointer(CudaFloats.address(codes.values()))
        .pointer(0)
        .int64(codes.indices().length())
        .int64(codes.k());
  }

  private static Kernel entries(Kernel kernel, CsrCodes codes) {
    return kernel
        .pointer(((CudaInts) codes.columns()).address())
        .pointer(CudaFloats.address(codes.values()))
        .pointer(CudaLongs.address(codes.offsets()))
        .int64(codes.capacity())
        .int64(0);
  }
}
