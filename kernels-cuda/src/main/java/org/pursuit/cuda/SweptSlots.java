package org.pursuit.cuda;

import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Ints;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.ThresholdSelect;

/** What passes thresholds in a fused encode, to the slots of its row as it comes. */
final class SweptSlots extends Swept {
  private final Stream stream;
  private final SweptChunk chunk;
  private ThresholdSelect options;
  private FixedWidthCodes out;
  private Ints rowTotals;
  private long totals;

  SweptSlots(Cuda cuda, SweptChunk chunk) {
    this.stream = cuda.stream();
    this.chunk = chunk;
  }

  SweptSlots of(Selector.ThresholdSlots selector) {
    options = selector.options();
    out = selector.out();
    rowTotals = selector.totals();
    return this;
  }

  @Override
  long layOut(long address) {
    totals = rowTotals == null ? address : ((CudaInts) rowTotals).address();
    return rowTotals == null ? aligned((long) out.rows() * Integer.BYTES) : 0;
  }

  @Override
  void begin() {
    stream.zero(totals, (long) out.rows() * Integer.BYTES);
  }

  @Override
  void consume() {
    launch("sweep_count_above", chunk.blocks());
    launch("sweep_place_slots", Math.ceilDiv(chunk.rows(), SweptChunk.THREADS));
    launch("sweep_append_slots", chunk.blocks());
  }

  @Override
  void finish() {
    launch("sweep_finish_slots", Math.ceilDiv(chunk.rows(), SweptChunk.WARPS));
  }

  private void launch(String name, long blocks) {
    Kernel kernel =
        chunk
            .begin(name)
            .pointer(SelectionKernels.address(options.mask()))
            .pointer(CudaFloats.address(options.thresholds()))
            .pointer(0)
            .pointer(0)
            .pointer(((CudaInts) out.indices()).address())
            .pointer(((CudaFloats) out.values()).address())
            .pointer(totals)
            .pointer(((CudaInts) out.counts()).address())
            .int64(0);
    chunk
        .shape(kernel)
        .int32(stride(options.thresholds()))
        .int32(flags(options) | chunk.option())
        .int32(out.k())
        .launch(blocks, 1, SweptChunk.THREADS, 0);
  }
}
