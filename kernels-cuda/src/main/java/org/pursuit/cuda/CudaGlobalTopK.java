package org.pursuit.cuda;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.SelectionKey;

/** Selections from all rows together, on the device: {@code global_topk.cu}. */
final class CudaGlobalTopK {
  private static final int BY_MAGNITUDE = 1;
  private static final int RELU = 2;
  private static final int GUESSED = 4;

  private static final String[] BEGIN = {
    "global_begin_f32", "global_begin_bf16", "global_begin_f16"
  };
  private static final String[] HISTOGRAM = {
    "global_histogram_f32", "global_histogram_bf16", "global_histogram_f16"
  };
  private static final String[] TIES = {"global_ties_f32", "global_ties_bf16", "global_ties_f16"};
  private static final String[] REFINE = {
    "global_refine_f32", "global_refine_bf16", "global_refine_f16"
  };

  private static final int THREADS = 256;
  private static final int WARPS = THREADS / 32;

  /** Counts that narrow the keys down to one. */
  private static final int LEVELS = 3;

  /** Blocks that count, a multiprocessor. */
  private static final int COUNTING_BLOCKS = 4;

  private static final int BINS = 2048;
  private static final int SAMPLES = 8192;

  /** Standard deviations by which more than k scores are expected to reach a sampled guess. */
  private static final double MARGIN = 4;

  /** The state on the device: bins, two numbers, and what follows. */
  private static final int STATE_BYTES = (BINS + 2) * Long.BYTES + 6 * Integer.BYTES;

  private static final int GUESS = (BINS + 2) * Long.BYTES;
  private static final int EVERYTHING = GUESS + Float.BYTES;
  private static final int AGAIN = EVERYTHING + 3 * Integer.BYTES;

  private static final int SUMS_BYTES = WARPS * Long.BYTES;
  private static final int SAMPLE_BYTES =
      SUMS_BYTES + (SAMPLES + BINS) * Integer.BYTES + 4 * Integer.BYTES;

  private final Cuda cuda;
  private final Marks marks;

  private CudaMatrix scores;
  private GlobalTopK options;
  private Floats threshold;
  private Floats minPositive;
  private int sampleRank;
  private long state;

  CudaGlobalTopK(Cuda cuda, Marks marks) {
    this.cuda = cuda;
    this.marks = marks;
  }

  void select(
      Matrix scores, GlobalTopK options, CsrCodes out, Floats threshold, Floats minPositive) {
    if (scores.size() == 0 || options.k() == 0) {
      clear(cuda.stream(), out, threshold, minPositive);
      return;
    }
    this.scores = (CudaMatrix) scores;
    this.options = options;
    this.threshold = threshold;
    this.minPositive = minPositive;
    sampleRank = options.start() == null ? sampleRank(options.k(), scores.size()) : 0;
    state = cuda.workspace().address(Slot.GLOBAL, STATE_BYTES);
    marks.begin(this.scores);

    launch(BEGIN[format()], 0, false, 1, sampleRank == 0 ? 0 : SAMPLE_BYTES);
    marks.markReaching(state + GUESS, options.key(), options.mask(), 0);
    count(0, false);
    if (guessed()) {
      marks.markReaching(state + EVERYTHING, options.key(), options.mask(), state + AGAIN);
      count(0, true);
    }
    for (int level = 1; level < LEVELS; level++) {
      count(level, false);
    }
    long blocks = Math.ceilDiv(marks.segments(), WARPS);
    launch(TIES[format()], 0, false, blocks, 0);
    marks.place(Long.MAX_VALUE);
    launch(REFINE[format()], 0, false, blocks, 0);
    marks.write(out);
    launch("global_finish", 0, false, 1, 0);
  }

  private int format() {
    return scores.format();
  }

  /** Whether what is marked first need not be everything. */
  private boolean guessed() {
    return options.start() != null || sampleRank != 0;
  }

  /**
   * Which of a sample is probably reached by a little more than k scores of {@code size}; 0 if none
   * is.
   */
  private static int sampleRank(long k, long size) {
    double expected = (double) k / size * SAMPLES;
    double rank = Math.ceil(expected + MARGIN * Math.sqrt(expected) + MARGIN);
    return size < 2 * SAMPLES || rank > SAMPLES ? 0 : (int) rank;
  }

  private void count(int level, boolean onlyAgain) {
    long most = (long) COUNTING_BLOCKS * cuda.device().multiprocessors();
    long blocks = Math.min(Math.ceilDiv(marks.segments(), WARPS), most);
    launch(HISTOGRAM[format()], level, onlyAgain, blocks, BINS * Integer.BYTES);
    launch("global_choose", level, onlyAgain, 1, SUMS_BYTES);
  }

  private void launch(String name, int level, boolean onlyAgain, long blocks, int sharedBytes) {
    Kernel kernel = cuda.kernels().kernel(name);
    int flags =
        (options.key() == SelectionKey.MAGNITUDE ? BY_MAGNITUDE : 0)
            | (options.relu() ? RELU : 0)
            | (guessed() ? GUESSED : 0);
    kernel
        .arguments()
        .pointer(scores.address())
        .pointer(CudaFloats.address(options.start()))
        .pointer(SelectionKernels.address(options.mask()))
        .pointer(marks.bits())
        .pointer(marks.counts())
        .pointer(marks.starts())
        .pointer(marks.tiles())
        .pointer(state)
        .pointer(CudaFloats.address(threshold))
        .pointer(CudaFloats.address(minPositive))
        .int64(scores.stride())
        .int64(options.k())
        .int32(scores.rows())
        .int32(scores.columns())
        .int32(flags)
        .int32(level)
        .int32(onlyAgain ? 1 : 0)
        .int32(sampleRank)
        .launch(blocks, 1, kernel.threads(), sharedBytes);
  }

  /** Leaves nothing; the scalars may be null. */
  static void clear(Stream stream, CsrCodes out, Floats threshold, Floats minPositive) {
    CudaThresholdSelect.clear(stream, out);
    for (Floats scalar : new Floats[] {threshold, minPositive}) {
      if (scalar != null) {
        stream.fill(CudaFloats.address(scalar), Float.floatToIntBits(Float.NaN), 1);
      }
    }
  }
}
