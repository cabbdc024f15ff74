package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TopK;
import org.pursuit.support.RowKind;
import org.pursuit.support.Seed;

/**
 * Selections by thresholds and from all rows, of scores in chunks that a device's size would not
 * give: lists that are cut again and again, a last tile of other chunks, and as a graph.
 */
@OnEmulator
class CudaSweepTest {
  private static final int ROWS = 70;
  private static final int ATOMS = 1500;

  /** One chunk; many of both tiles and chunks; wider ones in the last tile; many of one tile. */
  private static final List<ScoreChunks> CUTS =
      List.of(
          new ScoreChunks(1024, 1 << 20),
          new ScoreChunks(32, 1),
          new ScoreChunks(32, 32 * 512),
          new ScoreChunks(1024, 1));

  /** Few enough that a list does not hold all scores, whose last entries lie anywhere. */
  private static final long[] KS = {1, 99, 5000, 20_001};

  @ParameterizedTest
  @EnumSource(names = {"NORMAL", "CONSTANT", "ASCENDING", "SMALL_INTEGERS", "NANS"})
  void everyCutSelectsWhatTheScoresDo(RowKind kind) {
    try (CudaBackend backend = Emulator.open();
        Operands o = new Operands(backend, kind)) {
      o.score();
      List<String> expected = o.expected();
      for (ScoreChunks cut : CUTS) {
        o.scoring(cut).encode(o.x, o.weights, o.bias, Score.plain(), o.selectors);
        List<String> found = o.selected();
        for (int s = 0; s < found.size(); s++) {
          assertThat(found.get(s)).as(cut + ", " + o.selectors.get(s)).isEqualTo(expected.get(s));
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = "NORMAL")
  void aGraphSelectsFromOtherRows(RowKind kind) {
    try (CudaBackend backend = Emulator.open();
        Operands o = new Operands(backend, kind)) {
      Scoring scoring = o.scoring(CUTS.get(1));
      Runnable encode = () -> scoring.encode(o.x, o.weights, o.bias, Score.plain(), o.selectors);
      encode.run();
      try (CudaGraph graph = backend.capture(encode)) {
        for (float sign : new float[] {-1, 0, 1}) {
          o.x.upload(numbers(ROWS, b -> sign * (b % 7)));
          o.score();
          List<String> expected = o.expected();
          graph.launch();
          assertThat(o.selected()).isEqualTo(expected);
        }
      }
    }
  }

  private static float[] numbers(int count, IntToDoubleFunction number) {
    float[] made = new float[count];
    for (int i = 0; i < count; i++) {
      made[i] = (float) number.applyAsDouble(i);
    }
    return made;
  }

  /** What an encode reads and writes; freed together. */
  private static final class Operands implements AutoCloseable {
    final Deque<AutoCloseable> kept = new ArrayDeque<>();
    final List<Selector> selectors = new ArrayList<>();
    final CudaBackend backend;
    final Matrix x;
    final Matrix weights;
    final Matrix scores;
    final Floats bias;

    Operands(CudaBackend backend, RowKind kind) {
      this.backend = backend;
      x = keep(backend.upload(numbers(ROWS, b -> b % 3 - 1), ROWS, 1));
      weights = keep(backend.upload(kind.row(ATOMS, Seed.random(317)), ATOMS, 1));
      scores = keep(backend.matrix(ROWS, ATOMS, DType.F32));
      bias = keep(backend.upload(numbers(ATOMS, j -> j % 5 - 2)));
      Floats threshold = keep(backend.upload(new float[] {1}));
      boolean[] flags = new boolean[ATOMS];
      for (int j = 0; j < ATOMS; j++) {
        flags[j] = j % 3 != 1;
      }
      for (long k : KS) {
        selectors.add(
            GlobalTopK.of(k)
                .into(
                    keep(backend.csrCodes(ROWS, ATOMS, k)),
                    keep(backend.floats(1)),
                    keep(backend.floats(1))));
      }
      selectors.add(
          GlobalTopK.of(12_345)
              .byMagnitude()
              .withRelu()
              .mask(keep(backend.upload(flags)))
              .into(keep(backend.csrCodes(ROWS, ATOMS, 12_345)), null, null));
      ThresholdSelect above = ThresholdSelect.above(threshold);
      selectors.add(above.into(keep(backend.csrCodes(ROWS, ATOMS, ROWS * ATOMS))));
      selectors.add(
          ThresholdSelect.atLeast(bias)
              .into(keep(backend.fixedWidthCodes(ROWS, 300)), keep(backend.ints(ROWS))));
      selectors.add(TopK.of(3).into(keep(backend.fixedWidthCodes(ROWS, 3))));
    }

    private <H extends AutoCloseable> H keep(H handle) {
      kept.push(handle);
      return handle;
    }

    Scoring scoring(ScoreChunks cut) {
      Cuda cuda = backend.cuda();
      return new CudaScoring(
          backend, new CudaSelection(backend, cuda), new CudaRunningTopK(cuda), cuda, cut);
    }

    void score() {
      backend.scoring().score(x, weights, bias, Score.plain(), scores);
    }

    /** What the selections of the scores leave in the outputs. */
    List<String> expected() {
      Selection selection = backend.selection();
      for (Selector selector : selectors) {
        switch (selector) {
          case Selector.RowTopK s -> selection.topK(scores, s.options(), s.out());
          case Selector.Threshold s -> selection.thresholdSelect(scores, s.options(), s.out());
          case Selector.ThresholdSlots s ->
              selection.thresholdSelect(scores, s.options(), s.out(), s.totals());
          case Selector.Global s ->
              selection.globalTopK(scores, s.options(), s.out(), s.threshold(), s.minPositive());
        }
      }
      return selected();
    }

    /** The outputs as text; they are emptied. */
    List<String> selected() {
      return selectors.stream().map(Operands::text).toList();
    }

    private static String text(Selector selector) {
      return switch (selector) {
        case Selector.RowTopK s -> text(s.out());
        case Selector.Threshold s -> text(s.out());
        case Selector.ThresholdSlots s -> text(s.out()) + text(s.totals());
        case Selector.Global s ->
            text(s.out())
                + (s.threshold() == null ? "" : text(s.threshold()) + text(s.minPositive()));
      };
    }

    private static String text(CsrCodes codes) {
      int entries = (int) codes.nnz();
      String made =
          Arrays.toString(codes.offsets().download())
              + Arrays.toString(Arrays.copyOf(codes.columns().download(), entries))
              + Arrays.toString(Arrays.copyOf(codes.values().download(), entries));
      codes.upload(new long[codes.rows() + 1], new int[0], new float[0]);
      return made;
    }

    private static String text(FixedWidthCodes codes) {
      String made =
          Arrays.toString(codes.indices().download())
              + Arrays.toString(codes.values().download())
              + Arrays.toString(codes.counts().download());
      codes.indices().upload(new int[codes.rows() * codes.k()]);
      codes.counts().upload(new int[codes.rows()]);
      return made;
    }

    private static String text(Floats floats) {
      String made = Arrays.toString(floats.download());
      floats.upload(new float[] {-7});
      return made;
    }

    private static String text(Ints ints) {
      String made = Arrays.toString(ints.download());
      ints.upload(new int[(int) ints.length()]);
      return made;
    }

    @Override
    public void close() {
      while (!kept.isEmpty()) {
        try {
          kept.pop().close();
        } catch (Exception e) {
          throw new AssertionError("closing failed", e);
        }
      }
    }
  }
}
