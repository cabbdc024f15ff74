package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.GradientPursuit;
import org.pursuit.kernel.GradientPursuit.Support;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Gradient pursuit: exact on orthogonal integers, elsewhere what a twin in double finds. */
class GradientPursuitContract {
  /** Without a Gram, and with one whose elements are as good as products of the atoms. */
  private static final DType[] PLAIN = {null, DType.F32};

  /** By how much of the row's norm a choice must be clear. */
  private static final double MARGIN = 2e-5;

  /** Every format of a Gram, and none. */
  private static final DType[] ALL = {null, DType.F32, DType.BF16, DType.F16};

  /** On orthogonal atoms a step projects on the pick, and the gradient is 0 elsewhere. */
  @EveryBackend
  void orthogonalAtomsExactly(BackendUnderTest backend) {
    Random random = Seed.random(140);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {0, 1, 7, 24, 260}) {
        int d = Math.max(n, 5);
        Dense atoms = Dense.zeros(n, d);
        int[] places = Inputs.distinct(n, d, random);
        for (int j = 0; j < n; j++) {
          int size = j % 9 == 4 ? 0 : 1 << random.nextInt(3);
          atoms.values()[j * d + places[j]] = random.nextBoolean() ? size : -size;
        }
        for (int rows : new int[] {0, 1, 9}) {
          Dense x = Inputs.integers(rows, d, 6, random);
          for (Sign sign : Sign.values()) {
            for (float tolerance : new float[] {0, 0.5f}) {
              boolean[] mask = random.nextBoolean() ? null : Inputs.flags(n, 0.6, random);
              MatchingPursuit matching =
                  MatchingPursuit.steps(5).sign(sign).toleranceRelative(tolerance);
              PursuitTwin twin = new PursuitTwin(x, atoms, matching, mask);
              GradientPursuit options =
                  GradientPursuit.steps(5)
                      .sign(sign)
                      .toleranceRelative(tolerance)
                      .support(random.nextBoolean() ? Support.PERSISTENT : Support.RECOMPUTED);
              for (DType gram : ALL) {
                Pursued found = pursue(lab, x, atoms, gram, options.atomMask(lab.mask(mask)));
                String description = n + " atoms, Gram " + gram + ", " + options;
                found.codes.assertSame(twin.tape(), description);
                Same.numbers(found.residual.values(), twin.residual().values(), description);
              }
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void everyRuleIsAsPublished(BackendUnderTest backend) {
    Random random = Seed.random(141);
    Dense x = Inputs.normal(12, 40, random).map(v -> v + 0.3);
    Dense atoms = Inputs.unitRows(90, 40, random).map(v -> 1.2 * v + 0.05);
    boolean[] mask = Inputs.flags(90, 0.7, random);
    try (Lab lab = backend.open()) {
      for (GradientPursuit options : everyRule(12)) {
        assertAsPublished(lab, x, atoms, options, null);
        assertAsPublished(lab, x, atoms, options, mask);
      }
    }
  }

  @EveryBackend
  void everyShapeIsAsPublished(BackendUnderTest backend) {
    Random random = Seed.random(142);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {2, 7, 8, 33, 130}) {
        for (int n : new int[] {1, 15, 17, 300, 1100}) {
          if (n > 20 * d) {
            continue; // so dense that few choices are clear
          }
          Dense atoms = Inputs.unitRows(n, d, random);
          Dense x = Inputs.normal(5, d, random);
          for (int steps : new int[] {1, 9}) {
            int most = Math.min(n, d / 2); // more would choose among what rounding leaves
            assertAsPublished(lab, x, atoms, GradientPursuit.steps(Math.min(steps, most)), null);
          }
        }
      }
      Dense atoms = Inputs.unitRows(60, 120, random);
      Dense x = Inputs.normal(3, 120, random);
      assertAsPublished(lab, x, atoms, GradientPursuit.steps(45), null);
    }
  }

  @EveryBackend
  void everyFormatAndPlacement(BackendUnderTest backend) {
    Random random = Seed.random(143);
    Dense x = Inputs.normal(5, 40, random);
    Dense atoms = Inputs.unitRows(90, 40, random);
    GradientPursuit options = GradientPursuit.steps(6).toleranceRelative(0.3f);
    try (Lab lab = backend.open()) {
      for (DType xType : DType.values()) {
        for (DType atomType : DType.values()) {
          for (Placement placement : Placement.values()) {
            Matrix rows = lab.matrix(x, xType, placement);
            Matrix dictionary = lab.matrix(atoms, atomType, placement);
            for (DType gram : PLAIN) {
              assertAsPublished(
                  pursue(lab, rows, dictionary, gram, options),
                  x.stored(xType),
                  atoms.stored(atomType),
                  options,
                  new int[] {6, 6, 6, 6, 6},
                  null,
                  MARGIN,
                  xType + " rows, " + atomType + " atoms, Gram " + gram + ", " + placement);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void rowsHaveStepsOfTheirOwn(BackendUnderTest backend) {
    Random random = Seed.random(144);
    Dense x = Inputs.normal(7, 30, random);
    Dense atoms = Inputs.unitRows(50, 30, random);
    int[] steps = {3, 0, -4, 8, 100, 1, 5};
    GradientPursuit options = GradientPursuit.steps(8);
    try (Lab lab = backend.open()) {
      int[] taken = Arrays.stream(steps).map(s -> Math.clamp(s, 0, 8)).toArray();
      for (DType gram : PLAIN) {
        Pursued found = pursue(lab, x, atoms, gram, options.rowSteps(lab.ints(steps)));
        assertAsPublished(found, x, atoms, options, taken, null, MARGIN, "steps of rows");
      }
    }
  }

  /** Its rounding shows where scores are close, and nowhere else. */
  @EveryBackend
  void aGramIn16BitsLimitsPicksOnly(BackendUnderTest backend) {
    Random random = Seed.random(148);
    Dense x = Inputs.normal(40, 40, random).map(v -> v + 0.3);
    Dense atoms = Inputs.unitRows(1100, 40, random);
    try (Lab lab = backend.open()) {
      for (GradientPursuit options : everyRule(3)) {
        int[] steps = new int[40];
        Arrays.fill(steps, 3);
        for (DType gram : new DType[] {DType.BF16, DType.F16}) {
          // Values of a few steps do not sum to more than the row twice over.
          double margin = 4 * (gram == DType.BF16 ? 0x1p-8 : 0x1p-11);
          Pursued found = pursue(lab, x, atoms, gram, options);
          String description = "Gram " + gram + ", " + options;
          assertAsPublished(found, x, atoms, options, steps, null, margin, description);
        }
      }
    }
  }

  @EveryBackend
  void aStepThatLeadsNowhereEndsTheRow(BackendUnderTest backend) {
    Dense x = Dense.ofRows(new float[] {0, 6, 0});
    Dense atoms = Dense.ofRows(new float[] {0, 2, 0}, new float[] {1, 0, 0});
    Slots expected = Slots.empty(1, 4);
    expected.add(0, 0, 3);
    try (Lab lab = backend.open()) {
      for (Sign sign : Sign.values()) {
        GradientPursuit options = GradientPursuit.steps(4).sign(sign);
        for (DType gram : ALL) {
          pursue(lab, x, atoms, gram, options).codes.assertSame(expected, options.toString());
          // ⟨c, c⟩ is 12²·4.
          Pursued below = pursue(lab, x, atoms, gram, options.epsilon(575));
          below.codes.assertSame(expected, "below");
          Pursued at = pursue(lab, x, atoms, gram, options.epsilon(576));
          at.codes.assertSame(Slots.empty(1, 4), "at");
        }
      }
    }
  }

  @EveryBackend
  void fitsBetterThanMatchingPursuit(BackendUnderTest backend) {
    Random random = Seed.random(145);
    Dense atoms = Inputs.unitRows(512, 64, random);
    Dense x = Dense.zeros(24, 64);
    for (int row = 0; row < 24; row++) {
      for (int j : Inputs.distinct(8, 512, random)) {
        float size = 0.5f + random.nextFloat();
        for (int i = 0; i < 64; i++) {
          x.values()[row * 64 + i] += size * atoms.at(j, i);
        }
      }
    }
    try (Lab lab = backend.open()) {
      for (GradientPursuit rule :
          List.of(GradientPursuit.steps(1), GradientPursuit.steps(1).withNonNegativeValues())) {
        double before = 1;
        for (int steps : new int[] {4, 8, 16}) {
          Matrix left = lab.output(24, 64);
          lab.pursuits()
              .matchingPursuit(
                  lab.matrix(x),
                  lab.matrix(atoms),
                  MatchingPursuit.steps(steps),
                  lab.tape(24, steps),
                  left);
          GradientPursuit options =
              rule.nonNegative()
                  ? GradientPursuit.steps(steps).withNonNegativeValues()
                  : GradientPursuit.steps(steps);
          double along = share(pursue(lab, x, atoms, options).residual.values(), x.values());
          assertThat(along)
              .as("%s", options)
              .isLessThan(share(left.download(), x.values()))
              .isLessThan(before);
          before = along;
        }
      }
    }
  }

  @EveryBackend
  void rowsWithoutAnythingToPickStayEmpty(BackendUnderTest backend) {
    Random random = Seed.random(146);
    Dense atoms = Inputs.normal(30, 12, random);
    Dense x = Inputs.normal(4, 12, random);
    x.values()[3] = Float.NaN;
    x.values()[12 + 5] = Float.POSITIVE_INFINITY;
    Arrays.fill(x.values(), 24, 36, 0);
    x.values()[36] = Float.NEGATIVE_INFINITY;
    Dense broken = Dense.zeros(4, 12);
    broken.values()[0] = Float.NaN;
    broken.values()[12] = Float.POSITIVE_INFINITY;
    broken.values()[24] = 1e-20f;
    try (Lab lab = backend.open()) {
      for (GradientPursuit options : everyRule(3)) {
        assertEmpty(lab, x, atoms, options);
        assertEmpty(lab, Inputs.normal(3, 12, random), broken, options);
        assertEmpty(lab, x.rows(0, 0), atoms, options);
        assertEmpty(lab, x, Dense.zeros(0, 12), options);
        assertEmpty(lab, Dense.zeros(3, 0), Dense.zeros(4, 0), options);
        assertEmpty(lab, Inputs.normal(3, 12, random), atoms, options.toleranceRelative(1.1f));
      }
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndRunAfterRun(BackendUnderTest backend) {
    Random random = Seed.random(147);
    Dense x = Inputs.normal(53, 40, random).map(v -> v + 0.5);
    Dense atoms = Inputs.normal(120, 40, random).map(v -> v + 0.3);
    GradientPursuit options = GradientPursuit.steps(10).withNonNegativeValues();
    for (DType gram : ALL) {
      Pursued first = null;
      for (int threads : new int[] {1, 2, 3, 1}) {
        try (Lab lab = backend.open(threads)) {
          Pursued found = pursue(lab, x, atoms, gram, options);
          first = first == null ? found : first;
          found.codes.assertSame(first.codes, threads + " threads, Gram " + gram);
          Same.bits(found.residual.values(), first.residual.values(), threads + " threads");
        }
      }
    }
  }

  private static void assertEmpty(Lab lab, Dense x, Dense atoms, GradientPursuit options) {
    for (DType gram : ALL) {
      Pursued found = pursue(lab, x, atoms, gram, options);
      String description = "Gram " + gram + ", " + options;
      found.codes.assertSame(Slots.empty(x.rows(), options.steps()), description);
      Same.numbers(found.residual.values(), x.values(), description + ": what is left");
    }
  }

  private static void assertAsPublished(
      Lab lab, Dense x, Dense atoms, GradientPursuit options, boolean[] mask) {
    int[] steps = new int[x.rows()];
    Arrays.fill(steps, options.steps());
    for (DType gram : PLAIN) {
      Pursued found = pursue(lab, x, atoms, gram, options.atomMask(lab.mask(mask)));
      String shape = "d = " + x.columns() + ", n = " + atoms.rows() + ", Gram " + gram + ", ";
      assertAsPublished(found, x, atoms, options, steps, mask, MARGIN, shape + options);
    }
  }

  /** Rows whose choices were too close to call are only asked for a residual that fits. */
  private static void assertAsPublished(
      Pursued found,
      Dense x,
      Dense atoms,
      GradientPursuit options,
      int[] steps,
      boolean[] mask,
      double margin,
      String description) {
    found.codes.assertWellFormed(description);
    double[][] all = new double[atoms.rows()][];
    for (int j = 0; j < all.length; j++) {
      all[j] = OrthogonalCertificate.doubles(atoms.row(j));
    }
    GradientPursuitTwin twin = new GradientPursuitTwin(all, options, mask);
    int clear = 0;
    for (int row = 0; row < x.rows(); row++) {
      int count = found.codes.counts()[row];
      float[] left = x.row(row);
      for (int s = 0; s < count; s++) {
        for (int i = 0; i < left.length; i++) {
          left[i] =
              Math.fma(-found.codes.value(row, s), atoms.at(found.codes.index(row, s), i), left[i]);
        }
      }
      Same.bits(found.residual.row(row), left, description + ": residual of row " + row);
      double[] whole = OrthogonalCertificate.doubles(x.row(row));
      GradientPursuitTwin.Fit expected = twin.pursue(whole, steps[row]);
      if (expected.margin() < margin) {
        continue;
      }
      clear++;
      int base = row * found.codes.k();
      int[] support = Arrays.copyOfRange(found.codes.indices(), base, base + count);
      assertThat(support)
          .as("%s: support of row %d", description, row)
          .containsExactly(expected.support().stream().mapToInt(j -> j).toArray());
      double bound = 2e-5 * LeastSquaresTwin.norm(whole);
      for (int s = 0; s < count; s++) {
        float value = found.codes.value(row, s);
        double exact = expected.values()[support[s]];
        assertThat(Math.abs(value - exact))
            .as("%s: row %d, slot %d is %s, not %s", description, row, s, value, exact)
            .isLessThanOrEqualTo(bound);
      }
    }
    assertThat(clear).as(description + ": rows with clear choices").isPositive();
  }

  /** What a pursuit wrote. */
  private record Pursued(Slots codes, Dense residual) {}

  private static Pursued pursue(Lab lab, Dense x, Dense atoms, GradientPursuit options) {
    return pursue(lab, x, atoms, DType.F32, options);
  }

  private static Pursued pursue(
      Lab lab, Dense x, Dense atoms, DType gram, GradientPursuit options) {
    return pursue(lab, lab.matrix(x), lab.matrix(atoms), gram, options);
  }

  /** With a Gram of the given format, or without one. */
  private static Pursued pursue(
      Lab lab, Matrix x, Matrix atoms, DType type, GradientPursuit options) {
    FixedWidthCodes codes = lab.codes(x.rows(), options.steps());
    Matrix residual = lab.output(x.rows(), x.columns());
    if (type == null) {
      lab.pursuits().gradientPursuit(x, atoms, options, codes, residual);
    } else {
      Gram gram = lab.gram(atoms.rows() + 1, type);
      lab.pursuits().gram(atoms, gram);
      lab.pursuits().gradientPursuit(x, atoms, gram, options, codes, residual);
    }
    return new Pursued(Slots.of(codes), new Dense(x.rows(), x.columns(), residual.download()));
  }

  private static double share(float[] left, float[] whole) {
    double[] all = OrthogonalCertificate.doubles(whole);
    double[] rest = OrthogonalCertificate.doubles(left);
    return LeastSquaresTwin.dot(rest, rest) / LeastSquaresTwin.dot(all, all);
  }

  /** Every sign, both supports, with and without values below 0 and a tolerance. */
  private static List<GradientPursuit> everyRule(int steps) {
    GradientPursuit plain = GradientPursuit.steps(steps);
    GradientPursuit positive = plain.withNonNegativeValues();
    return List.of(
        plain,
        plain.sign(Sign.POSITIVE),
        plain.sign(Sign.SIGNED).support(Support.RECOMPUTED),
        plain.scaling(AtomScaling.AS_IS).toleranceRelative(0.5f),
        positive,
        positive.sign(Sign.POSITIVE).toleranceAbsolute(2),
        positive.support(Support.RECOMPUTED).scaling(AtomScaling.AS_IS));
  }
}
