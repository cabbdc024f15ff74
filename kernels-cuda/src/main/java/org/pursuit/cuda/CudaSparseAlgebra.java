package org.pursuit.cuda;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.EncodeGradients;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Write;

/** Products of sparse codes on the device: {@code sparse_algebra.cu}. */
final class CudaSparseAlgebra extends SparseAlgebra {
  private static final String[] DECODE = {"decode_f32", "decode_bf16", "decode_f16"};
  private static final int DECODE_THREADS = 128;

  private static final String[] SAMPLED_DOT = {
    "sampled_dot_f32", "sampled_dot_bf16", "sampled_dot_f16"
  };
  private static final int THREADS = 256;
  private static final int GROUP_LANES = 16;
  private static final int GROUPS = THREADS / GROUP_LANES;

  /** Bytes of an atom whose part of a dot is computed at once. */
  private static final int SEGMENT = 256;

  /** Entries that 16 lanes work on at once. */
  private static final int BATCH = 8;

  /** Lanes take turns in longer rows of compressed codes, whose number of entries is not known. */
  private static final int MOST_GROUPS = 32;

  /** Bytes of parts of dots that a launch may leave; enough for every atom to be used often. */
  private static final long PART_BYTES = 256L << 20;

  private final Cuda cuda;
  private final Kernels kernels;
  private final AtomSlices slices;
  private final long partBytes;
  private final CudaGradients gradients;
  private final CudaCodesAlgebra algebra;

  CudaSparseAlgebra(Memory memory, Cuda cuda) {
    this(memory, cuda, AtomSlices.of(cuda.device()), PART_BYTES);
  }

  CudaSparseAlgebra(Memory memory, Cuda cuda, AtomSlices slices, long partBytes) {
    super(memory);
    this.cuda = cuda;
    this.kernels = cuda.kernels();
    this.slices = slices;
    this.partBytes = partBytes;
    EntrySort entries = new EntrySort(cuda);
    this.gradients = new CudaGradients(cuda, slices, entries);
    this.algebra = new CudaCodesAlgebra(cuda, entries);
  }

  @Override
  protected void decodeKernel(
      SlottedCodes codes, Matrix atoms, Floats bias, Write write, Matrix out) {
    decode(
        DeviceCodes.of(codes).begin(decoding(atoms)),
        codes.values().length(),
        atoms,
        bias,
        write,
        out);
  }

  @Override
  protected void decodeKernel(CsrCodes codes, Matrix atoms, Floats bias, Write write, Matrix out) {
    decode(DeviceCodes.of(codes).begin(decoding(atoms)), codes.capacity(), atoms, bias, write, out);
  }

  private Kernel decoding(Matrix atoms) {
    return kernels.kernel(DECODE[((CudaMatrix) atoms).format()]);
  }

  /** Launches a kernel that knows the codes already. */
  private void decode(
      Kernel kernel, long entries, Matrix atoms, Floats bias, Write write, Matrix out) {
    CudaMatrix from = (CudaMatrix) atoms;
    CudaMatrix to = (CudaMatrix) out;
    if (to.rows() == 0 || to.columns() == 0) {
      return;
    }
    int vectors = AtomSlices.vectors((long) from.columns() * from.dtype().bytes());
    int width = slices.width(Math.min(from.rows(), entries), vectors);
    long blocks = Math.ceilDiv((long) to.rows() * width, DECODE_THREADS);
    kernel
        .pointer(from.address())
        .pointer(CudaFloats.address(bias))
        .pointer(to.address())
        .pointer(cuda.flags().address(Flag.INDEX_OUT_OF_RANGE))
        .int64(from.stride())
        .int64(to.stride())
        .int32(DeviceRows.of(from).vectorPitch())
        .int32(from.rows())
        .int32(from.columns())
        .int32(to.format())
        .int32(write == Write.ACCUMULATE ? 1 : 0)
        .int32(width)
        .launch(Math.ceilDiv(vectors, width) * blocks, 1, DECODE_THREADS, 0);
  }

  @Override
  protected void sampledDotKernel(Matrix g, Matrix atoms, SlottedCodes codes, Floats out) {
    sampledDot(g, atoms, codes, out, false);
  }

  private void sampledDot(
      Matrix g, Matrix atoms, SlottedCodes codes, Floats out, boolean accumulate) {
    int k = codes.k();
    if (k == 0) {
      return;
    }
    int groups = Math.ceilDiv(k, BATCH);
    int most = (int) Math.max(1, entriesAtOnce(atoms) / k);
    for (int row = 0, rows; row < codes.rows(); row += rows) {
      rows = Math.min(most, codes.rows() - row);
      long first = (long) row * k;
      Kernel kernel = DeviceCodes.of(codes).begin(dotting(atoms));
      sampledDot(kernel, g, atoms, out, row, rows, groups, first, (long) rows * k, 0, accumulate);
    }
  }

  @Override
  protected void sampledDotKernel(Matrix g, Matrix atoms, CsrCodes codes, Floats out) {
    sampledDot(g, atoms, codes, out, false);
  }

  private void sampledDot(Matrix g, Matrix atoms, CsrCodes codes, Floats out, boolean accumulate) {
    int rows = codes.rows();
    if (rows == 0) {
      return;
    }
    long average = Math.ceilDiv(codes.capacity(), rows);
    int groups = Math.clamp(Math.ceilDiv(average, BATCH), 1, MOST_GROUPS);
    long most = entriesAtOnce(atoms);
    long end = ((CudaLongs) codes.offsets()).address() + (long) rows * Long.BYTES;
    for (long first = 0, entries; first < codes.capacity(); first += entries) {
      entries = Math.min(most, codes.capacity() - first);
      Kernel kernel = DeviceCodes.of(codes).begin(dotting(atoms));
      sampledDot(kernel, g, atoms, out, 0, rows, groups, first, entries, end, accumulate);
    }
  }

  private Kernel dotting(Matrix atoms) {
    return kernels.kernel(SAMPLED_DOT[((CudaMatrix) atoms).format()]);
  }

  private static int segments(Matrix atoms) {
    return (int) Math.max(1, Math.ceilDiv((long) atoms.columns() * atoms.dtype().bytes(), SEGMENT));
  }

  private long entriesAtOnce(Matrix atoms) {
    return Math.max(1, partBytes / Float.BYTES / segments(atoms));
  }

  /**
   * Computes the dots of {@code entries} entries from {@code first} on, which are among those of
   * the given rows, by a kernel that knows the codes already.
   *
   * @param groups groups of lanes that share a row
   * @param end where the number of all entries stands on the device, 0 for as many as there are
   * @param accumulate whether the dots are added to what is there
   */
  private void sampledDot(
      Kernel kernel,
      Matrix g,
      Matrix atoms,
      Floats out,
      int row,
      int rows,
      int groups,
      long first,
      long entries,
      long end,
      boolean accumulate) {
    CudaMatrix from = (CudaMatrix) atoms;
    CudaMatrix x = (CudaMatrix) g;
    int segments = segments(atoms);
    long to = ((CudaFloats) out).address() + first * Float.BYTES;
    boolean direct = segments == 1 && !accumulate;
    long parts =
        direct ? to : cuda.workspace().address(Slot.PARTS, segments * entries * Float.BYTES);
    kernel
        .pointer(from.address())
        .pointer(x.address())
        .pointer(parts)
        .pointer(cuda.flags().address(Flag.INDEX_OUT_OF_RANGE))
        .int64(from.stride())
        .int64(x.stride())
        .int64(direct ? 0 : entries)
        .int64(first)
        .int64(first + entries)
        .int32(DeviceRows.of(from).vectorPitch())
        .int32(from.rows())
        .int32(from.columns())
        .int32(x.format())
        .int32(row)
        .int32(rows)
        .int32(groups)
        .launch(segments * Math.ceilDiv((long) rows * groups, GROUPS), 1, THREADS, 0);
    if (!direct) {
      kernels
          .kernel("sum_segments")
          .arguments()
          .pointer(parts)
          .pointer(end)
          .pointer(to)
          .int64(first)
          .int64(entries)
          .int32(segments)
          .int32(accumulate ? 1 : 0)
          .launch(Math.ceilDiv(entries, THREADS), 1, THREADS, 0);
    }
  }

  @Override
  protected void decodeBackwardKernel(
      SlottedCodes codes, Matrix atoms, Matrix g, Write write, DecodeGradients wanted) {
    if (wanted.values() != null) {
      sampledDot(g, atoms, codes, wanted.values(), write == Write.ACCUMULATE);
    }
    decodeBackward(DeviceCodes.of(codes), g, write, wanted);
  }

  @Override
  protected void decodeBackwardKernel(
      CsrCodes codes, Matrix atoms, Matrix g, Write write, DecodeGradients wanted) {
    if (wanted.values() != null) {
      sampledDot(g, atoms, codes, wanted.values(), write == Write.ACCUMULATE);
    }
    decodeBackward(DeviceCodes.of(codes), g, write, wanted);
  }

  /** All but the gradient of the values. */
  private void decodeBackward(DeviceCodes codes, Matrix g, Write write, DecodeGradients wanted) {
    boolean accumulate = write == Write.ACCUMULATE;
    DeviceRows rows = DeviceRows.of(g);
    if (wanted.bias() != null) {
      gradients.columnSums(rows, g.rows(), CudaFloats.address(wanted.bias()), accumulate);
    }
    if (wanted.atoms() != null) {
      gradients.sort(codes, wanted.atoms().rows(), null, accumulate);
      gradients.outer(rows, wanted.atoms(), accumulate);
    }
    if (wanted.activeAtoms() != null) {
      gradients.sort(codes, wanted.activeAtoms().rows(), wanted.activeAtoms(), accumulate);
      gradients.outer(rows, wanted.activeAtoms(), accumulate);
    }
  }

  @Override
  protected void encodeBackwardKernel(
      SlottedCodes codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients wanted) {
    encodeBackward(DeviceCodes.of(codes), gradient, x, weights, write, wanted);
  }

  @Override
  protected void encodeBackwardKernel(
      CsrCodes codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients wanted) {
    encodeBackward(DeviceCodes.of(codes), gradient, x, weights, write, wanted);
  }

  private void encodeBackward(
      DeviceCodes codes,
      Floats gradient,
      Matrix x,
      Matrix weights,
      Write write,
      EncodeGradients wanted) {
    boolean accumulate = write == Write.ACCUMULATE;
    long slopes = CudaFloats.address(gradient);
    DeviceCodes counting =
        wanted.activation() == Activation.RELU
            ? gradients.positive(codes, slopes)
            : codes.with(codes.indices(), slopes);
    if (wanted.x() != null) {
      Kernel kernel = counting.begin(decoding(weights));
      decode(kernel, counting.entries(), weights, null, write, wanted.x());
    }
    boolean matrix = wanted.weights() != null || wanted.activeWeights() != null;
    boolean sums = wanted.bias() != null || wanted.preBias() != null;
    if (matrix || sums) {
      gradients.sort(counting, weights.rows(), wanted.activeWeights(), accumulate);
    }
    if (wanted.weights() != null) {
      gradients.outer(DeviceRows.of(x), wanted.weights(), accumulate);
    }
    if (wanted.activeWeights() != null) {
      gradients.outer(DeviceRows.of(x), wanted.activeWeights(), accumulate);
    }
    if (sums) {
      long perAtom = gradients.sums(CudaFloats.address(wanted.bias()), accumulate);
      if (wanted.preBias() != null) {
        long out = CudaFloats.address(wanted.preBias());
        gradients.negativeWeightedSum(DeviceRows.of(weights), perAtom, out, accumulate);
      }
    }
  }

  @Override
  protected void coalesceKernel(SlottedCodes codes, FixedWidthCodes out) {
    algebra.coalesce(codes, out);
  }

  @Override
  protected void axpbyKernel(
      float alpha, SlottedCodes a, float beta, SlottedCodes b, FixedWidthCodes out) {
    algebra.axpby(alpha, a, beta, b, out);
  }

  @Override
  protected void intersectKernel(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    algebra.intersect(a, b, out);
  }

  @Override
  protected void concatKernel(SlottedCodes a, SlottedCodes b, FixedWidthCodes out) {
    algebra.concat(a, b, out);
  }

  @Override
  protected void toCsrKernel(SlottedCodes codes, CsrCodes out) {
    algebra.toCsr(codes, out);
  }

  @Override
  protected void toFixedWidthKernel(CsrCodes codes, FixedWidthCodes out, Ints totals) {
    algebra.toFixedWidth(codes, out, totals);
  }

  @Override
  protected void transposeKernel(CsrCodes codes, CsrCodes out) {
    algebra.transpose(codes, out);
  }
}
