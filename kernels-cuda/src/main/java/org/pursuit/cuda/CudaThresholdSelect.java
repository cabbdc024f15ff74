package org.pursuit.cuda;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.ThresholdSelect;

/** Selections by thresholds on the device: {@code sparsify.cu}. */
final class CudaThresholdSelect {
  private final Stream stream;
  private final Marks marks;

  CudaThresholdSelect(Stream stream, Marks marks) {
    this.stream = stream;
    this.marks = marks;
  }

  void select(Matrix scores, ThresholdSelect options, CsrCodes out) {
    if (scores.size() == 0) {
      clear(stream, out);
      return;
    }
    marks.begin((CudaMatrix) scores);
    marks.mark(options);
    marks.write(out);
  }

  void select(Matrix scores, ThresholdSelect options, FixedWidthCodes out, Ints totals) {
    if (scores.size() == 0) {
      clear(stream, out, totals);
      return;
    }
    marks.begin((CudaMatrix) scores);
    marks.mark(options);
    marks.write(out, totals);
  }

  /** Leaves nothing. */
  static void clear(Stream stream, CsrCodes out) {
    stream.zero(((CudaLongs) out.offsets()).address(), out.offsets().length() * Long.BYTES);
  }

  /** Leaves nothing; {@code totals} may be null. */
  static void clear(Stream stream, FixedWidthCodes out, Ints totals) {
    stream.fill(((CudaInts) out.indices()).address(), -1, out.indices().length());
    stream.zero(((CudaFloats) out.values()).address(), out.values().length() * Float.BYTES);
    stream.zero(((CudaInts) out.counts()).address(), out.counts().length() * Integer.BYTES);
    if (totals != null) {
      stream.zero(((CudaInts) totals).address(), totals.length() * Integer.BYTES);
    }
  }
}
