package org.pursuit.contract;

import java.util.Arrays;
import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Gate;
import org.pursuit.kernel.Write;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** Gates by their definition, and their estimators by the closed forms. */
class GateContract {
  private static final int[] ROWS = {0, 1, 3, 70, 260};
  private static final int[] WIDTHS = {1, 7, 16, 17, 129, 1021};

  private static final Gate[] GATES = {
    Gate.relu(),
    Gate.jumpRelu(2),
    Gate.step(2),
    Gate.jumpRelu(0.5f).withLogThreshold(),
    Gate.step(4).withLogThreshold()
  };

  /** Gradients as the formulae have them, in double precision. */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a record
  private record Expected(float[] gradientA, Estimate gradientThreshold) {
    static Expected of(Gate gate, Dense a, float[] theta, Dense g) {
      float[] passed = new float[a.values().length];
      Estimate sums = new Estimate(Math.max(1, theta.length));
      for (int i = 0; i < passed.length; i++) {
        int j = theta.length == 1 ? 0 : i % a.columns();
        float t = theta.length == 0 ? 0 : theta[j];
        float v = a.values()[i];
        boolean open = v > t || Float.isNaN(v);
        passed[i] = gate.kind() != Gate.Kind.STEP && open ? g.values()[i] : 0;
        if (theta.length > 0 && Math.abs(v - t) < gate.bandwidth() / 2) {
          double weight = gate.kind() == Gate.Kind.STEP ? 1 : t;
          double chain = gate.logThreshold() ? t : 1;
          sums.add(j, -weight / gate.bandwidth() * g.values()[i] * chain);
        }
      }
      return new Expected(passed, sums);
    }
  }

  @EveryBackend
  void opensAboveTheThreshold(BackendUnderTest backend) {
    Random random = Seed.random(210);
    try (Lab lab = backend.open()) {
      for (int rows : ROWS) {
        for (int n : WIDTHS) {
          Dense a = Inputs.integers(rows, n, 4, random);
          for (Gate gate : GATES) {
            float[] theta = theta(gate, n, random);
            Matrix out = lab.output(rows, n);
            lab.training().gate(lab.matrix(a), gate, lab.floats(theta), out);
            Same.bits(
                out.download(), opened(gate, a, theta), gate + " of [" + rows + ", " + n + "]");
          }
        }
      }
    }
  }

  @EveryBackend
  void gradientsAreTheClosedForms(BackendUnderTest backend) {
    Random random = Seed.random(211);
    try (Lab lab = backend.open()) {
      for (int rows : ROWS) {
        for (int n : WIDTHS) {
          Dense a = Inputs.integers(rows, n, 4, random);
          Dense g = Inputs.integers(rows, n, 9, random);
          for (Gate gate : GATES) {
            float[] theta = theta(gate, n, random);
            String what = gate + " of [" + rows + ", " + n + "]";
            Expected expected = Expected.of(gate, a, theta == null ? new float[0] : theta, g);
            Matrix gradientA = lab.output(rows, n);
            Floats gradientTheta = theta == null ? null : lab.floatsOutput(theta.length);
            lab.training()
                .gateBackward(
                    lab.matrix(a),
                    gate,
                    lab.floats(theta),
                    lab.matrix(g),
                    Write.OVERWRITE,
                    gradientA,
                    gradientTheta);
            Same.numbers(gradientA.download(), expected.gradientA(), what);
            if (theta != null) {
              Same.numbers(
                  gradientTheta.download(),
                  expected.gradientThreshold().exactly(DType.F32),
                  what + ", threshold");
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void oneThresholdForAll(BackendUnderTest backend) {
    Random random = Seed.random(212);
    Dense a = Inputs.integers(131, 200, 4, random);
    Dense g = Inputs.integers(131, 200, 9, random);
    float[] theta = {2};
    try (Lab lab = backend.open()) {
      for (Gate gate : GATES) {
        if (gate.kind() == Gate.Kind.RELU) {
          continue;
        }
        Matrix out = lab.output(131, 200);
        lab.training().gate(lab.matrix(a), gate, lab.floats(theta), out);
        Same.bits(out.download(), opened(gate, a, theta), gate.toString());
        Floats gradient = lab.floats(new float[] {5});
        lab.training()
            .gateBackward(
                lab.matrix(a),
                gate,
                lab.floats(theta),
                lab.matrix(g),
                Write.ACCUMULATE,
                null,
                gradient);
        Estimate expected = Expected.of(gate, a, theta, g).gradientThreshold();
        expected.add(0, 5);
        Same.numbers(gradient.download(), expected.exactly(DType.F32), gate + ", added");
      }
    }
  }

  @EveryBackend
  void theRectangleIsOpenAtItsEdges(BackendUnderTest backend) {
    // θ = 1, ε = 0.5: 0.75 and 1.25 lie on the edge.
    float[] a = {0.75f, Math.nextUp(0.75f), 1, Math.nextUp(1f), Math.nextDown(1.25f), 1.25f};
    try (Lab lab = backend.open()) {
      Dense ones = Dense.ofRows(new float[] {1, 1, 1, 1, 1, 1});
      for (Gate gate : new Gate[] {Gate.jumpRelu(0.5f), Gate.step(0.5f)}) {
        Floats gradient = lab.floatsOutput(6);
        Matrix gradientA = lab.output(1, 6);
        lab.training()
            .gateBackward(
                lab.matrix(Dense.ofRows(a)),
                gate,
                lab.floats(new float[] {1, 1, 1, 1, 1, 1}),
                lab.matrix(ones),
                Write.OVERWRITE,
                gradientA,
                gradient);
        Same.numbers(gradient.download(), new float[] {0, -2, -2, -2, -2, 0}, gate.toString());
        float passes = gate.kind() == Gate.Kind.STEP ? 0 : 1;
        Same.numbers(
            gradientA.download(), new float[] {0, 0, 0, passes, passes, passes}, "strictly above");
      }
    }
  }

  @EveryBackend
  void oddNumbers(BackendUnderTest backend) {
    float nan = Float.NaN;
    float infinite = Float.POSITIVE_INFINITY;
    Dense a = Dense.ofRows(new float[] {nan, -nan, infinite, -infinite, 0f, -0f, 1e-40f, -1e-40f});
    float[] zero = new float[8];
    try (Lab lab = backend.open()) {
      Matrix out = lab.output(1, 8);
      lab.training().gate(lab.matrix(a), Gate.relu(), null, out);
      Same.bits(out.download(), new float[] {nan, nan, infinite, 0, 0, 0, 1e-40f, 0}, "ReLU");
      lab.training().gate(lab.matrix(a), Gate.step(1), lab.floats(zero), out);
      Same.bits(out.download(), new float[] {1, 1, 1, 0, 0, 0, 1, 0}, "step");
      Floats gradient = lab.floatsOutput(8);
      lab.training()
          .gateBackward(
              lab.matrix(a),
              Gate.step(1),
              lab.floats(zero),
              lab.matrix(Dense.ofRows(new float[] {3, 3, nan, 3, 3, 3, 3, 3})),
              Write.OVERWRITE,
              null,
              gradient);
      Same.numbers(
          gradient.download(), new float[] {0, 0, 0, 0, -3, -3, -3, -3}, "outside counts nothing");
    }
  }

  @EveryBackend
  void nothingIsAboveAThresholdThatIsNaN(BackendUnderTest backend) {
    float[] a = new float[37];
    Arrays.fill(a, 5);
    a[3] = Float.NaN;
    a[4] = Float.POSITIVE_INFINITY;
    try (Lab lab = backend.open()) {
      Matrix out = lab.output(1, 37);
      Floats theta = lab.floats(new float[] {Float.NaN});
      for (Gate gate : new Gate[] {Gate.jumpRelu(1), Gate.step(1)}) {
        lab.training().gate(lab.matrix(Dense.ofRows(a)), gate, theta, out);
        Same.bits(out.download(), new float[37], gate + ", forward");
        lab.training()
            .gateBackward(
                lab.matrix(Dense.ofRows(a)),
                gate,
                theta,
                lab.matrix(Dense.ofRows(a)),
                Write.OVERWRITE,
                out,
                null);
        Same.bits(out.download(), new float[37], gate + ", backward");
      }
    }
  }

  @EveryBackend
  void everyFormatAnywhereAndAccumulated(BackendUnderTest backend) {
    Random random = Seed.random(213);
    Gate gate = Gate.jumpRelu(1);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType from : DType.values()) {
          for (DType to : DType.values()) {
            Dense a = Inputs.integers(9, 77, 4, random);
            Dense g = Inputs.integers(9, 77, 4, random);
            Dense before = Inputs.integers(9, 77, 4, random);
            float[] theta = Inputs.integers(77, 3, random);
            String what = placement + ", " + from + " to " + to;
            Matrix out = lab.matrix(before.map(v -> v), to, placement);
            Floats gradient = lab.floats(theta);
            lab.training()
                .gateBackward(
                    lab.matrix(a, from, placement),
                    gate,
                    lab.floats(theta),
                    lab.matrix(g, from, placement),
                    Write.ACCUMULATE,
                    out,
                    gradient);
            Expected expected = Expected.of(gate, a, theta, g);
            Estimate sum = expected.gradientThreshold();
            float[] passed = expected.gradientA();
            for (int i = 0; i < passed.length; i++) {
              passed[i] += before.values()[i];
            }
            for (int j = 0; j < 77; j++) {
              sum.add(j, theta[j]);
            }
            Same.numbers(out.download(), passed, what);
            Same.numbers(gradient.download(), sum.exactly(DType.F32), what + ", threshold");
            lab.training().gate(lab.matrix(a, from, placement), gate, lab.floats(theta), out);
            Same.numbers(out.download(), opened(gate, a, theta), what + ", forward");
          }
        }
      }
    }
  }

  @EveryBackend
  void inPlace(BackendUnderTest backend) {
    Random random = Seed.random(214);
    Dense a = Inputs.integers(5, 50, 4, random);
    Dense g = Inputs.integers(5, 50, 4, random);
    float[] theta = Inputs.integers(50, 3, random);
    try (Lab lab = backend.open()) {
      Matrix both = lab.matrix(a);
      lab.training().gate(both, Gate.jumpRelu(1), lab.floats(theta), both);
      Same.numbers(both.download(), opened(Gate.jumpRelu(1), a, theta), "gate");
      Matrix gradient = lab.matrix(g);
      lab.training()
          .gateBackward(
              lab.matrix(a),
              Gate.jumpRelu(1),
              lab.floats(theta),
              gradient,
              Write.OVERWRITE,
              gradient,
              null);
      Same.numbers(
          gradient.download(),
          Expected.of(Gate.jumpRelu(1), a, theta, g).gradientA(),
          "gateBackward");
    }
  }

  @EveryBackend
  void theSameBitsAgainAndOnTwoThreads(BackendUnderTest backend) {
    Random random = Seed.random(215);
    Dense a = Inputs.normal(517, 263, random);
    Dense g = Inputs.normal(517, 263, random);
    float[] theta = Inputs.normal(263, random);
    float[] first = null;
    for (int threads = 1; threads <= 2; threads++) {
      try (Lab lab = backend.open(threads)) {
        Matrix on = lab.matrix(a);
        Matrix gradientOn = lab.matrix(g);
        Floats gradient = lab.floatsOutput(263);
        for (int run = 0; run < 20; run++) {
          lab.training()
              .gateBackward(
                  on,
                  Gate.jumpRelu(0.7f),
                  lab.floats(theta),
                  gradientOn,
                  Write.OVERWRITE,
                  null,
                  gradient);
          first = first == null ? gradient.download() : first;
          Same.bits(gradient.download(), first, threads + " threads, run " + run);
        }
      }
    }
  }

  private static float[] theta(Gate gate, int n, Random random) {
    return gate.kind() == Gate.Kind.RELU ? null : Inputs.integers(n, 3, random);
  }

  private static float[] opened(Gate gate, Dense a, float[] theta) {
    float[] out = new float[a.values().length];
    for (int i = 0; i < out.length; i++) {
      float t = theta == null ? 0 : theta[theta.length == 1 ? 0 : i % a.columns()];
      float open = gate.kind() == Gate.Kind.STEP ? 1 : a.values()[i];
      out[i] = a.values()[i] > t ? open : 0;
    }
    return out;
  }
}
