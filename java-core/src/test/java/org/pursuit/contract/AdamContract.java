package org.pursuit.contract;

import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.Adam;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Estimate;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** Steps of Adam against the published formula in double precision. */
class AdamContract {
  private static final Adam ADAM =
      Adam.learningRate(0.01f).betas(0.8f, 0.95f).epsilon(1e-6f).weightDecay(0.1f);

  /** Parameters and moments in double precision. */
  private static final class Twin {
    private final double[] m;
    private final double[] v;
    private final double[] p;

    Twin(float[] parameters) {
      m = new double[parameters.length];
      v = new double[parameters.length];
      p = new double[parameters.length];
      for (int i = 0; i < p.length; i++) {
        p[i] = parameters[i];
      }
    }

    void step(Adam adam, int t, int i, double g) {
      double beta1 = adam.beta1();
      double beta2 = adam.beta2();
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * g * g;
      double mean = m[i] / (1 - Math.pow(beta1, t));
      double root = Math.sqrt(v[i] / (1 - Math.pow(beta2, t))) + adam.epsilon();
      double rate = adam.learningRate();
      p[i] = p[i] - rate * adam.weightDecay() * p[i] - rate * mean / root;
    }

    /** A step moves by about the learning rate: so much rounding comes with it. */
    Estimate parameters(int steps) {
      Estimate expected = new Estimate(p.length);
      for (int i = 0; i < p.length; i++) {
        expected.add(i, p[i], (Math.abs(p[i]) + 0.1) * steps);
      }
      return expected;
    }
  }

  @EveryBackend
  void followsTheFormula(BackendUnderTest backend) {
    Random random = Seed.random(220);
    for (int[] shape : new int[][] {{1, 1}, {3, 17}, {70, 129}}) {
      int rows = shape[0];
      int d = shape[1];
      Dense start = Inputs.normal(rows, d, random);
      Twin twin = new Twin(start.values());
      try (Lab lab = backend.open()) {
        Matrix p = lab.matrix(start);
        Matrix m = lab.matrix(Dense.zeros(rows, d));
        Matrix v = lab.matrix(Dense.zeros(rows, d));
        for (int t = 1; t <= 5; t++) {
          Dense g = Inputs.normal(rows, d, random);
          Floats factor = t % 2 == 0 ? lab.floats(new float[] {0.3f}) : null;
          lab.training().adam(ADAM, t, lab.matrix(g), factor, m, v, p);
          for (int i = 0; i < rows * d; i++) {
            twin.step(ADAM, t, i, (factor == null ? 1 : (double) 0.3f) * g.values()[i]);
          }
          twin.parameters(t).assertMatches(p.download(), DType.F32, "step " + t);
        }
      }
    }
  }

  @EveryBackend
  void onlyActiveRowsMove(BackendUnderTest backend) {
    Random random = Seed.random(221);
    Dense start = Inputs.normal(40, 33, random);
    Twin twin = new Twin(start.values());
    try (Lab lab = backend.open()) {
      Matrix p = lab.matrix(start);
      Matrix m = lab.matrix(Dense.zeros(40, 33));
      Matrix v = lab.matrix(Dense.zeros(40, 33));
      RowSparseMatrix gradient = lab.keep(lab.backend().rowSparseMatrix(40, 33, 6));
      for (int t = 1; t <= 4; t++) {
        int active = t == 3 ? 0 : 2 + t;
        int[] ids = Inputs.distinct(6, 40, random);
        Dense g = Inputs.normal(6, 33, random);
        gradient.rowIds().upload(ids);
        gradient.elements().upload(g.values());
        gradient.count().upload(new int[] {active});
        lab.training().adam(ADAM, t, gradient, null, m, v, p);
        for (int i = 0; i < active * 33; i++) {
          twin.step(ADAM, t, ids[i / 33] * 33 + i % 33, g.values()[i]);
        }
        twin.parameters(t).assertMatches(p.download(), DType.F32, "step " + t);
      }
    }
  }

  @EveryBackend
  void everyFormatAnywhere(BackendUnderTest backend) {
    Random random = Seed.random(222);
    try (Lab lab = backend.open()) {
      for (Placement placement : Placement.values()) {
        for (DType dtype : DType.values()) {
          Dense start = Inputs.normal(5, 77, random).stored(dtype);
          Dense g = Inputs.normal(5, 77, random).stored(dtype);
          Twin twin = new Twin(start.values());
          Matrix p = lab.matrix(start, dtype, placement);
          Matrix m = lab.matrix(Dense.zeros(5, 77), dtype, placement);
          Matrix v = lab.matrix(Dense.zeros(5, 77), dtype, placement);
          lab.training().adam(ADAM, 1, lab.matrix(g, dtype, placement), null, m, v, p);
          for (int i = 0; i < 5 * 77; i++) {
            twin.step(ADAM, 1, i, g.values()[i]);
          }
          twin.parameters(1).assertMatches(p.download(), dtype, placement + ", " + dtype);
        }
      }
    }
  }

  @EveryBackend
  void aVectorIsTheRowOfAMatrix(BackendUnderTest backend) {
    Random random = Seed.random(223);
    float[] start = Inputs.normal(301, random);
    float[] g = Inputs.normal(301, random);
    Twin twin = new Twin(start);
    try (Lab lab = backend.open()) {
      Floats bias = lab.floats(start);
      Floats m = lab.floats(new float[301]);
      Floats v = lab.floats(new float[301]);
      lab.training().adam(ADAM, 1, lab.floats(g).asRow(), null, m.asRow(), v.asRow(), bias.asRow());
      for (int i = 0; i < 301; i++) {
        twin.step(ADAM, 1, i, g[i]);
      }
      twin.parameters(1).assertMatches(bias.download(), DType.F32, "bias");
    }
  }

  @EveryBackend
  void oneThreadComputesAsTwo(BackendUnderTest backend) {
    Random random = Seed.random(224);
    Dense start = Inputs.normal(257, 63, random);
    Dense g = Inputs.normal(257, 63, random);
    float[][] results = new float[2][];
    for (int threads = 1; threads <= 2; threads++) {
      try (Lab lab = backend.open(threads)) {
        Matrix p = lab.matrix(start);
        Matrix zeros = lab.matrix(Dense.zeros(257, 63));
        Matrix v = lab.matrix(Dense.zeros(257, 63));
        lab.training().adam(ADAM, 1, lab.matrix(g), null, zeros, v, p);
        results[threads - 1] = p.download();
      }
    }
    Same.bits(results[1], results[0], "two threads");
  }
}
