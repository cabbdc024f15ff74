package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.OrthogonalPursuit;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Orthogonal matching pursuit: exact on orthogonal integers, elsewhere certified step by step. */
class OrthogonalPursuitContract {
  /** Without a Gram, and with one whose elements are as good as products of the atoms. */
  private static final DType[] PLAIN = {null, DType.F32};

  /** Every format of a Gram, and none. */
  private static final DType[] ALL = {null, DType.F32, DType.BF16, DType.F16};

  @EveryBackend
  void aSupportThatSpansTheSpaceEndsTheRow(BackendUnderTest backend) {
    Random random = Seed.random(290);
    try (Lab lab = backend.open()) {
      Dense x = Inputs.normal(3, 4, random);
      Dense atoms = Inputs.unitRows(300, 4, random);
      for (DType gram : PLAIN) {
        Pursued found = pursue(lab, x, atoms, gram, OrthogonalPursuit.steps(20));
        assertThat(found.codes.counts()).containsExactly(4, 4, 4);
      }
    }
  }

  /** On orthogonal atoms this is matching pursuit without reselection. */
  @EveryBackend
  void orthogonalAtomsExactly(BackendUnderTest backend) {
    Random random = Seed.random(120);
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
          for (OrthogonalPursuit options : everyRule(5)) {
            boolean[] mask = random.nextBoolean() ? null : Inputs.flags(n, 0.6, random);
            MatchingPursuit matching =
                MatchingPursuit.steps(5)
                    .sign(options.sign())
                    .reselection(Reselection.FORBID)
                    .toleranceAbsolute(options.toleranceAbsolute())
                    .toleranceRelative(options.toleranceRelative());
            PursuitTwin twin = new PursuitTwin(x, atoms, matching, mask);
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

  @EveryBackend
  void everyShapeIsCertified(BackendUnderTest backend) {
    Random random = Seed.random(121);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {1, 7, 8, 33, 130}) {
        for (int n : new int[] {1, 15, 17, 300}) {
          for (int steps : new int[] {1, 6, 12}) {
            OrthogonalPursuit options = OrthogonalPursuit.steps(Math.min(steps, d / 2 + 1));
            Dense atoms = unevenAtoms(n, d, random);
            assertCertified(lab, Inputs.normal(3, d, random), atoms, options, null);
          }
        }
      }
    }
  }

  @EveryBackend
  void everyRuleIsCertified(BackendUnderTest backend) {
    Random random = Seed.random(122);
    Dense x = Inputs.normal(7, 60, random);
    Dense atoms = unevenAtoms(140, 60, random);
    boolean[] mask = Inputs.flags(140, 0.7, random);
    try (Lab lab = backend.open()) {
      for (OrthogonalPursuit options : everyRule(20)) {
        if (!options.nonNegative()) {
          assertCertified(lab, x, atoms, options, null);
          assertCertified(lab, x, atoms, options, mask);
        }
      }
    }
  }

  /**
   * More atoms and steps than a block of the device keeps on the chip, and than one sweep takes.
   */
  @EveryBackend
  void manyAtomsAndStepsAreCertified(BackendUnderTest backend) {
    Random random = Seed.random(123);
    try (Lab lab = backend.open()) {
      Dense many = Inputs.normal(1100, 90, random);
      assertCertified(lab, Inputs.normal(1, 90, random), many, OrthogonalPursuit.steps(20), null);
      Dense few = Inputs.normal(140, 150, random);
      assertCertified(lab, Inputs.normal(1, 150, random), few, OrthogonalPursuit.steps(134), null);
    }
  }

  @EveryBackend
  void everyFormatAndPlacementIsCertified(BackendUnderTest backend) {
    Random random = Seed.random(124);
    Dense x = Inputs.normal(5, 40, random);
    Dense atoms = unevenAtoms(90, 40, random);
    OrthogonalPursuit options = OrthogonalPursuit.steps(8).toleranceRelative(0.2f);
    try (Lab lab = backend.open()) {
      for (DType xType : DType.values()) {
        for (DType atomType : DType.values()) {
          OrthogonalCertificate certificate =
              new OrthogonalCertificate(x.stored(xType), atoms.stored(atomType), options, null);
          for (Placement placement : Placement.values()) {
            Matrix rows = lab.matrix(x, xType, placement);
            Matrix dictionary = lab.matrix(atoms, atomType, placement);
            for (DType gram : PLAIN) {
              Pursued found = pursue(lab, rows, dictionary, gram, options);
              certificate.check(
                  found.codes,
                  found.residual,
                  xType + " rows, " + atomType + " atoms, Gram " + gram + ", " + placement);
            }
          }
        }
      }
    }
  }

  /** Its rounding shows where scores are close, and nowhere else. */
  @EveryBackend
  void aGramIn16BitsLimitsPicksOnly(BackendUnderTest backend) {
    Random random = Seed.random(132);
    Dense x = Inputs.normal(9, 60, random);
    Dense atoms = unevenAtoms(1100, 60, random);
    Dense few = Inputs.normal(70, 60, random);
    try (Lab lab = backend.open()) {
      for (DType gram : new DType[] {DType.BF16, DType.F16}) {
        for (OrthogonalPursuit options : everyRule(13)) {
          if (!options.nonNegative()) {
            assertCertified(lab, x, atoms, gram, options, null);
            assertCertified(lab, x, few, gram, options, null);
          }
        }
      }
    }
  }

  @EveryBackend
  void dependentAtomsArePassedOver(BackendUnderTest backend) {
    Dense atoms =
        Dense.ofRows(
            new float[] {1, 0, 0},
            new float[] {-2, 0, 0},
            new float[] {0, 1, 0},
            new float[] {1, 1, 0},
            new float[] {0, 0, 1});
    Slots expected = Slots.empty(1, 5);
    expected.add(0, 3, 3);
    expected.add(0, 4, 2);
    expected.add(0, 0, 1);
    try (Lab lab = backend.open()) {
      Dense x = Dense.ofRows(new float[] {4, 3, 2});
      for (DType gram : ALL) {
        Pursued found = pursue(lab, x, atoms, gram, OrthogonalPursuit.steps(5));
        Same.ints(found.codes.indices(), expected.indices(), "support");
        Same.ints(found.codes.counts(), expected.counts(), "count");
        for (int s = 0; s < 5; s++) {
          assertThat(Math.abs(found.codes.value(0, s) - expected.value(0, s))).isLessThan(1e-6f);
        }
      }
    }
  }

  /** Correlations with near copies of what is taken are the largest where others are negative. */
  @EveryBackend
  void aStepToADependentAtomAddsNone(BackendUnderTest backend) {
    Dense atoms =
        Dense.ofRows(
            new float[] {2, 0, 0},
            new float[] {1, -1e-4f, 0},
            new float[] {4, -1e-3f, 0},
            new float[] {0, -1, 0},
            new float[] {0, 0, -2});
    Dense x = Dense.ofRows(new float[] {8, 1, 2});
    Slots expected = Slots.empty(1, 5);
    expected.add(0, 0, 4);
    expected.add(0, 3, -1);
    expected.add(0, 4, -1);
    try (Lab lab = backend.open()) {
      for (DType gram : ALL) {
        for (int steps = 1; steps <= 5; steps++) {
          OrthogonalPursuit options = OrthogonalPursuit.steps(steps).sign(Sign.SIGNED);
          Slots taken = Slots.empty(1, steps);
          for (int s = 0; s < Math.max(1, steps - 2); s++) { // steps 2 and 3 are for the copies
            taken.add(0, expected.index(0, s), expected.value(0, s));
          }
          pursue(lab, x, atoms, gram, options).codes.assertSame(taken, gram + ", " + options);
        }
      }
    }
  }

  /** A wide space of which only a plane has atoms: two of them fit any row as well as all. */
  @EveryBackend
  void noMoreAtomsThanTheirRank(BackendUnderTest backend) {
    Random random = Seed.random(125);
    Dense atoms = Dense.zeros(30, 20);
    for (int j = 0; j < 30; j++) {
      atoms.values()[j * 20 + 3] = (float) random.nextGaussian();
      atoms.values()[j * 20 + 11] = (float) random.nextGaussian();
    }
    try (Lab lab = backend.open()) {
      Dense x = Inputs.normal(6, 20, random);
      for (DType gram : PLAIN) {
        Pursued found = pursue(lab, x, atoms, gram, OrthogonalPursuit.steps(9));
        assertThat(found.codes.counts()).containsOnly(2);
      }
    }
  }

  @EveryBackend
  void fitsBetterThanMatchingPursuit(BackendUnderTest backend) {
    Random random = Seed.random(126);
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
        double unexplained = share(left.download(), x.values());
        Pursued found = pursue(lab, x, atoms, OrthogonalPursuit.steps(steps));
        double orthogonally = share(found.residual.values(), x.values());
        assertThat(orthogonally).as("%d steps", steps).isLessThan(unexplained).isLessThan(before);
        before = orthogonally;
      }
    }
  }

  @EveryBackend
  void nonNegativeValuesAreThoseOfTheBestSubset(BackendUnderTest backend) {
    Random random = Seed.random(127);
    Dense atoms = Inputs.normal(25, 9, random).map(v -> Math.abs(v) + 0.3);
    Dense x = Inputs.normal(40, 9, random).map(v -> v + 1);
    NonNegativeTwin twin = new NonNegativeTwin(atoms, 6);
    OrthogonalPursuit options = OrthogonalPursuit.steps(6).withNonNegativeValues();
    for (DType gram : PLAIN) {
      int left = 0;
      try (Lab lab = backend.open()) {
        Pursued found = pursue(lab, x, atoms, gram, options);
        for (int row = 0; row < 40; row++) {
          NonNegativeTwin.Fit expected = twin.pursue(x.row(row));
          left += expected.left();
          int count = found.codes.counts()[row];
          int[] support = Arrays.copyOfRange(found.codes.indices(), row * 6, row * 6 + count);
          assertThat(support).as("support of row %d", row).containsExactly(expected.support());
          for (int s = 0; s < count; s++) {
            float value = found.codes.value(row, s);
            assertThat(value).as("value %d of row %d", s, row).isPositive();
            assertThat(Math.abs(value - expected.values()[s]))
                .as("value %d of row %d is %s, not %s", s, row, value, expected.values()[s])
                .isLessThan(1e-3);
          }
        }
      }
      assertThat(left).as("atoms that left").isGreaterThan(5);
    }
  }

  @EveryBackend
  void rowsWithoutAnythingToPickStayEmpty(BackendUnderTest backend) {
    Random random = Seed.random(128);
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
      for (OrthogonalPursuit options : everyRule(3)) {
        assertEmpty(lab, x, atoms, options);
        assertEmpty(lab, Inputs.normal(3, 12, random), broken, options);
        assertEmpty(lab, x.rows(0, 0), atoms, options);
        assertEmpty(lab, x, Dense.zeros(0, 12), options);
        assertEmpty(lab, Dense.zeros(3, 0), Dense.zeros(4, 0), options);
        assertEmpty(lab, Inputs.normal(3, 12, random), atoms, options.toleranceRelative(1.1f));
      }
      Dense negative = atoms.map(v -> -Math.abs(v));
      Dense positive = Inputs.normal(3, 12, random).map(Math::abs);
      assertEmpty(lab, positive, negative, OrthogonalPursuit.steps(3).sign(Sign.POSITIVE));
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndRunAfterRun(BackendUnderTest backend) {
    Random random = Seed.random(129);
    Dense x = Inputs.normal(53, 40, random).map(v -> v + 0.5);
    Dense atoms = Inputs.normal(120, 40, random).map(v -> v + 0.3);
    for (OrthogonalPursuit options :
        List.of(OrthogonalPursuit.steps(10), OrthogonalPursuit.steps(10).withNonNegativeValues())) {
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
  }

  @EveryBackend
  void theResidualMayBeLeftOut(BackendUnderTest backend) {
    Random random = Seed.random(130);
    Dense x = Inputs.normal(6, 24, random);
    Dense atoms = unevenAtoms(40, 24, random);
    try (Lab lab = backend.open()) {
      for (float tolerance : new float[] {0, 0.5f}) {
        OrthogonalPursuit options = OrthogonalPursuit.steps(5).toleranceRelative(tolerance);
        Matrix uploaded = lab.matrix(atoms);
        FixedWidthCodes codes = lab.codes(6, 5);
        for (DType type : ALL) {
          pursue(lab, lab.matrix(x), uploaded, type, options, codes, null);
          Slots.of(codes).assertSame(pursue(lab, x, atoms, type, options).codes, "Gram " + type);
        }
      }
    }
  }

  private static void assertEmpty(Lab lab, Dense x, Dense atoms, OrthogonalPursuit options) {
    for (DType gram : ALL) {
      Pursued found = pursue(lab, x, atoms, gram, options);
      String description = "Gram " + gram + ", " + options;
      found.codes.assertSame(Slots.empty(x.rows(), options.steps()), description);
      Same.numbers(found.residual.values(), x.values(), description + ": what is left");
    }
  }

  private static void assertCertified(
      Lab lab, Dense x, Dense atoms, OrthogonalPursuit options, boolean[] mask) {
    for (DType gram : PLAIN) {
      assertCertified(lab, x, atoms, gram, options, mask);
    }
  }

  private static void assertCertified(
      Lab lab, Dense x, Dense atoms, DType gram, OrthogonalPursuit options, boolean[] mask) {
    Pursued found = pursue(lab, x, atoms, gram, options.atomMask(lab.mask(mask)));
    String shape = "d = " + x.columns() + ", n = " + atoms.rows() + ", Gram " + gram + ", ";
    new OrthogonalCertificate(x, atoms, options, mask, gramRoundoff(gram))
        .check(found.codes, found.residual, shape + options);
  }

  private static double gramRoundoff(DType gram) {
    return gram == DType.BF16 ? 0x1p-8 : gram == DType.F16 ? 0x1p-11 : 0;
  }

  /** What a pursuit wrote. */
  private record Pursued(Slots codes, Dense residual) {}

  private static Pursued pursue(Lab lab, Dense x, Dense atoms, OrthogonalPursuit options) {
    return pursue(lab, x, atoms, DType.F32, options);
  }

  private static Pursued pursue(
      Lab lab, Dense x, Dense atoms, DType gram, OrthogonalPursuit options) {
    return pursue(lab, lab.matrix(x), lab.matrix(atoms), gram, options);
  }

  private static Pursued pursue(
      Lab lab, Matrix x, Matrix atoms, DType gram, OrthogonalPursuit options) {
    FixedWidthCodes codes = lab.codes(x.rows(), options.steps());
    Matrix residual = lab.output(x.rows(), x.columns());
    pursue(lab, x, atoms, gram, options, codes, residual);
    return new Pursued(Slots.of(codes), new Dense(x.rows(), x.columns(), residual.download()));
  }

  /** With a Gram of the given format, or without one. */
  private static void pursue(
      Lab lab,
      Matrix x,
      Matrix atoms,
      DType type,
      OrthogonalPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    if (type == null) {
      lab.pursuits().orthogonalMatchingPursuit(x, atoms, options, codes, residual);
      return;
    }
    Gram gram = lab.gram(atoms.rows() + 1, type);
    lab.pursuits().gram(atoms, gram);
    lab.pursuits().orthogonalMatchingPursuit(x, atoms, gram, options, codes, residual);
  }

  private static double share(float[] left, float[] whole) {
    double[] all = OrthogonalCertificate.doubles(whole);
    double[] rest = OrthogonalCertificate.doubles(left);
    return LeastSquaresTwin.dot(rest, rest) / LeastSquaresTwin.dot(all, all);
  }

  /** Every sign, with and without a tolerance. */
  private static List<OrthogonalPursuit> everyRule(int steps) {
    OrthogonalPursuit plain = OrthogonalPursuit.steps(steps);
    return List.of(
        plain,
        plain.sign(Sign.POSITIVE),
        plain.sign(Sign.SIGNED),
        plain.withNonNegativeValues(),
        plain.toleranceRelative(0.5f),
        plain.toleranceAbsolute(3).sign(Sign.POSITIVE));
  }

  /** Atoms whose norms differ by a factor of a thousand. */
  private static Dense unevenAtoms(int n, int d, Random random) {
    Dense atoms = Inputs.normal(n, d, random);
    for (int i = 0; i < atoms.values().length; i++) {
      atoms.values()[i] *= (float) Math.pow(10, i / d % 4 - 2);
    }
    return atoms;
  }
}
