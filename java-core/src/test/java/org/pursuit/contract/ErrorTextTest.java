package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.pursuit.BackendOptions;
import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.Adam;
import org.pursuit.kernel.BiasAdaptation;
import org.pursuit.kernel.ColumnTopK;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.EncodeGradients;
import org.pursuit.kernel.Fired;
import org.pursuit.kernel.Gate;
import org.pursuit.kernel.Gaussian;
import org.pursuit.kernel.GlobalTopK;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.Multiply;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.kernel.PursuitGradients;
import org.pursuit.kernel.Pursuits;
import org.pursuit.kernel.Reduction;
import org.pursuit.kernel.RowNormalisation;
import org.pursuit.kernel.RowPrefix;
import org.pursuit.kernel.Score;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.Selector;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Statistics;
import org.pursuit.kernel.ThresholdSelect;
import org.pursuit.kernel.TopK;
import org.pursuit.kernel.Training;
import org.pursuit.kernel.Write;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Lab;

/** Every wrong argument has one text, the same on every backend. */
class ErrorTextTest {
  @EveryBackend
  void selection(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Selection selection = lab.selection();
      Matrix scores = zeros(lab, 2, 5);
      Matrix narrow = zeros(lab, 2, 4);
      FixedWidthCodes out = lab.codes(2, 3);
      TopK top3 = TopK.of(3);
      rejects("scores: expected a value, found null", () -> selection.topK(null, top3, out));
      rejects(
          "values: expected a value, found null",
          () -> selection.topK(scores, (Matrix) null, top3, out));
      rejects(
          "values: expected [2, 5], found [2, 4]", () -> selection.topK(scores, narrow, top3, out));
      rejects(
          "options: expected a value, found null", () -> selection.topK(scores, (TopK) null, out));
      rejects("out: expected a value, found null", () -> selection.topK(scores, top3, null));
      rejects("out: expected [2, 4], found [2, 3]", () -> selection.topK(scores, TopK.of(4), out));
      rejects(
          "out: expected [2, 3], found [1, 3]",
          () -> selection.topK(scores, top3, lab.codes(1, 3)));
      rejects(
          "rowK: expected [2], found [3]",
          () -> selection.topK(scores, top3.rowK(lab.ints(new int[3])), out));
      rejects(
          "mask: expected [5], found [4]",
          () -> selection.topK(scores, top3.mask(lab.mask(new boolean[4])), out));
    }
  }

  @EveryBackend
  void thresholdSelect(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Selection selection = lab.selection();
      Matrix scores = zeros(lab, 2, 5);
      CsrCodes csr = lab.csr(2, 5, 10);
      FixedWidthCodes slots = lab.codes(2, 3);
      ThresholdSelect relu = ThresholdSelect.above(lab.floats(new float[1]));
      rejects("thresholds: expected a value, found null", () -> ThresholdSelect.above(null));
      rejects(
          "scores: expected a value, found null", () -> selection.thresholdSelect(null, relu, csr));
      rejects(
          "options: expected a value, found null",
          () -> selection.thresholdSelect(scores, null, csr));
      rejects(
          "thresholds: expected [1] or [5], found [4]",
          () ->
              selection.thresholdSelect(
                  scores, ThresholdSelect.above(lab.floats(new float[4])), csr));
      rejects(
          "mask: expected [5], found [4]",
          () -> selection.thresholdSelect(scores, relu.mask(lab.mask(new boolean[4])), csr));
      rejects(
          "out: expected [2, 5], found [2, 4]",
          () -> selection.thresholdSelect(scores, relu, lab.csr(2, 4, 10)));
      rejects(
          "out: expected [2, 3], found [1, 3]",
          () -> selection.thresholdSelect(scores, relu, lab.codes(1, 3), null));
      rejects(
          "totals: expected [2], found [3]",
          () -> selection.thresholdSelect(scores, relu, slots, lab.ints(new int[3])));
    }
  }

  @EveryBackend
  void globalTopK(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Selection selection = lab.selection();
      Matrix scores = zeros(lab, 2, 5);
      CsrCodes out = lab.csr(2, 5, 3);
      GlobalTopK top3 = GlobalTopK.of(3);
      rejects("k: expected 0 or more, found -1", () -> GlobalTopK.of(-1));
      rejects(
          "scores: expected a value, found null",
          () -> selection.globalTopK(null, top3, out, null, null));
      rejects(
          "options: expected a value, found null",
          () -> selection.globalTopK(scores, null, out, null, null));
      rejects(
          "out: expected a capacity of 4 or more, found 3",
          () -> selection.globalTopK(scores, GlobalTopK.of(4), out, null, null));
      rejects(
          "out: expected a capacity of 10 or more, found 3",
          () -> selection.globalTopK(scores, GlobalTopK.of(Long.MAX_VALUE), out, null, null));
      rejects(
          "out: expected [2, 5], found [5, 2]",
          () -> selection.globalTopK(scores, top3, lab.csr(5, 2, 3), null, null));
      rejects(
          "mask: expected [5], found [2]",
          () -> selection.globalTopK(scores, top3.mask(lab.mask(new boolean[2])), out, null, null));
      rejects(
          "start: expected [1], found [2]",
          () -> selection.globalTopK(scores, top3.start(lab.floatsOutput(2)), out, null, null));
      rejects(
          "threshold: expected [1], found [5]",
          () -> selection.globalTopK(scores, top3, out, lab.floatsOutput(5), null));
      rejects(
          "minPositive: expected [1], found [0]",
          () -> selection.globalTopK(scores, top3, out, null, lab.floatsOutput(0)));
    }
  }

  @EveryBackend
  void columnTopK(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Selection selection = lab.selection();
      Matrix scores = zeros(lab, 2, 5);
      ColumnCodes out = lab.columnCodes(5, 3);
      ColumnTopK plain = ColumnTopK.plain();
      rejects("firstRow: expected 0 or more, found -1", () -> plain.firstRow(-1));
      rejects(
          "scores: expected a value, found null",
          () -> selection.columnTopK((Matrix) null, plain, out));
      rejects(
          "codes: expected a value, found null",
          () -> selection.columnTopK((CsrCodes) null, plain, out));
      rejects(
          "options: expected a value, found null", () -> selection.columnTopK(scores, null, out));
      rejects(
          "out: expected [5, 3], found [4, 3]",
          () -> selection.columnTopK(scores, plain, lab.columnCodes(4, 3)));
      rejects(
          "out: expected [5, 3], found [4, 3]",
          () -> selection.columnTopK(lab.csr(2, 5, 1), plain, lab.columnCodes(4, 3)));
      rejects(
          "columnM: expected [5], found [2]",
          () -> selection.columnTopK(scores, plain.columnM(lab.ints(new int[2])), out));
      rejects(
          "rowIds: expected [2], found [3]",
          () -> selection.columnTopK(scores, plain.rowIds(lab.keep(lab.backend().longs(3))), out));
    }
  }

  @EveryBackend
  void rowPrefixSelect(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Selection selection = lab.selection();
      Matrix scores = zeros(lab, 2, 5);
      Floats targets = lab.floats(new float[2]);
      FixedWidthCodes out = lab.codes(2, 3);
      RowPrefix plain = RowPrefix.plain();
      rejects(
          "scores: expected a value, found null",
          () -> selection.rowPrefixSelect(null, null, targets, plain, out, null));
      rejects(
          "norms: expected [5], found [2]",
          () -> selection.rowPrefixSelect(scores, targets, targets, plain, out, null));
      rejects(
          "targets: expected a value, found null",
          () -> selection.rowPrefixSelect(scores, null, null, plain, out, null));
      rejects(
          "targets: expected [2], found [5]",
          () ->
              selection.rowPrefixSelect(scores, null, lab.floats(new float[5]), plain, out, null));
      rejects(
          "options: expected a value, found null",
          () -> selection.rowPrefixSelect(scores, null, targets, null, out, null));
      rejects(
          "out.k: expected 0 to 4096, found 4097",
          () -> selection.rowPrefixSelect(scores, null, targets, plain, lab.codes(2, 4097), null));
      rejects(
          "out: expected [2, 3], found [1, 3]",
          () -> selection.rowPrefixSelect(scores, null, targets, plain, lab.codes(1, 3), null));
      rejects(
          "totals: expected [2], found [3]",
          () -> selection.rowPrefixSelect(scores, null, targets, plain, out, lab.ints(new int[3])));
    }
  }

  @EveryBackend
  void malformedSlots(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      FixedWidthCodes codes = lab.codes(1, 2);
      float[] values = {5, 0};
      rejects(
          "counts: row 0 expects 0 to 2, found 3",
          () -> codes.upload(new int[] {4, -1}, values, new int[] {3}));
      rejects(
          "slots: row 0, slot 0 expects an index of 0 or more, found index -1 and value 5.0",
          () -> codes.upload(new int[] {-1, -1}, values, new int[] {1}));
      rejects(
          "slots: row 0, slot 1 expects index -1 and value 0, found index 7 and value 0.0",
          () -> codes.upload(new int[] {4, 7}, values, new int[] {1}));
      rejects(
          "values: expected 2 elements for ints [2], found 1",
          () -> codes.upload(new int[] {4}, values, new int[] {1}));
    }
  }

  @EveryBackend
  void outputsAmongInputs(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix square = zeros(lab, 6, 6);
      Matrix lower = square.rows(3, 6);
      Matrix x = zeros(lab, 3, 6);
      FixedWidthCodes codes = lab.codes(3, 2);
      rejects(
          "out: expected elements apart from those of weights",
          () -> lab.scoring().score(x, square, null, Score.plain(), lower));
      rejects(
          "out: expected elements apart from those of x",
          () ->
              lab.scoring().score(lower, zeros(lab, 6, 6), null, Score.plain(), square.rows(2, 5)));
      rejects(
          "out: expected elements apart from those of atoms",
          () -> lab.sparseAlgebra().decode(codes, square, null, lower));
      rejects(
          "residual: expected elements apart from those of atoms",
          () ->
              lab.pursuits()
                  .matchingPursuit(x, square, MatchingPursuit.steps(1), lab.tape(3, 1), lower));
      Selector selector = TopK.of(2).into(codes);
      rejects(
          "selectors: expected an output of its own for each, found the same at 0, 1",
          () -> lab.scoring().encode(x, square, null, Score.plain(), List.of(selector, selector)));
    }
  }

  @EveryBackend
  void training(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix x = zeros(lab, 4, 6);
      rejects("x: expected a value, found null", () -> lab.training().axpby(1, null, 0, x));
      rejects("y: expected a value, found null", () -> lab.training().axpby(1, x, 0, null));
      rejects(
          "y: expected [4, 6], found [4, 5]",
          () -> lab.training().axpby(1, x, 0, zeros(lab, 4, 5)));
      rejects(
          "y: expected elements apart from those of x",
          () -> lab.training().axpby(1, x.rows(0, 3), 0, x.rows(1, 4)));
    }
  }

  @EveryBackend
  void gradientsOfCodesAreApart(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      SparseAlgebra algebra = lab.sparseAlgebra();
      Matrix square = zeros(lab, 4, 4);
      Matrix x = zeros(lab, 4, 4);
      FixedWidthCodes codes = lab.codes(4, 1);
      Floats slopes = lab.floatsOutput(4);
      RowSparseMatrix active = lab.keep(lab.backend().rowSparseMatrix(4, 4, 4));
      Write write = Write.OVERWRITE;
      rejects(
          "gradients.bias: expected other numbers than those of codes",
          () ->
              algebra.decodeBackward(
                  codes, square, x, write, DecodeGradients.none().bias(codes.values())));
      rejects(
          "gradients.activeAtoms: expected elements apart from those of g",
          () ->
              algebra.decodeBackward(
                  codes,
                  square,
                  active.elements(),
                  write,
                  DecodeGradients.none().activeAtoms(active)));
      Matrix out = zeros(lab, 4, 4);
      EncodeGradients both = EncodeGradients.none().weights(out).x(out);
      rejects(
          "gradients.weights: expected elements apart from those of gradients.x",
          () -> algebra.encodeBackward(codes, slopes, x, square, write, both));
      EncodeGradients biases = EncodeGradients.none().bias(slopes).preBias(slopes);
      rejects(
          "gradients.preBias: expected other numbers than those of gradients.bias",
          () -> algebra.encodeBackward(codes, lab.floatsOutput(4), x, square, write, biases));
      rejects(
          "totals: expected others than the counts of out",
          () ->
              algebra.toFixedWidth(
                  lab.keep(lab.backend().csrCodes(4, 4, 4)), codes, codes.counts()));
    }
  }

  @EveryBackend
  void denseSteps(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Training training = lab.training();
      Matrix x = zeros(lab, 4, 6);
      Matrix out = zeros(lab, 4, 3);
      Multiply plain = Multiply.plain();
      rejects(
          "b: expected [6, 5], found [4, 5]",
          () -> training.multiply(x, zeros(lab, 4, 5), plain, out));
      rejects(
          "b: expected [4, 4], found [4, 3]",
          () -> training.multiply(x, out, plain.withTransposedA().withTransposedB(), x));
      rejects(
          "c: expected [4, 7], found [4, 3]",
          () -> training.multiply(x, zeros(lab, 6, 7), plain, out));
      rejects(
          "c: expected elements apart from those of a",
          () -> training.multiply(x, zeros(lab, 6, 6), plain, x));
      rejects("options: expected a value, found null", () -> training.multiply(x, x, null, out));
      rejects("precision: expected a value, found null", () -> plain.precision(null));
      rejects(
          "out: expected [6], found [4]",
          () -> training.columnSums(x, 1, Write.OVERWRITE, lab.floatsOutput(4)));
      rejects(
          "write: expected a value, found null",
          () -> training.columnSums(x, 1, null, lab.floatsOutput(6)));
      rejects(
          "rows: expected [4], found [3]",
          () -> training.gatherRows(zeros(lab, 9, 6), lab.ints(new int[3]), x));
      rejects(
          "out: expected [4, 6], found [4, 3]",
          () -> training.gatherRows(zeros(lab, 9, 6), lab.ints(new int[4]), out));
      rejects(
          "x: expected [4, 9], found [4, 6]",
          () -> training.scatterRows(x, lab.ints(new int[4]), Write.OVERWRITE, zeros(lab, 2, 9)));
      rejects(
          "rows: expected [4], found [5]",
          () -> training.scatterRows(x, lab.ints(new int[5]), Write.OVERWRITE, zeros(lab, 2, 6)));
      rejects(
          "a: expected [4, 4], found [4, 6]", () -> training.solve(x, 0, out, zeros(lab, 4, 3)));
      rejects(
          "ridge: expected a finite number of 0 or more, found -1.0",
          () -> training.solve(zeros(lab, 4, 4), -1, out, out));
      rejects("b: expected [3, 6], found [4, 6]", () -> training.solve(zeros(lab, 3, 3), 0, x, x));
      Floats one = lab.floatsOutput(1);
      rejects(
          "out: expected [1], found [2]",
          () -> training.sumOfSquares(x, Write.OVERWRITE, lab.floatsOutput(2)));
      rejects(
          "maxNorm: expected more than 0, found 0.0", () -> training.clipFactor(one, 0, null, one));
      rejects("factor: expected [1], found [2]", () -> training.scale(lab.floatsOutput(2), x, x));
      rejects(
          "out: expected [1], found [2]", () -> training.exponentials(one, lab.floatsOutput(2)));
    }
  }

  @EveryBackend
  void scoreSteps(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Scoring scoring = lab.scoring();
      Matrix x = zeros(lab, 4, 6);
      Matrix g = zeros(lab, 4, 6);
      Matrix out = zeros(lab, 4, 6);
      RowNormalisation unit = RowNormalisation.UNIT;
      rejects(
          "normalisation: expected a value, found null",
          () -> scoring.normaliseBackward(x, null, g, Write.OVERWRITE, out));
      rejects(
          "g: expected [4, 6], found [3, 6]",
          () -> scoring.normaliseBackward(x, unit, zeros(lab, 3, 6), Write.OVERWRITE, out));
      rejects(
          "out: expected elements apart from those of x",
          () -> scoring.normaliseBackward(x, unit, g, Write.OVERWRITE, x));
      rejects(
          "out: expected elements apart from those of g",
          () -> scoring.normaliseBackward(x, unit, g, Write.ACCUMULATE, g));
      rejects(
          "columnWeights: expected [6], found [5]",
          () -> scoring.weigh(x, lab.floatsOutput(5), null, 0, out));
      rejects(
          "gradientScores: expected [4, 6], found [4, 5]",
          () -> scoring.weigh(x, null, zeros(lab, 4, 5), 0, out));
      rejects("out: expected [4, 6], found [6, 4]", () -> scoring.closeness(x, zeros(lab, 6, 4)));
      rejects(
          "write: expected a value, found null", () -> scoring.closenessBackward(x, g, null, out));
    }
  }

  @EveryBackend
  void gates(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Training training = lab.training();
      Matrix a = zeros(lab, 4, 6);
      Gate gate = Gate.jumpRelu(1);
      Floats theta = lab.floatsOutput(6);
      rejects("gate: expected a value, found null", () -> training.gate(a, null, theta, a));
      rejects("threshold: expected a value, found null", () -> training.gate(a, gate, null, a));
      rejects("threshold: expected null for RELU", () -> training.gate(a, Gate.relu(), theta, a));
      rejects(
          "threshold: expected [6], found [5]",
          () -> training.gate(a, gate, lab.floatsOutput(5), a));
      rejects("bandwidth: expected a finite number above 0, found 0.0", () -> Gate.jumpRelu(0));
      rejects(
          "gradientThreshold: expected [6], found [1]",
          () ->
              training.gateBackward(a, gate, theta, a, Write.OVERWRITE, null, lab.floatsOutput(1)));
      rejects(
          "gradientThreshold: expected null for RELU",
          () ->
              training.gateBackward(
                  a, Gate.relu(), null, a, Write.OVERWRITE, null, lab.floatsOutput(0)));
      Matrix g = zeros(lab, 4, 6);
      rejects(
          "gradientA: expected elements apart from those of g",
          () -> training.gateBackward(a, gate, theta, g, Write.ACCUMULATE, g, null));
    }
  }

  @EveryBackend
  void gaussians(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Training training = lab.training();
      Matrix mean = zeros(lab, 4, 6);
      Matrix variance = zeros(lab, 4, 6);
      Matrix out = zeros(lab, 4, 6);
      Gaussian options = Gaussian.noise(1, 2);
      rejects(
          "logVariance: expected [4, 6], found [4, 5]",
          () -> training.sample(mean, zeros(lab, 4, 5), options, out));
      rejects(
          "options: expected a value, found null",
          () -> training.sample(mean, variance, null, out));
      rejects(
          "out: expected elements apart from those of logVariance",
          () -> training.sample(mean, variance, options, variance));
      rejects(
          "out: expected elements apart from those of g",
          () -> training.sampleBackward(variance, options, out, Write.ACCUMULATE, out));
      rejects(
          "out: expected [4], found [6]",
          () -> training.divergence(mean, null, options, lab.floatsOutput(6)));
      rejects(
          "gradientLogVariance: expected null without logVariance",
          () -> training.divergenceBackward(mean, null, options, 1, Write.OVERWRITE, null, out));
      rejects(
          "gradientMean: expected elements apart from those of gradientLogVariance",
          () -> training.divergenceBackward(mean, variance, options, 1, Write.OVERWRITE, out, out));
      rejects(
          "logVariance: expected bounds in order, found 2.0, 1.0",
          () -> options.logVariances(2, 1));
      rejects("maxMean: expected more than 0, found 0.0", () -> options.maxMean(0));
    }
  }

  @EveryBackend
  void adam(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Training training = lab.training();
      Adam adam = Adam.learningRate(0.1f);
      Matrix p = zeros(lab, 4, 6);
      Matrix m = zeros(lab, 4, 6);
      Matrix v = zeros(lab, 4, 6);
      Matrix g = zeros(lab, 4, 6);
      rejects("step: expected 1 or more, found 0", () -> training.adam(adam, 0, g, null, m, v, p));
      rejects(
          "m: expected [4, 6], found [3, 6]",
          () -> training.adam(adam, 1, g, null, zeros(lab, 3, 6), v, p));
      rejects(
          "v: expected elements apart from those of parameters",
          () -> training.adam(adam, 1, g, null, m, p, p));
      rejects(
          "gradient: expected [4, 6], found [5, 6]",
          () ->
              training.adam(
                  adam, 1, lab.keep(lab.backend().rowSparseMatrix(5, 6, 2)), null, m, v, p));
      rejects(
          "factor: expected [1], found [3]",
          () -> training.adam(adam, 1, g, lab.floatsOutput(3), m, v, p));
      rejects("beta1: expected 0 to below 1, found 1.0", () -> adam.betas(1, 0.9f));
      rejects("epsilon: expected a finite number of 0 or more, found -1.0", () -> adam.epsilon(-1));
    }
  }

  @EveryBackend
  void statistics(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix x = zeros(lab, 4, 6);
      Floats out = lab.floatsOutput(4);
      rejects(
          "x: expected a value, found null", () -> lab.statistics().squaredErrors(null, x, out));
      rejects(
          "y: expected [4, 6], found [5, 6]",
          () -> lab.statistics().squaredErrors(x, zeros(lab, 5, 6), out));
      rejects(
          "out: expected [4], found [6]",
          () -> lab.statistics().squaredErrors(x, x, lab.floatsOutput(6)));
    }
  }

  @EveryBackend
  void statisticsOfRows(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix x = zeros(lab, 4, 6);
      Floats four = lab.floatsOutput(4);
      Floats one = lab.floatsOutput(1);
      Mask six = lab.mask(new boolean[6]);
      Statistics statistics = lab.statistics();
      rejects("x: expected a value, found null", () -> statistics.norms(null, four));
      rejects("out: expected [4], found [1]", () -> statistics.norms(x, one));
      rejects(
          "y: expected [4, 6], found [4, 5]", () -> statistics.cosines(x, zeros(lab, 4, 5), four));
      rejects("out: expected a value, found null", () -> statistics.cosines(x, x, null));
      rejects("values: expected a value, found null", () -> statistics.sum(null, null, one));
      rejects("mask: expected [4], found [6]", () -> statistics.sum(four, six, one));
      rejects("out: expected [1], found [4]", () -> statistics.sum(four, null, four));
      rejects("mask: expected [4], found [6]", () -> statistics.totalVariance(x, six, one));
      rejects("b: expected a value, found null", () -> statistics.quotients(1, one, null, one));
      rejects("a: expected [4], found [1]", () -> statistics.quotients(1, one, four, four));
      rejects("out: expected [1], found [4]", () -> statistics.quotients(1, null, one, four));
      rejects("out: expected [1], found [4]", () -> statistics.totalVariance(x, null, four));
    }
  }

  @EveryBackend
  void statisticsOfColumns(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix x = zeros(lab, 4, 6);
      CsrCodes csr = lab.keep(lab.backend().csrCodes(2, 7, 6));
      FixedWidthCodes codes = lab.codes(2, 3);
      Longs six = lab.longs(new long[6]);
      Floats five = lab.floatsOutput(5);
      Statistics statistics = lab.statistics();
      Fired fired = Fired.nonZero();
      Write write = Write.OVERWRITE;
      rejects("low: expected a number, found NaN", () -> new Fired(Float.NaN, 1));
      rejects("high: expected a number, found NaN", () -> Fired.above(Float.NaN));
      rejects(
          "fired: expected a value, found null",
          () -> statistics.columnStatistics(x, null, write, six, null, null));
      rejects(
          "write: expected a value, found null",
          () -> statistics.columnStatistics(x, fired, null, six, null, null));
      rejects(
          "maxima: expected [6], found [5]",
          () -> statistics.columnStatistics(x, fired, write, six, five, null));
      rejects(
          "fires: expected [7], found [6]",
          () -> statistics.columnStatistics(csr, fired, write, six, null, null));
      rejects(
          "sums: expected [6], found [5]",
          () -> statistics.columnStatistics(codes, fired, write, six, null, five));
      rejects(
          "sums: expected other numbers than maxima",
          () -> statistics.columnStatistics(codes, fired, write, null, five, five));
      rejects(
          "fires, maxima, sums: expected at least one, found none",
          () -> statistics.columnStatistics(codes, fired, write, null, null, null));
    }
  }

  @EveryBackend
  void statisticsOfLatents(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Longs six = lab.longs(new long[6]);
      Longs five = lab.longs(new long[5]);
      Floats numbers = lab.floatsOutput(5);
      Mask dead = lab.mask(new boolean[6]);
      Statistics statistics = lab.statistics();
      rejects("rows: expected 0 or more, found -1", () -> statistics.sinceFired(six, -1, six));
      rejects("since: expected [6], found [5]", () -> statistics.sinceFired(six, 1, five));
      rejects(
          "dead: expected [5], found [6]",
          () -> statistics.deadLatents(five, 1, dead, lab.ints(new int[1])));
      rejects(
          "count: expected [1], found [2]",
          () -> statistics.deadLatents(six, 1, dead, lab.ints(new int[2])));
      rejects("out: expected [6], found [5]", () -> statistics.density(six, 1, numbers));
      rejects("rows: expected 0 or more, found -2", () -> statistics.density(five, -2, numbers));
      rejects(
          "momentum: expected 0 to 1, found 1.5",
          () -> statistics.movingAverage(numbers, 1.5f, numbers));
      rejects(
          "momentum: expected 0 to 1, found NaN",
          () -> statistics.movingAverage(numbers, Float.NaN, numbers));
      rejects(
          "average: expected [5], found [6]",
          () -> statistics.movingAverage(numbers, 1, lab.floatsOutput(6)));
    }
  }

  @EveryBackend
  void biasAdaptation(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Longs six = lab.longs(new long[6]);
      Floats numbers = lab.floatsOutput(6);
      Floats five = lab.floatsOutput(5);
      Ints groups = lab.ints(new int[5]);
      Statistics statistics = lab.statistics();
      BiasAdaptation options = BiasAdaptation.standard();
      rejects(
          "options: expected a value, found null",
          () -> statistics.adaptBias(null, six, numbers, 1, null, five, numbers));
      rejects(
          "fires: expected [5], found [6]",
          () -> statistics.adaptBias(options, six, numbers, 1, null, five, five));
      rejects(
          "maxima: expected [6], found [5]",
          () -> statistics.adaptBias(options, six, five, 1, null, five, numbers));
      rejects(
          "rows: expected 0 or more, found -1",
          () -> statistics.adaptBias(options, six, numbers, -1, null, five, numbers));
      rejects(
          "groups: expected [6], found [5]",
          () -> statistics.adaptBias(options, six, numbers, 1, groups, five, numbers));
      rejects(
          "targets: expected a value, found null",
          () -> statistics.adaptBias(options, six, numbers, 1, null, null, numbers));
      rejects(
          "decrease: expected a finite number of 0 or more, found -1.0",
          () -> options.rates(-1, 0));
      rejects(
          "deadBelow: expected a finite number of 0 or more, found NaN",
          () -> options.deadBelow(Float.NaN));
      rejects("floor: expected a number, found NaN", () -> options.bounds(Float.NaN, 0));
    }
  }

  @EveryBackend
  void segments(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Statistics statistics = lab.statistics();
      FixedWidthCodes codes = lab.codes(4, 2);
      CsrCodes csr = lab.keep(lab.backend().csrCodes(4, 7, 6));
      Longs bounds = lab.longs(new long[3]);
      Matrix out = zeros(lab, 2, 5);
      Reduction sum = Reduction.sum();
      Write write = Write.OVERWRITE;
      rejects(
          "segments: expected [4], found [3]",
          () -> statistics.segmentReduce(codes, bounds, 0, sum, write, zeros(lab, 3, 5)));
      rejects(
          "firstColumn: expected 0 or more, found -1",
          () -> statistics.segmentReduce(codes, bounds, -1, sum, write, out));
      rejects(
          "reduction: expected a value, found null",
          () -> statistics.segmentReduce(codes, bounds, 0, null, write, out));
      rejects(
          "out: expected F32, found BF16",
          () ->
              statistics.segmentReduce(
                  codes, bounds, 0, sum, write, lab.matrix(Dense.zeros(2, 5), DType.BF16)));
      rejects(
          "out: expected columns up to 7, found 5 from 3 on",
          () -> statistics.segmentReduce(csr, bounds, 3, sum, write, out));
      rejects("fired: expected a value, found null", () -> Reduction.count(null));
    }
  }

  @EveryBackend
  void cooccurrence(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Statistics statistics = lab.statistics();
      FixedWidthCodes codes = lab.codes(4, 2);
      CsrCodes csr = lab.keep(lab.backend().csrCodes(4, 7, 6));
      Longs counts = lab.longs(new long[15]);
      Longs three = lab.longs(new long[3]);
      Longs five = lab.longs(new long[5]);
      Matrix out = zeros(lab, 3, 5);
      Fired fired = Fired.nonZero();
      Write write = Write.OVERWRITE;
      rejects(
          "y: expected [4, 1], found [3, 1]",
          () -> statistics.cooccurrence(codes, lab.codes(3, 1), fired, 0, 3, write, counts));
      rejects(
          "counts: expected [4, n] elements, found [15]",
          () -> statistics.cooccurrence(codes, codes, fired, 0, 4, write, counts));
      rejects(
          "columns: expected 0 or more, found -1",
          () -> statistics.cooccurrence(codes, codes, fired, 0, -1, write, counts));
      rejects(
          "counts: expected [14], found [15]",
          () -> statistics.cooccurrence(csr, csr, fired, 5, 2, write, counts));
      rejects(
          "columns: expected columns up to 7, found 3 from 5 on",
          () -> statistics.cooccurrence(csr, csr, fired, 5, 3, write, counts));
      rejects(
          "counts: expected [2, n] elements, found [15]",
          () -> statistics.neighbours(counts, 0, lab.keep(lab.backend().columnCodes(2, 4))));
      rejects(
          "firesX: expected columns up to 5, found 3 from 3 on",
          () -> statistics.jaccard(counts, 3, five, five, out));
      rejects(
          "firesY: expected [5], found [3]",
          () -> statistics.jaccard(counts, 0, three, three, out));
      rejects(
          "counts: expected [15], found [5]", () -> statistics.npmi(five, 0, three, five, 4, out));
      rejects(
          "rows: expected 0 or more, found -1",
          () -> statistics.npmi(counts, 0, three, five, -1, out));
    }
  }

  @EveryBackend
  void unitRows(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix x = zeros(lab, 4, 6);
      Statistics statistics = lab.statistics();
      RowSparseMatrix narrow = lab.keep(lab.backend().rowSparseMatrix(4, 5, 2));
      rejects("x: expected a value, found null", () -> statistics.unitRows(null, 0));
      rejects(
          "epsilon: expected a finite number of 0 or more, found -1.0",
          () -> statistics.unitRows(x, -1));
      rejects(
          "gradient: expected [4, 6], found [3, 6]",
          () -> statistics.projectGradient(x, x.rows(0, 3)));
      rejects(
          "gradient: expected elements apart from those of atoms",
          () -> statistics.projectGradient(x, x));
      rejects(
          "gradient: expected [4, 6], found [4, 5]", () -> statistics.projectGradient(x, narrow));
      rejects(
          "gradient: expected a value, found null",
          () -> statistics.projectGradient(x, (RowSparseMatrix) null));
    }
  }

  @EveryBackend
  void scoring(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Scoring scoring = lab.scoring();
      Matrix x = zeros(lab, 2, 5);
      Matrix weights = zeros(lab, 7, 5);
      Matrix out = zeros(lab, 2, 7);
      Floats four = lab.floats(new float[4]);
      Score plain = Score.plain();
      rejects(
          "x: expected a value, found null", () -> scoring.score(null, weights, null, plain, out));
      rejects(
          "weights: expected a value, found null", () -> scoring.score(x, null, null, plain, out));
      rejects(
          "weights: expected [rows, 5], found [2, 7]",
          () -> scoring.score(x, out, null, plain, out));
      rejects("bias: expected [7], found [4]", () -> scoring.score(x, weights, four, plain, out));
      rejects(
          "options: expected a value, found null",
          () -> scoring.score(x, weights, null, null, out));
      rejects(
          "preBias: expected [5], found [4]",
          () -> scoring.score(x, weights, null, plain.preBias(four), out));
      rejects(
          "out: expected [2, 7], found [2, 5]",
          () -> scoring.score(x, weights, null, plain, zeros(lab, 2, 5)));
    }
  }

  @EveryBackend
  void normalise(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Scoring scoring = lab.scoring();
      Matrix x = zeros(lab, 2, 5);
      Matrix out = zeros(lab, 2, 5);
      Floats four = lab.floats(new float[4]);
      RowNormalisation unit = RowNormalisation.UNIT;
      rejects(
          "x: expected a value, found null",
          () -> scoring.normalise(null, unit, null, out, null, null));
      rejects(
          "normalisation: expected a value, found null",
          () -> scoring.normalise(x, null, null, out, null, null));
      rejects(
          "preBias: expected [5], found [4]",
          () -> scoring.normalise(x, unit, four, out, null, null));
      rejects(
          "out: expected [2, 5], found [1, 5]",
          () -> scoring.normalise(x, unit, null, out.rows(0, 1), null, null));
      rejects(
          "centre: expected [2], found [4]",
          () -> scoring.normalise(x, unit, null, out, four, null));
      rejects(
          "scale: expected [2], found [4]",
          () -> scoring.normalise(x, unit, null, out, null, four));
    }
  }

  @EveryBackend
  void encode(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Scoring scoring = lab.scoring();
      Matrix x = zeros(lab, 2, 5);
      Matrix weights = zeros(lab, 7, 5);
      Score plain = Score.plain();
      FixedWidthCodes out = lab.codes(2, 3);
      rejects(
          "selectors: expected a value, found null",
          () -> scoring.encode(x, weights, null, plain, (List<Selector>) null));
      rejects(
          "selectors: expected at least one, found none",
          () -> scoring.encode(x, weights, null, plain, List.of()));
      rejects(
          "selector: expected a value, found null",
          () -> scoring.encode(x, weights, null, plain, Arrays.asList((Selector) null)));
      rejects(
          "out: expected [2, 4], found [2, 3]",
          () -> scoring.encode(x, weights, null, plain, TopK.of(4).into(out)));
      rejects(
          "mask: expected [7], found [5]",
          () ->
              scoring.encode(
                  x, weights, null, plain, TopK.of(3).mask(lab.mask(new boolean[5])).into(out)));
      rejects("out: expected a value, found null", () -> TopK.of(4).into(null));
    }
  }

  @EveryBackend
  void encodeByThresholdsAndFromAllRows(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Scoring scoring = lab.scoring();
      Matrix x = zeros(lab, 2, 5);
      Matrix weights = zeros(lab, 7, 5);
      Score plain = Score.plain();
      Floats one = lab.floatsOutput(1);
      ThresholdSelect above = ThresholdSelect.above(one);
      FixedWidthCodes slots = lab.codes(2, 3);
      CsrCodes csr = lab.csr(2, 7, 6);
      CsrCodes other = lab.csr(2, 7, 6);
      Consumer<Selector> encode = s -> scoring.encode(x, weights, null, plain, s);
      rejects(
          "thresholds: expected [1] or [7], found [5]",
          () -> encode.accept(ThresholdSelect.above(lab.floatsOutput(5)).into(csr)));
      rejects(
          "out: expected [2, 7], found [2, 6]", () -> encode.accept(above.into(lab.csr(2, 6, 6))));
      rejects(
          "out: expected [2, 3], found [3, 3]",
          () -> encode.accept(above.into(lab.codes(3, 3), null)));
      rejects(
          "totals: expected others than the counts of out",
          () -> encode.accept(above.into(slots, slots.counts())));
      rejects(
          "out: expected a capacity of 14 or more, found 6",
          () -> encode.accept(GlobalTopK.of(20).into(csr, null, null)));
      rejects(
          "start: expected [1], found [2]",
          () -> encode.accept(GlobalTopK.of(2).start(lab.floatsOutput(2)).into(csr, null, null)));
      rejects(
          "minPositive: expected [1], found [3]",
          () -> encode.accept(GlobalTopK.of(2).into(csr, null, lab.floatsOutput(3))));
      rejects(
          "threshold: expected other numbers than those of thresholds",
          () ->
              scoring.encode(
                  x,
                  weights,
                  null,
                  plain,
                  List.of(above.into(other), GlobalTopK.of(2).into(csr, one, null))));
      rejects(
          "minPositive: expected other numbers than those of thresholds",
          () ->
              scoring.encode(
                  x,
                  weights,
                  null,
                  plain,
                  List.of(GlobalTopK.of(2).into(csr, null, one), above.into(slots, null))));
      rejects("out: expected a value, found null", () -> above.into((CsrCodes) null));
      rejects("out: expected a value, found null", () -> above.into(null, null));
      rejects("out: expected a value, found null", () -> GlobalTopK.of(1).into(null, null, null));
    }
  }

  @EveryBackend
  void sparseAlgebra(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      SparseAlgebra algebra = lab.sparseAlgebra();
      FixedWidthCodes codes = lab.keep(lab.backend().fixedWidthCodes(2, 3));
      CsrCodes csr = lab.keep(lab.backend().csrCodes(2, 7, 6));
      Matrix atoms = zeros(lab, 7, 5);
      Matrix out = zeros(lab, 2, 5);
      Floats four = lab.floats(new float[4]);
      rejects(
          "codes: expected a value, found null",
          () -> algebra.decode((FixedWidthCodes) null, atoms, null, out));
      rejects("atoms: expected a value, found null", () -> algebra.decode(codes, null, null, out));
      rejects("bias: expected [5], found [4]", () -> algebra.decode(codes, atoms, four, out));
      rejects(
          "write: expected a value, found null",
          () -> algebra.decode(codes, atoms, null, null, out));
      rejects(
          "out: expected [2, 5], found [7, 5]", () -> algebra.decode(codes, atoms, null, atoms));
      rejects(
          "atoms: expected [7, 5], found [2, 5]",
          () -> algebra.decode(csr, zeros(lab, 2, 5), null, Write.ACCUMULATE, out));
      rejects(
          "g: expected [2, 5], found [7, 5]", () -> algebra.sampledDot(atoms, atoms, codes, four));
      rejects("out: expected [6], found [4]", () -> algebra.sampledDot(out, atoms, codes, four));
      rejects("out: expected [6], found [4]", () -> algebra.sampledDot(out, atoms, csr, four));
      rejects(
          "atoms: expected [7, 5], found [2, 5]",
          () -> algebra.sampledDot(out, out, csr, csr.values()));
      rejects("out: expected [2, 3], found [3, 3]", () -> algebra.coalesce(codes, lab.codes(3, 3)));
      rejects("out: expected other codes than the input", () -> algebra.coalesce(codes, codes));
    }
  }

  @EveryBackend
  void codesAlgebra(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      SparseAlgebra algebra = lab.sparseAlgebra();
      FixedWidthCodes a = lab.codes(2, 3);
      FixedWidthCodes b = lab.codes(2, 4);
      FixedWidthCodes three = lab.codes(3, 7);
      rejects("a: expected a value, found null", () -> algebra.axpby(1, null, 1, b, three));
      rejects("b: expected a value, found null", () -> algebra.intersect(a, null, three));
      rejects("out: expected a value, found null", () -> algebra.concat(a, b, null));
      rejects("b: expected [2, 7], found [3, 7]", () -> algebra.axpby(1, a, 1, three, b));
      rejects("out: expected [2, 7], found [3, 7]", () -> algebra.axpby(1, a, 1, b, three));
      rejects(
          "out: expected at least 7 slots, found 6",
          () -> algebra.axpby(1, a, 1, b, lab.codes(2, 6)));
      rejects("out: expected [2, 7], found [3, 7]", () -> algebra.intersect(a, b, three));
      rejects(
          "out: expected at least 3 slots, found 2",
          () -> algebra.intersect(a, b, lab.codes(2, 2)));
      rejects("out: expected other codes than the inputs", () -> algebra.intersect(a, b, b));
      rejects("out: expected [4, 7], found [3, 7]", () -> algebra.concat(a, b, three));
      rejects(
          "out: expected at least 4 slots, found 3", () -> algebra.concat(a, b, lab.codes(4, 3)));
      CsrCodes csr = lab.keep(lab.backend().csrCodes(2, 5, 6));
      CsrCodes narrow = lab.keep(lab.backend().csrCodes(3, 5, 6));
      rejects("codes: expected a value, found null", () -> algebra.toCsr(null, csr));
      rejects("out: expected [2, 5], found [3, 5]", () -> algebra.toCsr(a, narrow));
      rejects("out: expected [2, 7], found [3, 7]", () -> algebra.toFixedWidth(csr, three, null));
      rejects(
          "totals: expected [2], found [3]",
          () -> algebra.toFixedWidth(csr, a, lab.ints(new int[3])));
      rejects("out: expected [5, 2], found [3, 5]", () -> algebra.transpose(csr, narrow));
      CsrCodes square = lab.keep(lab.backend().csrCodes(4, 4, 6));
      rejects("out: expected other codes than the input", () -> algebra.transpose(square, square));
    }
  }

  @EveryBackend
  void decodeBackward(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      FixedWidthCodes codes = lab.keep(lab.backend().fixedWidthCodes(2, 3));
      CsrCodes csr = lab.keep(lab.backend().csrCodes(2, 7, 6));
      Matrix atoms = zeros(lab, 7, 5);
      Matrix g = zeros(lab, 2, 5);
      Floats four = lab.floats(new float[4]);
      DecodeGradients none = DecodeGradients.none();
      rejectsBackward(lab, "codes: expected a value, found null", null, atoms, g, none);
      rejectsBackward(lab, "atoms: expected a value, found null", codes, null, g, none);
      rejectsBackward(lab, "g: expected [2, 5], found [7, 5]", codes, atoms, atoms, none);
      rejectsBackward(lab, "gradients: expected a value, found null", codes, atoms, g, null);
      rejects(
          "write: expected a value, found null",
          () -> lab.sparseAlgebra().decodeBackward(codes, atoms, g, null, none));
      rejects(
          "atoms: expected [7, 5], found [2, 5]",
          () ->
              lab.sparseAlgebra().decodeBackward(csr, g, zeros(lab, 2, 5), Write.OVERWRITE, none));
      rejectsBackward(
          lab, "gradients.values: expected [6], found [4]", codes, atoms, g, none.values(four));
      rejectsBackward(
          lab,
          "gradients.values: expected other numbers than those of codes",
          codes,
          atoms,
          g,
          none.values(codes.values()));
      rejectsBackward(
          lab, "gradients.atoms: expected [7, 5], found [2, 5]", codes, atoms, g, none.atoms(g));
      rejectsBackward(
          lab,
          "gradients.atoms: expected elements apart from those of atoms",
          codes,
          atoms,
          g,
          none.atoms(atoms));
      Matrix square = zeros(lab, 9, 5);
      rejectsBackward(
          lab,
          "gradients.atoms: expected elements apart from those of g",
          codes,
          atoms,
          square.rows(6, 8),
          none.atoms(square.rows(0, 7)));
      rejectsBackward(
          lab,
          "gradients.activeAtoms: expected [7, 5], found [6, 5]",
          codes,
          atoms,
          g,
          none.activeAtoms(lab.rowSparse(6, 5, 2)));
      rejectsBackward(
          lab, "gradients.bias: expected [5], found [4]", codes, atoms, g, none.bias(four));
      rejects(
          "activeAtoms: expected null where atoms is given",
          () -> none.atoms(atoms).activeAtoms(lab.rowSparse(7, 5, 2)));
      RowSparseMatrix closed = lab.rowSparse(7, 5, 2);
      closed.close();
      refuses(
          "gradients.activeAtoms: row-sparse matrix [7, 5], capacity 2 is closed",
          () ->
              lab.sparseAlgebra()
                  .decodeBackward(codes, atoms, g, Write.OVERWRITE, none.activeAtoms(closed)));
    }
  }

  @EveryBackend
  void encodeBackward(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      FixedWidthCodes codes = lab.keep(lab.backend().fixedWidthCodes(2, 3));
      CsrCodes csr = lab.keep(lab.backend().csrCodes(2, 7, 6));
      Floats slopes = lab.floats(new float[6]);
      Floats four = lab.floats(new float[4]);
      Matrix x = zeros(lab, 2, 5);
      Matrix weights = zeros(lab, 7, 5);
      EncodeGradients none = EncodeGradients.none();
      SparseAlgebra algebra = lab.sparseAlgebra();
      Write write = Write.OVERWRITE;
      rejects(
          "gradient: expected [6], found [4]",
          () -> algebra.encodeBackward(codes, four, x, weights, write, none));
      rejects(
          "weights: expected a value, found null",
          () -> algebra.encodeBackward(codes, slopes, x, null, write, none));
      rejects(
          "x: expected [2, 5], found [7, 5]",
          () -> algebra.encodeBackward(codes, slopes, weights, weights, write, none));
      rejects(
          "weights: expected [7, 5], found [2, 5]",
          () -> algebra.encodeBackward(csr, slopes, x, x, write, none));
      rejects(
          "write: expected a value, found null",
          () -> algebra.encodeBackward(codes, slopes, x, weights, null, none));
      rejects(
          "gradients: expected a value, found null",
          () -> algebra.encodeBackward(codes, slopes, x, weights, write, null));
      rejectsEncodeBackward(
          lab, "gradients.weights: expected [7, 5], found [2, 5]", none.weights(x));
      rejectsEncodeBackward(
          lab,
          "gradients.activeWeights: expected [7, 5], found [7, 4]",
          none.activeWeights(lab.rowSparse(7, 4, 1)));
      rejectsEncodeBackward(lab, "gradients.x: expected [2, 5], found [7, 5]", none.x(weights));
      rejectsEncodeBackward(lab, "gradients.bias: expected [7], found [4]", none.bias(four));
      rejectsEncodeBackward(lab, "gradients.preBias: expected [5], found [4]", none.preBias(four));
      rejects(
          "gradients.x: expected elements apart from those of x",
          () -> algebra.encodeBackward(codes, slopes, x, weights, write, none.x(x)));
      Floats both = lab.floats(new float[7]);
      rejects(
          "gradients.bias: expected other numbers than those of gradient",
          () ->
              algebra.encodeBackward(
                  lab.keep(lab.backend().fixedWidthCodes(1, 7)),
                  both,
                  x.rows(0, 1),
                  weights,
                  write,
                  none.bias(both)));
      rejects("activation: expected a value, found null", () -> none.activation(null));
      rejects(
          "activeWeights: expected null where weights is given",
          () -> none.weights(weights).activeWeights(lab.rowSparse(7, 5, 2)));
    }
  }

  private static void rejectsEncodeBackward(Lab lab, String message, EncodeGradients gradients) {
    FixedWidthCodes codes = lab.keep(lab.backend().fixedWidthCodes(2, 3));
    Floats slopes = lab.floats(new float[6]);
    Matrix x = zeros(lab, 2, 5);
    Matrix weights = zeros(lab, 7, 5);
    rejects(
        message,
        () ->
            lab.sparseAlgebra()
                .encodeBackward(codes, slopes, x, weights, Write.OVERWRITE, gradients));
  }

  private static void rejectsBackward(
      Lab lab,
      String message,
      FixedWidthCodes codes,
      Matrix atoms,
      Matrix g,
      DecodeGradients gradients) {
    rejects(
        message,
        () -> lab.sparseAlgebra().decodeBackward(codes, atoms, g, Write.OVERWRITE, gradients));
  }

  @EveryBackend
  void pursuits(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix x = zeros(lab, 2, 5);
      Matrix atoms = zeros(lab, 7, 5);
      PursuitTape tape = lab.tape(2, 3);
      MatchingPursuit steps = MatchingPursuit.steps(3);
      Gram small = lab.gram(6);
      rejectsPursuit(lab, "x: expected a value, found null", null, atoms, steps, tape, null);
      rejectsPursuit(
          lab, "atoms: expected [rows, 5], found [7, 4]", x, zeros(lab, 7, 4), steps, tape, null);
      rejectsPursuit(lab, "options: expected a value, found null", x, atoms, null, tape, null);
      rejectsPursuit(
          lab,
          "atomMask: expected [7], found [5]",
          x,
          atoms,
          steps.atomMask(lab.mask(new boolean[5])),
          tape,
          null);
      rejectsPursuit(lab, "tape: expected a value, found null", x, atoms, steps, null, null);
      rejectsPursuit(
          lab,
          "tape: expected [2, 4], found [2, 3]",
          x,
          atoms,
          MatchingPursuit.steps(4),
          tape,
          null);
      rejectsPursuit(lab, "residual: expected [2, 5], found [7, 5]", x, atoms, steps, tape, atoms);
      rejectsPursuit(
          lab,
          "residual: expected F32, found BF16",
          x,
          atoms,
          steps,
          tape,
          lab.matrix(Dense.zeros(2, 5), DType.BF16));
      rejects(
          "gram: expected a value, found null",
          () -> lab.pursuits().matchingPursuit(x, atoms, null, steps, tape, null));
      rejects("gram: expected a value, found null", () -> lab.pursuits().gram(atoms, null));
      rejects("dtype: expected a value, found null", () -> lab.gram(3, null));
      rejects(
          "gram: expected a capacity of at least 7 atoms, found 6",
          () -> lab.pursuits().gram(atoms, small));
      rejects(
          "gram: expected a capacity of at least 7 atoms, found 6",
          () -> lab.pursuits().append(atoms, small));
    }
  }

  @EveryBackend
  void pursuitGradients(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix residual = zeros(lab, 2, 5);
      Matrix atoms = zeros(lab, 7, 5);
      PursuitTape tape = lab.tape(2, 3);
      MatchingPursuit steps = MatchingPursuit.steps(3);
      PursuitGradients wanted = PursuitGradients.ofAtoms(zeros(lab, 7, 5));
      Pursuits pursuits = lab.pursuits();
      rejects(
          "residual: expected a value, found null",
          () -> pursuits.matchingPursuitBackward(tape, null, atoms, steps, null, null, wanted));
      rejects(
          "atoms: expected [rows, 5], found [7, 4]",
          () ->
              pursuits.matchingPursuitBackward(
                  tape, residual, zeros(lab, 7, 4), steps, null, null, wanted));
      rejects(
          "options: expected a value, found null",
          () -> pursuits.matchingPursuitBackward(tape, residual, atoms, null, null, null, wanted));
      rejects(
          "tape: expected [2, 4], found [2, 3]",
          () ->
              pursuits.matchingPursuitBackward(
                  tape, residual, atoms, MatchingPursuit.steps(4), null, null, wanted));
      rejects(
          "gResidual: expected [2, 5], found [7, 5]",
          () ->
              pursuits.matchingPursuitBackward(tape, residual, atoms, steps, atoms, null, wanted));
      rejects(
          "gValues: expected [6], found [5]",
          () ->
              pursuits.matchingPursuitBackward(
                  tape, residual, atoms, steps, null, lab.floats(new float[5]), wanted));
      rejects(
          "gradients: expected a value, found null",
          () -> pursuits.matchingPursuitBackward(tape, residual, atoms, steps, null, null, null));
      rejects(
          "gradient of atoms: expected [7, 5], found [2, 5]",
          () ->
              pursuits.matchingPursuitBackward(
                  tape, residual, atoms, steps, null, null, PursuitGradients.ofAtoms(residual)));
      rejects(
          "gradient of atoms: expected elements apart from those of atoms",
          () ->
              pursuits.matchingPursuitBackward(
                  tape, residual, atoms, steps, null, null, PursuitGradients.ofAtoms(atoms)));
      rejects(
          "gradient of x: expected elements apart from those of residual",
          () ->
              pursuits.matchingPursuitBackward(
                  tape, residual, atoms, steps, null, null, PursuitGradients.ofX(residual)));
      Matrix both = zeros(lab, 9, 5);
      rejects(
          "gradient of x: expected elements apart from those of gradient of atoms",
          () ->
              pursuits.matchingPursuitBackward(
                  tape,
                  residual,
                  atoms,
                  steps,
                  null,
                  null,
                  PursuitGradients.ofAtoms(both.rows(0, 7)).x(both.rows(6, 8), Write.OVERWRITE)));
      rejects(
          "gradient of active atoms: expected [7, 5], found [6, 5]",
          () ->
              pursuits.matchingPursuitBackward(
                  tape,
                  residual,
                  atoms,
                  steps,
                  null,
                  null,
                  PursuitGradients.ofActiveAtoms(lab.rowSparse(6, 5, 3))));
      rejects(
          "activeAtoms: expected null where atoms is given",
          () -> wanted.activeAtoms(lab.rowSparse(7, 5, 3), Write.OVERWRITE));
      rejects("atomsWrite: expected a value, found null", () -> wanted.atoms(wanted.atoms(), null));
      rejects("xWrite: expected a value, found null", () -> wanted.x(null, null));
    }
  }

  @EveryBackend
  void orthogonalPursuit(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix x = zeros(lab, 2, 5);
      Matrix atoms = zeros(lab, 7, 5);
      FixedWidthCodes codes = lab.codes(2, 3);
      OrthogonalPursuit steps = OrthogonalPursuit.steps(3);
      Pursuits pursuits = lab.pursuits();
      Gram gram = lab.gram(7);
      pursuits.gram(atoms, gram);
      rejects(
          "x: expected a value, found null",
          () -> pursuits.orthogonalMatchingPursuit(null, atoms, gram, steps, codes, null));
      rejects(
          "options: expected a value, found null",
          () -> pursuits.orthogonalMatchingPursuit(x, atoms, gram, null, codes, null));
      rejects(
          "codes: expected a value, found null",
          () -> pursuits.orthogonalMatchingPursuit(x, atoms, gram, steps, null, null));
      rejects(
          "codes: expected [2, 3], found [2, 4]",
          () -> pursuits.orthogonalMatchingPursuit(x, atoms, gram, steps, lab.codes(2, 4), null));
      rejects(
          "residual: expected [2, 5], found [7, 5]",
          () -> pursuits.orthogonalMatchingPursuit(x, atoms, gram, steps, codes, atoms));
      rejects(
          "gram: expected a value, found null",
          () -> pursuits.orthogonalMatchingPursuit(x, atoms, null, steps, codes, null));
      rejects(
          "codes: expected [2, 3], found [2, 4]",
          () -> pursuits.orthogonalMatchingPursuit(x, atoms, steps, lab.codes(2, 4), null));
      rejects(
          "atomMask: expected [7], found [5]",
          () ->
              pursuits.orthogonalMatchingPursuit(
                  x, atoms, gram, steps.atomMask(lab.mask(new boolean[5])), codes, null));
      atoms.upload(new float[35]);
      assertThatIllegalStateException()
          .isThrownBy(() -> pursuits.orthogonalMatchingPursuit(x, atoms, gram, steps, codes, null))
          .withMessageContaining("is stale");
      rejects("steps: expected 1 to 512, found 513", () -> OrthogonalPursuit.steps(513));
      rejects("sign: expected a value, found null", () -> steps.sign(null));
      rejects(
          "toleranceAbsolute: expected a finite number of 0 or more, found -1.0",
          () -> steps.toleranceAbsolute(-1));
      rejects(
          "toleranceRelative: expected a finite number of 0 or more, found NaN",
          () -> steps.toleranceRelative(Float.NaN));
      rejects(
          "nonNegative: expected sign POSITIVE, found SIGNED",
          () -> steps.withNonNegativeValues().sign(MatchingPursuit.Sign.SIGNED));
    }
  }

  @EveryBackend
  void gradientPursuit(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix x = zeros(lab, 2, 5);
      Matrix atoms = zeros(lab, 7, 5);
      FixedWidthCodes codes = lab.codes(2, 3);
      GradientPursuit steps = GradientPursuit.steps(3);
      Pursuits pursuits = lab.pursuits();
      Gram gram = lab.gram(7);
      pursuits.gram(atoms, gram);
      rejects(
          "x: expected a value, found null",
          () -> pursuits.gradientPursuit(null, atoms, gram, steps, codes, null));
      rejects(
          "options: expected a value, found null",
          () -> pursuits.gradientPursuit(x, atoms, gram, null, codes, null));
      rejects(
          "rowSteps: expected [2], found [3]",
          () ->
              pursuits.gradientPursuit(
                  x, atoms, gram, steps.rowSteps(lab.ints(new int[3])), codes, null));
      rejects(
          "atomMask: expected [7], found [5]",
          () ->
              pursuits.gradientPursuit(
                  x, atoms, gram, steps.atomMask(lab.mask(new boolean[5])), codes, null));
      rejects(
          "codes: expected [2, 3], found [1, 3]",
          () -> pursuits.gradientPursuit(x, atoms, gram, steps, lab.codes(1, 3), null));
      rejects(
          "residual: expected elements apart from those of x",
          () -> pursuits.gradientPursuit(x, atoms, gram, steps, codes, x));
      rejects(
          "rowSteps: expected [2], found [3]",
          () ->
              pursuits.gradientPursuit(
                  x, atoms, steps.rowSteps(lab.ints(new int[3])), codes, null));
      atoms.upload(new float[35]);
      assertThatIllegalStateException()
          .isThrownBy(() -> pursuits.gradientPursuit(x, atoms, gram, steps, codes, null))
          .withMessageContaining("is stale");
      rejects("steps: expected 1 to 512, found 0", () -> GradientPursuit.steps(0));
      rejects("sign: expected a value, found null", () -> steps.sign(null));
      rejects("scaling: expected a value, found null", () -> steps.scaling(null));
      rejects("support: expected a value, found null", () -> steps.support(null));
      rejects(
          "epsilon: expected a finite number of 0 or more, found NaN",
          () -> steps.epsilon(Float.NaN));
      rejects(
          "toleranceAbsolute: expected a finite number of 0 or more, found Infinity",
          () -> steps.toleranceAbsolute(Float.POSITIVE_INFINITY));
      rejects(
          "toleranceRelative: expected a finite number of 0 or more, found -1.0",
          () -> steps.toleranceRelative(-1));
    }
  }

  private static void rejectsPursuit(
      Lab lab,
      String message,
      Matrix x,
      Matrix atoms,
      MatchingPursuit options,
      PursuitTape tape,
      Matrix residual) {
    rejects(message, () -> lab.pursuits().matchingPursuit(x, atoms, options, tape, residual));
    Gram gram = lab.gram(0);
    rejects(message, () -> lab.pursuits().matchingPursuit(x, atoms, gram, options, tape, residual));
  }

  @EveryBackend
  void handlesClosedOrOfAnotherBackend(BackendUnderTest backend) {
    try (Lab lab = backend.open();
        Lab other = backend.open()) {
      Matrix scores = zeros(lab, 2, 5);
      FixedWidthCodes out = lab.codes(2, 3);
      TopK top3 = TopK.of(3);
      String foreign = " belongs to another backend (%s, not this %s)".formatted(backend, backend);
      refuses(
          "scores: matrix F32 [2, 5]" + foreign,
          () -> lab.selection().topK(zeros(other, 2, 5), top3, out));
      refuses(
          "out: codes [2, 3]" + foreign,
          () -> lab.selection().topK(scores, top3, other.codes(2, 3)));
      refuses(
          "mask: mask [5]" + foreign,
          () -> lab.selection().topK(scores, top3.mask(other.mask(new boolean[5])), out));
      refuses(
          "gram: Gram of 0 atoms, capacity 4" + foreign,
          () -> lab.pursuits().gram(zeros(lab, 3, 5), other.gram(4)));

      Matrix closed = zeros(lab, 2, 5);
      closed.close();
      refuses("scores: matrix F32 [2, 5] is closed", () -> lab.selection().topK(closed, top3, out));
      refuses(
          "scores: matrix F32 [1, 5] is closed",
          () -> lab.selection().topK(closed.rows(0, 1), top3, lab.codes(1, 3)));
      out.close();
      refuses("out: codes [2, 3] is closed", () -> lab.selection().topK(scores, top3, out));
      PursuitTape tape = lab.tape(2, 3);
      tape.close();
      refuses(
          "codes: tape [2, 3] is closed",
          () -> lab.sparseAlgebra().coalesce(tape, lab.codes(2, 3)));
      CsrCodes csr = lab.keep(lab.backend().csrCodes(2, 5, 4));
      csr.close();
      refuses(
          "codes: CSR codes [2, 5], capacity 4 is closed",
          () -> lab.sparseAlgebra().decode(csr, scores, null, scores));
    }
  }

  @Test
  void optionsAreCheckedWhenTheyAreMade() {
    rejects("k: expected 0 to 4096, found -1", () -> TopK.of(-1));
    rejects("k: expected 0 to 4096, found 4097", () -> TopK.of(4097));
    rejects("key: expected a value, found null", () -> TopK.of(1).key(null));
    rejects("order: expected a value, found null", () -> TopK.of(1).order(null));
    rejects("tieRule: expected a value, found null", () -> TopK.of(1).tieRule(null));
    rejects("options: expected a value, found null", () -> new Selector.RowTopK(null, null));
    rejects("normalisation: expected a value, found null", () -> Score.plain().normalisation(null));
    rejects("activation: expected a value, found null", () -> Score.plain().activation(null));
    rejects("precision: expected a value, found null", () -> Score.plain().precision(null));
    rejects("steps: expected 1 to 4096, found 0", () -> MatchingPursuit.steps(0));
    rejects("steps: expected 1 to 4096, found 4097", () -> MatchingPursuit.steps(4097));
    rejects("sign: expected a value, found null", () -> MatchingPursuit.steps(1).sign(null));
    rejects(
        "reselection: expected a value, found null",
        () -> MatchingPursuit.steps(1).reselection(null));
    rejects("scaling: expected a value, found null", () -> MatchingPursuit.steps(1).scaling(null));
    rejects(
        "precision: expected a value, found null", () -> MatchingPursuit.steps(1).precision(null));
    rejects(
        "toleranceAbsolute: expected a finite number of 0 or more, found -1.0",
        () -> MatchingPursuit.steps(1).toleranceAbsolute(-1));
    rejects(
        "toleranceRelative: expected a finite number of 0 or more, found NaN",
        () -> MatchingPursuit.steps(1).toleranceRelative(Float.NaN));
    rejects(
        "toleranceRelative: expected a finite number of 0 or more, found Infinity",
        () -> MatchingPursuit.steps(1).toleranceRelative(Float.POSITIVE_INFINITY));
    rejects("device: expected 0 or more, found -1", () -> BackendOptions.defaults().device(-1));
    rejects("threads: expected 1 or more, found 0", () -> BackendOptions.defaults().threads(0));
    rejects(
        "memoryLimitBytes: expected 0 or more, found -1",
        () -> BackendOptions.defaults().memoryLimitBytes(-1));
  }

  private static Matrix zeros(Lab lab, int rows, int columns) {
    return lab.matrix(Dense.zeros(rows, columns));
  }

  private static void rejects(String message, ThrowingCallable call) {
    assertThatIllegalArgumentException().isThrownBy(call).withMessage(message);
  }

  private static void refuses(String message, ThrowingCallable call) {
    assertThatIllegalStateException().isThrownBy(call).withMessage(message);
  }
}
