package org.pursuit.cuda;

import org.pursuit.data.Floats;
import org.pursuit.kernel.Gate;
import org.pursuit.kernel.Write;

/** The launches of {@code gates.cu}. */
final class CudaGates {
  private static final int THREADS = 256;

  private final Kernels kernels;
  private final Workspace workspace;
  private final CudaTraining sums;

  CudaGates(Cuda cuda, CudaTraining sums) {
    this.kernels = cuda.kernels();
    this.workspace = cuda.workspace();
    this.sums = sums;
  }

  void gate(CudaMatrix a, Gate gate, Floats threshold, CudaMatrix out) {
    kernels
        .kernel("gate")
        .arguments()
        .pointer(a.address())
        .pointer(CudaFloats.address(threshold))
        .pointer(out.address())
        .int64(a.stride())
        .int64(out.stride())
        .int64(a.rows())
        .int32(a.columns())
        .int32(a.format())
        .int32(out.format())
        .int32(kind(gate))
        .int32(shared(threshold))
        .launch(RowTiles.blocks(a.rows(), a.columns()), 1, RowTiles.THREADS, 0);
  }

  void backward(
      CudaMatrix a,
      Gate gate,
      Floats threshold,
      CudaMatrix g,
      Write write,
      CudaMatrix gradientA,
      Floats gradientThreshold) {
    int columns = a.columns();
    ColumnChunks chunks = ColumnChunks.of(a.rows());
    long parts =
        gradientThreshold == null ? 0 : workspace.address(Slot.PARTS, chunks.bytes(columns));
    kernels
        .kernel("gate_backward")
        .arguments()
        .pointer(a.address())
        .pointer(g.address())
        .pointer(CudaFloats.address(threshold))
        .pointer(gradientA == null ? 0 : gradientA.address())
        .pointer(parts)
        .int64(a.stride())
        .int64(g.stride())
        .int64(gradientA == null ? 0 : gradientA.stride())
        .int64(a.rows())
        .int64(chunks.chunkRows())
        .int32(columns)
        .int32(a.format())
        .int32(g.format())
        .int32(gradientA == null ? 0 : gradientA.format())
        .int32(kind(gate))
        .int32(shared(threshold))
        .float32(0.5f * gate.bandwidth())
        .int32(write == Write.ACCUMULATE ? 1 : 0)
        .launch(chunks.blocks(columns), 1, ColumnChunks.THREADS, ColumnChunks.SHARED_BYTES);
    if (gradientThreshold != null) {
      finish(gate, threshold, chunks, columns, parts, write, (CudaFloats) gradientThreshold);
    }
  }

  /** Makes the thresholds' gradients of the chunks' sums. */
  private void finish(
      Gate gate,
      Floats threshold,
      ColumnChunks chunks,
      int columns,
      long parts,
      Write write,
      CudaFloats out) {
    boolean shared = out.length() == 1 && columns != 1;
    long each =
        shared ? workspace.address(Slot.SCORES, (long) columns * Float.BYTES) : out.address();
    kernels
        .kernel("threshold_gradients")
        .arguments()
        .pointer(parts)
        .pointer(CudaFloats.address(threshold))
        .pointer(each)
        .int32(chunks.chunks())
        .int32(columns)
        .int32(kind(gate))
        .int32(shared(threshold))
        .int32(gate.logThreshold() ? 1 : 0)
        .int32(!shared && write == Write.ACCUMULATE ? 1 : 0)
        .float32(gate.bandwidth())
        .launch(Math.ceilDiv(columns, THREADS), 1, THREADS, 0);
    if (shared) {
      sums.addParts(each, columns, write, out);
    }
  }

  private static int shared(Floats threshold) {
    return threshold != null && threshold.length() == 1 ? 1 : 0;
  }

  private static int kind(Gate gate) {
    return switch (gate.kind()) {
      case RELU -> 0;
      case JUMP_RELU -> 1;
      case STEP -> 2;
    };
  }
}
