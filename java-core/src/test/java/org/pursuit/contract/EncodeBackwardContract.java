package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.DoubleSupplier;
import org.pursuit.CapacityException;
import org.pursuit.contract.DecodeBackwardContract.Layout;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.EncodeGradients;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Write;
import org.pursuit.support.ActiveRows;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Gradients of encoding at selected places: exact on small integers, else within the bound. */
class EncodeBackwardContract {
  private static final int N = 90;

  /** Everything that a call takes, and what it must give, in the test's own hands. */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a record
  private record Case(
      Slots codes, float[] gradient, Dense x, Dense weights, Activation activation) {
    static Case integers(Layout layout, int rows, int k, int n, int d, Random random) {
      Slots codes = layout.random(rows, k, n, random).withIntegerValues(2, random);
      return new Case(
          codes,
          Inputs.integers(rows * k, 3, random),
          Inputs.integers(rows, d, 3, random),
          Inputs.integers(n, d, 3, random),
          List.of(Activation.values()).get(random.nextInt(2)));
    }

    /** The entries that count, with the gradient as their value. */
    Slots counting() {
      Slots made = Slots.empty(codes.rows(), codes.k());
      for (int row = 0; row < codes.rows(); row++) {
        for (int slot = 0; slot < codes.counts()[row]; slot++) {
          if (activation == Activation.IDENTITY || !(codes.value(row, slot) <= 0)) {
            made.add(row, codes.index(row, slot), gradient[row * codes.k() + slot]);
          }
        }
      }
      return made;
    }

    Estimate ofWeights(Dense old) {
      return Slopes.outer(counting(), x, weights.rows(), old);
    }

    Estimate ofBias(float[] old) {
      float[] ones = new float[x.rows()];
      Arrays.fill(ones, 1);
      Dense column = new Dense(x.rows(), 1, ones);
      Dense before = old == null ? null : new Dense(old.length, 1, old);
      return Slopes.outer(counting(), column, weights.rows(), before);
    }

    Estimate ofX(Dense old) {
      Slots entries = counting();
      int d = x.columns();
      Estimate sums = new Estimate(x.rows() * d);
      for (int at = 0; at < x.rows() * d; at++) {
        sums.add(at, old == null ? 0 : old.values()[at]);
        int row = at / d;
        for (int slot = 0; slot < entries.counts()[row]; slot++) {
          double slope = entries.value(row, slot);
          sums.add(at, slope * weights.at(entries.index(row, slot), at % d));
        }
      }
      return sums;
    }

    Estimate ofPreBias(float[] old) {
      Slots entries = counting();
      Estimate sums = new Estimate(x.columns());
      for (int i = 0; i < x.columns(); i++) {
        sums.add(i, old == null ? 0 : old[i]);
        for (int row = 0; row < entries.rows(); row++) {
          for (int slot = 0; slot < entries.counts()[row]; slot++) {
            double slope = -entries.value(row, slot);
            sums.add(i, slope * weights.at(entries.index(row, slot), i));
          }
        }
      }
      return sums;
    }

    void backward(Lab lab, Layout layout, Write write, EncodeGradients wanted) {
      backward(lab, layout, lab.matrix(x), lab.matrix(weights), write, wanted);
    }

    void backward(
        Lab lab, Layout layout, Matrix rows, Matrix matrix, Write write, EncodeGradients wanted) {
      Floats slopes = lab.floats(layout.arranged(codes, gradient));
      EncodeGradients all = wanted.activation(activation);
      SparseAlgebra algebra = lab.sparseAlgebra();
      switch (layout) {
        case SELECTION ->
            algebra.encodeBackward(lab.codes(codes), slopes, rows, matrix, write, all);
        case TAPE -> algebra.encodeBackward(lab.tape(codes), slopes, rows, matrix, write, all);
        case CSR ->
            algebra.encodeBackward(
                lab.csr(codes, weights.rows(), 0), slopes, rows, matrix, write, all);
      }
    }
  }

  @EveryBackend
  void exactAtAnyShape(BackendUnderTest backend) {
    Random random = Seed.random(220);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {0, 7, 64, 259}) {
        for (int rows : new int[] {0, 1, 21}) {
          for (int k : new int[] {0, 1, 9, 60}) {
            for (Layout layout : Layout.values()) {
              Case one = Case.integers(layout, rows, k, N, d, random);
              Matrix weights = lab.output(N, d);
              Floats bias = lab.floatsOutput(N);
              Matrix x = lab.output(rows, d);
              Floats preBias = lab.floatsOutput(d);
              EncodeGradients none = EncodeGradients.none();
              one.backward(
                  lab,
                  layout,
                  Write.OVERWRITE,
                  none.weights(weights).bias(bias).x(x).preBias(preBias));
              String what = layout + " [" + rows + ", " + k + "], d = " + d + one.activation;
              float[] expected = one.ofWeights(null).exactly(DType.F32);
              Same.numbers(weights.download(), expected, what + ": weights");
              Same.numbers(bias.download(), one.ofBias(null).exactly(DType.F32), what + ": bias");
              Same.numbers(x.download(), one.ofX(null).exactly(DType.F32), what + ": x");
              Same.numbers(
                  preBias.download(), one.ofPreBias(null).exactly(DType.F32), what + ": preBias");

              RowSparseMatrix active = lab.rowSparse(N, d, N);
              one.backward(lab, layout, Write.OVERWRITE, none.activeWeights(active));
              Same.ints(ActiveRows.of(active).ids(), Slopes.named(one.counting()), what);
              Same.numbers(ActiveRows.of(active).dense(N).values(), expected, what + ": active");
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void withinTheRoundingBoundInEveryFormat(BackendUnderTest backend) {
    Random random = Seed.random(221);
    try (Lab lab = backend.open()) {
      for (DType weightType : DType.values()) {
        for (DType xType : DType.values()) {
          Layout layout = List.of(Layout.values()).get(random.nextInt(3));
          Placement placement = List.of(Placement.values()).get(random.nextInt(3));
          Slots codes = layout.random(40, 11, N, random);
          Dense x = Inputs.normal(40, 101, random);
          Dense matrix = Inputs.normal(N, 101, random);
          float[] gradient = Inputs.normal(40 * 11, random);
          Case one =
              new Case(
                  codes, gradient, x.stored(xType), matrix.stored(weightType), Activation.RELU);
          Matrix weights = lab.output(N, 101, xType);
          Matrix rows = lab.output(40, 101, weightType);
          Floats bias = lab.floatsOutput(N);
          Floats preBias = lab.floatsOutput(101);
          one.backward(
              lab,
              layout,
              lab.matrix(x, xType, placement),
              lab.matrix(matrix, weightType, placement),
              Write.OVERWRITE,
              EncodeGradients.none().weights(weights).bias(bias).x(rows).preBias(preBias));
          String what = layout + ", " + weightType + ", " + xType + " " + placement;
          one.ofWeights(null).assertMatches(weights.download(), xType, what + ": weights");
          one.ofBias(null).assertMatches(bias.download(), DType.F32, what + ": bias");
          one.ofX(null).assertMatches(rows.download(), weightType, what + ": x");
          one.ofPreBias(null).assertMatches(preBias.download(), DType.F32, what + ": preBias");
        }
      }
    }
  }

  @EveryBackend
  void everyGradientAccumulates(BackendUnderTest backend) {
    Random random = Seed.random(222);
    try (Lab lab = backend.open()) {
      for (Layout layout : Layout.values()) {
        for (DType dtype : DType.values()) {
          int d = 20;
          Case one = Case.integers(layout, 14, 8, N, d, random);
          Dense oldWeights = Inputs.integers(N, d, 9, random);
          Dense oldX = Inputs.integers(14, d, 9, random);
          float[] oldBias = Inputs.integers(N, 9, random);
          float[] oldPreBias = Inputs.integers(d, 9, random);
          Matrix weights = lab.output(N, d, dtype);
          weights.upload(oldWeights.values());
          Matrix x = lab.output(14, d, dtype);
          x.upload(oldX.values());
          Floats bias = lab.floats(oldBias);
          Floats preBias = lab.floats(oldPreBias);
          one.backward(
              lab,
              layout,
              Write.ACCUMULATE,
              EncodeGradients.none().weights(weights).bias(bias).x(x).preBias(preBias));
          String what = layout + " in " + dtype;
          Same.numbers(weights.download(), one.ofWeights(oldWeights).exactly(dtype), what);
          Same.numbers(bias.download(), one.ofBias(oldBias).exactly(DType.F32), what + ": bias");
          Same.numbers(x.download(), one.ofX(oldX).exactly(dtype), what + ": x");
          Same.numbers(
              preBias.download(), one.ofPreBias(oldPreBias).exactly(DType.F32), what + ": preBias");

          RowSparseMatrix active = lab.rowSparse(N, d, N);
          EncodeGradients rowSparse = EncodeGradients.none().activeWeights(active);
          one.backward(lab, layout, Write.OVERWRITE, rowSparse);
          Dense first = ActiveRows.of(active).dense(N);
          Case two = Case.integers(layout, 14, 3, N, d, random);
          two.backward(lab, layout, Write.ACCUMULATE, rowSparse);
          Same.numbers(
              ActiveRows.of(active).dense(N).values(),
              two.ofWeights(first).exactly(DType.F32),
              what + ": active");
        }
      }
    }
  }

  @EveryBackend
  void moreActiveRowsThanFitLeaveNone(BackendUnderTest backend) {
    Case one = Case.integers(Layout.SELECTION, 9, 5, N, 11, Seed.random(223));
    int needed = Slopes.named(one.counting()).length;
    try (Lab lab = backend.open()) {
      RowSparseMatrix small = lab.rowSparse(N, 11, needed - 1);
      Floats bias = lab.floatsOutput(N);
      assertThatExceptionOfType(CapacityException.class)
          .isThrownBy(
              () -> {
                one.backward(
                    lab,
                    Layout.SELECTION,
                    Write.OVERWRITE,
                    EncodeGradients.none().activeWeights(small).bias(bias));
                lab.backend().synchronize();
              })
          .withMessageContaining("room for " + needed + " active rows");
      Same.ints(small.count().download(), new int[] {0}, "active rows");
      Same.numbers(bias.download(), one.ofBias(null).exactly(DType.F32), "the other gradient");
    }
  }

  /** A value of NaN counts, one of 0 or −0 does not; what is masked does not meet a NaN weight. */
  @EveryBackend
  void reluMasksByTheStoredValue(BackendUnderTest backend) {
    float[] special = {Float.NaN, 0, -0f, -1, 1, Float.MIN_VALUE, Float.NEGATIVE_INFINITY};
    Slots codes = Slots.empty(special.length, 1);
    for (int row = 0; row < special.length; row++) {
      codes.add(row, row, special[row]);
    }
    Dense weights = Inputs.integers(special.length, 5, 3, Seed.random(224));
    weights.values()[5] = Float.NaN;
    float[] gradient = {1, 2, 3, 4, 5, 6, 7};
    Dense x = Inputs.integers(special.length, 5, 3, Seed.random(225));
    try (Lab lab = backend.open()) {
      for (Activation activation : Activation.values()) {
        for (Layout layout : Layout.values()) {
          Case one = new Case(codes, gradient, x, weights, activation);
          Floats bias = lab.floatsOutput(special.length);
          Matrix rows = lab.output(special.length, 5);
          Floats preBias = lab.floatsOutput(5);
          one.backward(
              lab,
              layout,
              Write.OVERWRITE,
              EncodeGradients.none().bias(bias).x(rows).preBias(preBias));
          boolean relu = activation == Activation.RELU;
          float[] expected = relu ? new float[] {1, 0, 0, 0, 5, 6, 0} : gradient;
          Same.numbers(bias.download(), expected, layout + ", " + activation);
          Same.numbers(rows.download(), one.ofX(null).exactly(DType.F32), layout + ": x");
          float[] ofPreBias = one.ofPreBias(null).exactly(DType.F32);
          Same.numbers(preBias.download(), ofPreBias, layout + ": preBias");
          if (relu == Float.isNaN(ofPreBias[0])) {
            throw new AssertionError("a masked NaN weight counts, or one that is not does not");
          }
        }
      }
    }
  }

  /**
   * L = Σ h·ReLU(⟨x − p, w_j⟩ + b_j) at selected places; its derivatives by central differences of
   * a double twin, with selection and masks held fixed.
   */
  @EveryBackend
  void agreesWithCentralDifferences(BackendUnderTest backend) {
    Random random = Seed.random(226);
    int d = 6;
    int n = 7;
    Slots places = Slots.randomTape(5, 4, n, random);
    double[] x = Slopes.doubles(Inputs.normal(5, d, random).values());
    double[] weights = Slopes.doubles(Inputs.normal(n, d, random).values());
    double[] bias = Slopes.doubles(Inputs.normal(n, random));
    double[] preBias = Slopes.doubles(Inputs.normal(d, random));
    float[] h = Inputs.normal(5 * 4, random);
    float[] values = new float[5 * 4];
    boolean[] positive = new boolean[5 * 4];
    for (int at = 0; at < values.length; at++) {
      if (places.indices()[at] >= 0) {
        double value = preActivation(places, at, x, weights, bias, preBias);
        positive[at] = value > 0;
        values[at] = (float) Math.max(0, value);
      }
    }
    DoubleSupplier loss =
        () -> {
          double sum = 0;
          for (int at = 0; at < values.length; at++) {
            if (positive[at]) {
              sum += h[at] * preActivation(places, at, x, weights, bias, preBias);
            }
          }
          return sum;
        };
    float[] less = new float[5 * d];
    for (int i = 0; i < less.length; i++) {
      less[i] = (float) (x[i] - preBias[i % d]);
    }
    Slots codes = new Slots(5, 4, places.indices(), values, places.counts());
    Dense matrix = new Dense(n, d, Slopes.floats(weights));
    Case one = new Case(codes, h, new Dense(5, d, less), matrix, Activation.RELU);
    try (Lab lab = backend.open()) {
      Matrix ofWeights = lab.output(n, d);
      Floats ofBias = lab.floatsOutput(n);
      Matrix ofX = lab.output(5, d);
      Floats ofPreBias = lab.floatsOutput(d);
      one.backward(
          lab,
          Layout.TAPE,
          Write.OVERWRITE,
          EncodeGradients.none().weights(ofWeights).bias(ofBias).x(ofX).preBias(ofPreBias));
      Slopes.assertNear(ofWeights.download(), weights, loss, "weight");
      Slopes.assertNear(ofBias.download(), bias, loss, "bias");
      Slopes.assertNear(ofX.download(), x, loss, "x");
      Slopes.assertNear(ofPreBias.download(), preBias, loss, "pre-bias");
    }
  }

  private static double preActivation(
      Slots places, int at, double[] x, double[] weights, double[] bias, double[] preBias) {
    int d = preBias.length;
    int j = places.indices()[at];
    double sum = bias[j];
    for (int i = 0; i < d; i++) {
      sum += (x[at / places.k() * d + i] - preBias[i]) * weights[j * d + i];
    }
    return sum;
  }

  @EveryBackend
  void sameBitsInEveryRunAndForAnyNumberOfThreads(BackendUnderTest backend) {
    Random random = Seed.random(227);
    Slots codes = Slots.randomTape(160, 12, N, random);
    Dense x = Inputs.normal(160, 70, random);
    Dense matrix = Inputs.normal(N, 70, random);
    float[] gradient = Inputs.normal(160 * 12, random);
    float[] first = null;
    for (int threads : new int[] {1, 2, 3}) {
      try (Lab lab = backend.open(threads)) {
        PursuitTape tape = lab.tape(codes);
        Floats slopes = lab.floats(gradient);
        Matrix rows = lab.matrix(x);
        Matrix atoms = lab.matrix(matrix);
        Matrix weights = lab.output(N, 70);
        Floats bias = lab.floatsOutput(N);
        Matrix ofX = lab.output(160, 70);
        Floats preBias = lab.floatsOutput(70);
        EncodeGradients wanted =
            EncodeGradients.none()
                .weights(weights)
                .bias(bias)
                .x(ofX)
                .preBias(preBias)
                .activation(Activation.RELU);
        for (int run = 0; run < 20; run++) {
          lab.sparseAlgebra().encodeBackward(tape, slopes, rows, atoms, Write.OVERWRITE, wanted);
          float[] found =
              Slopes.joined(
                  weights.download(), bias.download(), ofX.download(), preBias.download());
          first = first == null ? found : first;
          Same.bits(found, first, threads + " threads, run " + run);
        }
      }
    }
  }
}
