package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.pursuit.Backends;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.SlottedCodes;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.ColumnTopK;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.Precision;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TopK;
import org.pursuit.support.Dense;
import org.pursuit.support.Inputs;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/**
 * The sweep over tiles of rows and chunks of atoms, in cuts that a device's size would not give.
 */
@OnEmulator
class CudaScoringTest {
  private static final int ROWS = 70;
  private static final int ATOMS = 700;
  private static final int D = 33;

  /** One tile and one chunk, many of both, and many of either. */
  private static final List<ScoreChunks> CUTS =
      List.of(
          new ScoreChunks(1024, 1 << 20),
          new ScoreChunks(32, 1),
          new ScoreChunks(69, 1 << 20),
          new ScoreChunks(1024, 1));

  @ParameterizedTest
  @EnumSource
  void everyCutGivesWhatTheScalarBackendGives(DType stored) {
    Random random = Seed.random(73);
    Dense x = Inputs.integers(ROWS, D, 3, random);
    Dense weights = Inputs.integers(ATOMS, D, 3, random);
    float[] preBias = Inputs.integers(D, 3, random);
    float[] bias = Inputs.integers(ATOMS, 9, random);
    Score options = Score.plain().activation(Activation.RELU);
    float[] expected = onScalar(x, weights, bias, preBias, options);
    try (CudaBackend backend = Emulator.open()) {
      for (ScoreChunks cut : CUTS) {
        for (DType weightsStored : DType.values()) {
          for (Precision precision : Precision.values()) {
            Case wanted = new Case(x, weights, bias, preBias, options.precision(precision));
            Scores found = onCuda(backend, wanted, stored, weightsStored, cut);
            String text = stored + " · " + weightsStored + " at " + precision + ", " + cut;
            Same.numbers(found.scored(), expected, text);
            Same.numbers(found.encoded(), expected, text + ", encoded");
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void normalisedRowsDoNotDependOnTheCut(RowNormalisation normalisation) {
    Random random = Seed.random(74);
    Dense x = Inputs.offCentre(ROWS, D, random);
    Dense weights = Inputs.normal(ATOMS, D, random);
    float[] preBias = Inputs.normal(D, random);
    Score options = Score.plain().normalisation(normalisation);
    Case wanted = new Case(x, weights, null, preBias, options);
    float[] first = null;
    try (CudaBackend backend = Emulator.open()) {
      for (ScoreChunks cut : CUTS) {
        Scores found = onCuda(backend, wanted, DType.F32, DType.BF16, cut);
        first = first == null ? found.scored() : first;
        Same.bits(found.scored(), first, normalisation + ", " + cut);
        Same.bits(found.encoded(), first, normalisation + ", encoded, " + cut);
      }
    }
  }

  /** Of (1 + 2⁻⁹)², bfloat16 has 1, three products have all but the last of 1 + 2⁻⁸ + 2⁻¹⁸. */
  @Test
  void eachPrecisionRoundsAsItSays() {
    boolean cublas = Cublas.finding().found() != Cublas.ABSENT;
    float exact = 1 + 0x1p-8f + 0x1p-18f;
    Dense x = Dense.zeros(ROWS, 1).map(zero -> 1 + 0x1p-9);
    try (CudaBackend backend = Emulator.open()) {
      for (RowNormalisation normalisation :
          new RowNormalisation[] {RowNormalisation.NONE, RowNormalisation.LAYER_NORM}) {
        for (Precision precision : Precision.values()) {
          // A single column's deviation from its mean is 0: what is left is the pre-bias.
          float sign = normalisation == RowNormalisation.NONE ? 0 : -(1 + 0x1p-9f);
          Score options = Score.plain().normalisation(normalisation).precision(precision);
          Case wanted = new Case(x, x, null, new float[] {sign}, options);
          Scores found = onCuda(backend, wanted, DType.F32, DType.F32, CUTS.get(0));
          float expected =
              switch (precision) {
                case FLOAT32, TF32 -> exact;
                case BF16X3 -> cublas ? 1 + 0x1p-8f : exact;
                case BF16 -> cublas ? 1 : exact;
              };
          assertThat(found.scored()).as(options.toString()).containsOnly(expected);
        }
      }
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Case(Dense x, Dense weights, float[] bias, float[] preBias, Score options) {}

  @Test
  void weightsThatCannotBeConvertedAtOnceAreConvertedInChunks() {
    Random random = Seed.random(74);
    Dense x = Inputs.integers(ROWS, D, 3, random);
    Dense weights = Inputs.integers(ATOMS, D, 3, random);
    float[] bias = Inputs.integers(ATOMS, 9, random);
    float[] expected = onScalar(x, weights, bias, new float[D], Score.plain());
    long whole = DeviceRows.alignedBytes(ATOMS, D, DType.F32);
    try (CudaBackend backend = Emulator.open();
        Matrix rows = uploaded(backend, x, DType.F32);
        Matrix atoms = uploaded(backend, weights, DType.F16);
        Floats added = backend.upload(bias);
        Matrix out = backend.matrix(ROWS, ATOMS, DType.F32)) {
      Cuda cuda = backend.cuda();
      CudaScoring scoring =
          new CudaScoring(
              backend,
              new NoSelection(backend),
              new CudaRunningTopK(cuda),
              cuda,
              new ScoreChunks(32, 1));
      scoring.score(rows, rows, null, Score.plain(), out.rows(0, ROWS).columns(0, ROWS));
      Emulator.set("memoryBytes", Emulator.get("allocatedBytes") + whole - 1);
      scoring.score(rows, atoms, added, Score.plain(), out);
      Same.numbers(out.download(), expected, "scores");
      out.upload(new float[ROWS * ATOMS]);
      try (CudaGraph graph =
          backend.capture(() -> scoring.score(rows, atoms, added, Score.plain(), out))) {
        graph.launch();
        Same.numbers(out.download(), expected, "recorded scores");
      }
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Scores(float[] scored, float[] encoded) {}

  private static float[] onScalar(
      Dense x, Dense weights, float[] bias, float[] preBias, Score options) {
    try (var backend = Backends.open("scalar");
        Matrix rows = backend.upload(x.values(), x.rows(), x.columns());
        Matrix atoms = backend.upload(weights.values(), weights.rows(), weights.columns());
        Floats added = backend.upload(bias);
        Floats subtracted = backend.upload(preBias);
        Matrix out = backend.matrix(x.rows(), weights.rows(), DType.F32)) {
      backend.scoring().score(rows, atoms, added, options.preBias(subtracted), out);
      return out.download();
    }
  }

  private static Scores onCuda(
      CudaBackend backend, Case wanted, DType xStored, DType weightsStored, ScoreChunks cut) {
    try (Matrix x = uploaded(backend, wanted.x(), xStored);
        Matrix weights = uploaded(backend, wanted.weights(), weightsStored);
        Floats bias = wanted.bias() == null ? null : backend.upload(wanted.bias());
        Floats preBias = backend.upload(wanted.preBias());
        Matrix scored = backend.matrix(x.rows(), weights.rows(), DType.F32);
        Matrix encoded = backend.matrix(x.rows(), weights.rows(), DType.F32);
        FixedWidthCodes codes = backend.fixedWidthCodes(x.rows(), 1)) {
      Keeping keeping = new Keeping(backend.cuda(), encoded);
      CudaScoring scoring =
          new CudaScoring(backend, new NoSelection(backend), keeping, backend.cuda(), cut);
      Score options = wanted.options().preBias(preBias);
      scoring.score(x, weights, bias, options, scored);
      scoring.encode(x, weights, bias, options, TopK.of(1).into(codes));
      assertThat(keeping.finished).as(cut.toString()).isEqualTo(Math.ceilDiv(ROWS, cut.rows()));
      return new Scores(scored.download(), encoded.download());
    }
  }

  private static Matrix uploaded(CudaBackend backend, Dense values, DType format) {
    Matrix made = backend.matrix(values.rows(), values.columns(), format);
    made.upload(values.values());
    return made;
  }

  /** Keeps every score that a running selection is shown, and checks the order they come in. */
  private static final class Keeping extends CudaRunningTopK {
    private final ScoringKernels kernels;
    private final DeviceRows kept;
    private int finished;
    private int row;
    private int rows;
    private int columns;
    private int seen;

    Keeping(Cuda cuda, Matrix kept) {
      super(cuda);
      this.kernels = cuda.products().kernels();
      this.kept = DeviceRows.of(kept);
    }

    @Override
    void begin(List<Selector.RowTopK> selectors, int firstRow, int tileRows, int allColumns) {
      assertThat(firstRow).isEqualTo(row + rows);
      row = firstRow;
      rows = tileRows;
      columns = allColumns;
      seen = 0;
    }

    @Override
    void consume(long scores, long stride, int firstColumn, int chunk, long bias, boolean relu) {
      assertThat(firstColumn).isEqualTo(seen);
      assertThat(scores % 16).isZero();
      assertThat(stride % 4).isZero();
      seen += chunk;
      kernels.convert(
          scores,
          stride,
          DType.F32,
          rows,
          chunk,
          bias == 0 ? 0 : bias + (long) firstColumn * Float.BYTES,
          relu,
          kept.at(row, firstColumn),
          kept.stride(),
          DType.F32);
    }

    @Override
    void finish() {
      assertThat(seen).isEqualTo(columns);
      finished++;
    }
  }

  /** The checks of selections without any. */
  private static final class NoSelection extends Selection {
    NoSelection(Memory memory) {
      super(memory);
    }

    @Override
    protected void topKKernel(Matrix scores, Matrix values, TopK options, FixedWidthCodes out) {
      throw nothing();
    }

    @Override
    protected void thresholdSelectKernel(Matrix scores, ThresholdSelect options, CsrCodes out) {
      throw nothing();
    }

    @Override
    protected void thresholdSelectKernel(
        Matrix scores, ThresholdSelect options, FixedWidthCodes out, Ints totals) {
      throw nothing();
    }

    @Override
    protected void globalTopKKernel(
        Matrix scores, GlobalTopK options, CsrCodes out, Floats threshold, Floats minPositive) {
      throw nothing();
    }

    @Override
    protected void columnTopKKernel(Matrix scores, ColumnTopK options, ColumnCodes out) {
      throw nothing();
    }

    @Override
    protected void columnTopKKernel(SlottedCodes codes, ColumnTopK options, ColumnCodes out) {
      throw nothing();
    }

    @Override
    protected void columnTopKKernel(CsrCodes codes, ColumnTopK options, ColumnCodes out) {
      throw nothing();
    }

    @Override
    protected void rowPrefixSelectKernel(
        Matrix scores,
        Floats norms,
        Floats targets,
        RowPrefix options,
        FixedWidthCodes out,
        Ints totals) {
      throw nothing();
    }

    private static AssertionError nothing() {
      return new AssertionError("nothing is to be selected");
    }
  }
}
