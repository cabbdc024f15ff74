package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.pursuit.data.DType;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.AtomScaling;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.kernel.Precision;
import org.pursuit.support.BackendUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.EveryBackend;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Placement;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Matching pursuit: exact on small integers, elsewhere certified step by step. */
class PursuitsContract {
  /** Formats of a Gram; null for residual products. */
  private static final DType[] GRAMS = {null, DType.F32, DType.BF16, DType.F16};

  /** Draws the Gram's format of each of many problems. */
  private final Random formats = Seed.random(104);

  @EveryBackend
  void picksExactlyWhereFloat32IsExact(BackendUnderTest backend) {
    Random random = Seed.random(60);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {0, 1, 7, 8, 9, 64, 257}) {
        for (int[] squares : new int[][] {{1, 4}, {2}, {16}}) {
          Dense atoms = PowerOfTwoAtoms.random(n, 24, squares, random);
          for (int rows : squares.length == 2 ? new int[] {0, 1, 13} : new int[] {6}) {
            Dense x = Inputs.integers(rows, 24, 6, random);
            for (MatchingPursuit options : everyRule(squares[0] == 16 ? 3 : 5)) {
              boolean[] mask = random.nextBoolean() ? null : Inputs.flags(n, 0.6, random);
              assertExact(lab, x, atoms, options, mask);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void picksExactlyAtLargeShapes(BackendUnderTest backend) {
    Random random = Seed.random(78);
    MatchingPursuit options = MatchingPursuit.steps(4);
    for (int[] shape : new int[][] {{47, 70}, {48, 1100}, {49, 2100}, {130, 33}, {1030, 129}}) {
      Dense atoms = PowerOfTwoAtoms.random(shape[1], 24, new int[] {1, 4}, random);
      Dense x = Inputs.integers(shape[0], 24, 6, random);
      boolean[] mask = Inputs.flags(shape[1], 0.8, random);
      try (Lab lab = backend.open()) {
        assertExact(lab, x, atoms, options, null);
        assertExact(lab, x, atoms, options.sign(Sign.POSITIVE), mask);
        assertExact(lab, x, atoms, options.reselection(Reselection.FORBID), mask);
        assertExact(lab, x, atoms, options.toleranceRelative(0.5f), null);
      }
    }
  }

  @EveryBackend
  void manyRowsAreCertified(BackendUnderTest backend) {
    Random random = Seed.random(79);
    for (int rows : new int[] {48, 61, 200}) {
      Dense x = Inputs.normal(rows, 300, random);
      Dense atoms = unevenAtoms(150, 300, random);
      try (Lab lab = backend.open()) {
        assertCertified(lab, x, atoms, MatchingPursuit.steps(7), null);
        assertCertified(lab, x, atoms, MatchingPursuit.steps(7).toleranceRelative(0.9f), null);
      }
    }
  }

  /** Without a Gram the residuals are rounded too, so that they must stay small integers. */
  @EveryBackend
  void everyPrecisionIsExactOnSmallIntegers(BackendUnderTest backend) {
    Random random = Seed.random(105);
    Dense x = Inputs.integers(70, 24, 6, random);
    Dense atoms = PowerOfTwoAtoms.random(90, 24, new int[] {1, 4}, random);
    Dense unitAtoms = PowerOfTwoAtoms.random(90, 24, new int[] {1}, random);
    try (Lab lab = backend.open()) {
      for (Precision precision : Precision.values()) {
        MatchingPursuit options = MatchingPursuit.steps(4).precision(precision);
        assertExact(lab, x, atoms, options, null, DType.F32);
        assertExact(lab, x, atoms, options.toleranceRelative(0.5f), null, DType.BF16);
        assertExact(lab, x, unitAtoms, options, null, null);
      }
    }
  }

  @EveryBackend
  void everyPrecisionIsCertified(BackendUnderTest backend) {
    Random random = Seed.random(106);
    Dense x = Inputs.normal(70, 48, random);
    Dense atoms = unevenAtoms(130, 48, random);
    try (Lab lab = backend.open()) {
      for (Precision precision : Precision.values()) {
        MatchingPursuit options = MatchingPursuit.steps(6).precision(precision);
        assertCertified(lab, x, atoms, options, null);
        assertCertified(lab, x, atoms, options.toleranceRelative(0.7f), null);
      }
    }
  }

  @EveryBackend
  void atomsAsTheyAreExactly(BackendUnderTest backend) {
    Random random = Seed.random(61);
    Dense atoms = PowerOfTwoAtoms.random(50, 24, new int[] {1, 2, 4}, random);
    Dense x = Inputs.integers(9, 24, 6, random);
    try (Lab lab = backend.open()) {
      for (MatchingPursuit options : everyRule(4)) {
        assertExact(lab, x, atoms, options.scaling(AtomScaling.AS_IS), null);
      }
    }
  }

  @EveryBackend
  void stopsAtTheToleranceExactly(BackendUnderTest backend) {
    Dense atoms = Dense.ofRows(new float[] {1, 0}, new float[] {0, 2});
    Dense x = Dense.ofRows(new float[] {3, 4}, new float[] {4, 3}, new float[] {6, 8});
    try (Lab lab = backend.open()) {
      MatchingPursuit options = MatchingPursuit.steps(2);
      for (float tolerance : new float[] {0, 2.5f, 3, 4.5f, 5, 6, 10}) {
        assertExact(lab, x, atoms, options.toleranceAbsolute(tolerance), null);
      }
      for (float tolerance : new float[] {0, 0.5f, 0.7f, 1, 2}) {
        assertExact(lab, x, atoms, options.toleranceRelative(tolerance), null);
        assertExact(lab, x, atoms, options.toleranceRelative(tolerance).toleranceAbsolute(5), null);
      }
    }
  }

  @EveryBackend
  void everyRuleIsCertified(BackendUnderTest backend) {
    Random random = Seed.random(62);
    Dense x = Inputs.normal(9, 48, random);
    Dense atoms = unevenAtoms(130, 48, random);
    boolean[] mask = Inputs.flags(130, 0.7, random);
    try (Lab lab = backend.open()) {
      for (MatchingPursuit rule : everyRule(24)) {
        for (MatchingPursuit options :
            List.of(rule, rule.toleranceAbsolute(3), rule.toleranceRelative(0.6f))) {
          assertCertified(lab, x, atoms, options, null);
          assertCertified(lab, x, atoms, options, mask);
        }
      }
    }
  }

  @EveryBackend
  void unitAtomsAsTheyAreAreCertified(BackendUnderTest backend) {
    Random random = Seed.random(63);
    Dense x = Inputs.normal(9, 48, random);
    Dense atoms = Inputs.unitRows(130, 48, random);
    try (Lab lab = backend.open()) {
      for (MatchingPursuit options : everyRule(24)) {
        assertCertified(lab, x, atoms, options.scaling(AtomScaling.AS_IS), null);
      }
    }
  }

  @EveryBackend
  void everyShapeIsCertified(BackendUnderTest backend) {
    Random random = Seed.random(64);
    try (Lab lab = backend.open()) {
      for (int d : new int[] {1, 7, 8, 9, 63, 257}) {
        for (int n : new int[] {1, 15, 16, 17, 255, 600}) {
          Dense atoms = unevenAtoms(n, d, random);
          for (int rows : new int[] {1, 5, 6, 7}) {
            assertCertified(
                lab, Inputs.normal(rows, d, random), atoms, MatchingPursuit.steps(6), null);
          }
        }
      }
    }
  }

  @EveryBackend
  void everyFormatAndPlacementIsCertified(BackendUnderTest backend) {
    Random random = Seed.random(65);
    Dense x = Inputs.normal(7, 40, random);
    Dense atoms = unevenAtoms(90, 40, random);
    MatchingPursuit options = MatchingPursuit.steps(12);
    try (Lab lab = backend.open()) {
      for (DType xType : DType.values()) {
        for (DType atomType : DType.values()) {
          for (DType gram : GRAMS) {
            PursuitCertificate certificate =
                new PursuitCertificate(
                    x.stored(xType), atoms.stored(atomType), gram, options, null);
            for (Placement placement : Placement.values()) {
              Matrix placedX = lab.matrix(x, xType, placement);
              Matrix placedAtoms = lab.matrix(atoms, atomType, placement);
              Pursued found = pursue(lab, placedX, placedAtoms, options, gram);
              certificate.check(
                  found.tape,
                  found.residual,
                  xType + " rows, " + atomType + " atoms " + placement + by(gram));
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void aPrefixOfTheTapeIsTheTapeOfFewerSteps(BackendUnderTest backend) {
    Random random = Seed.random(66);
    Dense x = Inputs.normal(11, 30, random);
    Dense atoms = unevenAtoms(70, 30, random);
    try (Lab lab = backend.open()) {
      for (DType gram : GRAMS) {
        for (Reselection reselection : Reselection.values()) {
          Slots longest = null;
          for (int steps : new int[] {20, 13, 8, 1}) {
            MatchingPursuit options = MatchingPursuit.steps(steps).reselection(reselection);
            Slots tape = pursue(lab, lab.matrix(x), lab.matrix(atoms), options, gram).tape;
            longest = longest == null ? tape : longest;
            tape.assertSame(
                longest.prefix(steps), reselection + ", " + steps + " steps" + by(gram));
          }
        }
      }
    }
  }

  /** Bit for bit, whatever a Gram's format does to the picks and their coefficients. */
  @EveryBackend
  void theResidualIsTheRowLessWhatTheTapeTook(BackendUnderTest backend) {
    Dense x = Inputs.normal(7, 70, Seed.random(102));
    Dense atoms = unevenAtoms(90, 70, Seed.random(103));
    try (Lab lab = backend.open()) {
      for (DType gram : GRAMS) {
        for (float tolerance : new float[] {0, 0.3f}) {
          MatchingPursuit options = MatchingPursuit.steps(12).toleranceRelative(tolerance);
          Pursued found = pursue(lab, lab.matrix(x), lab.matrix(atoms), options, gram);
          for (int row = 0; row < 7; row++) {
            float[] r = x.row(row);
            for (int step = 0; step < found.tape.counts()[row]; step++) {
              float[] atom = atoms.row(found.tape.index(row, step));
              for (int i = 0; i < r.length; i++) {
                r[i] = Math.fma(-found.tape.value(row, step), atom[i], r[i]);
              }
            }
            Same.bits(found.residual.row(row), r, options + by(gram) + ", row " + row);
          }
        }
      }
    }
  }

  @EveryBackend
  void aRepeatedPickIsRecordedAndThenStops(BackendUnderTest backend) {
    Dense atoms = Dense.ofRows(new float[] {1, 0}, new float[] {1, 1});
    Dense x = Dense.ofRows(new float[] {4, 3});
    Slots expected = Slots.empty(1, 6);
    expected.add(0, 1, 3.5f);
    expected.add(0, 0, 0.5f);
    expected.add(0, 1, -0.25f);
    MatchingPursuit options = MatchingPursuit.steps(6).reselection(Reselection.STOP);
    try (Lab lab = backend.open()) {
      for (DType gram : GRAMS) {
        Pursued found = pursue(lab, lab.matrix(x), lab.matrix(atoms), options, gram);
        found.tape.assertSame(expected, "STOP" + by(gram));
        Same.numbers(found.residual.values(), new float[] {0.25f, -0.25f}, "what is left");
      }
    }
  }

  @EveryBackend
  void rowsWithoutAPositiveCorrelationTakeNoPositiveStep(BackendUnderTest backend) {
    Random random = Seed.random(67);
    Dense atoms = Inputs.normal(60, 20, random).map(Math::abs);
    Dense x = Inputs.normal(5, 20, random).map(value -> -Math.abs(value));
    assertNothingPicked(backend, x, atoms, MatchingPursuit.steps(4).sign(Sign.POSITIVE));
  }

  @EveryBackend
  void zeroRowsTakeNoStep(BackendUnderTest backend) {
    Dense atoms = Inputs.normal(60, 20, Seed.random(68));
    for (MatchingPursuit options : everyRule(4)) {
      assertNothingPicked(backend, Dense.zeros(3, 20), atoms, options);
    }
  }

  @EveryBackend
  void rowsWithNanOrInfinityTakeNoStep(BackendUnderTest backend) {
    Dense atoms = Inputs.normal(60, 20, Seed.random(69));
    Dense x = Inputs.normal(5, 20, Seed.random(70));
    float[] special = {
      Float.NaN,
      Float.intBitsToFloat(0xffc00001),
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN
    };
    for (int row = 0; row < special.length; row++) {
      x.values()[row * 20 + 3 * row] = special[row];
    }
    x.values()[4 * 20] = Float.POSITIVE_INFINITY;
    for (Sign sign : Sign.values()) {
      for (float tolerance : new float[] {0, 0.5f}) {
        assertNothingPicked(
            backend, x, atoms, MatchingPursuit.steps(4).sign(sign).toleranceRelative(tolerance));
      }
    }
  }

  @EveryBackend
  void noAtomsAndNoDimensionsGiveNoStep(BackendUnderTest backend) {
    Dense x = Inputs.normal(5, 20, Seed.random(71));
    assertNothingPicked(backend, x, Dense.zeros(0, 20), MatchingPursuit.steps(3));
    assertNothingPicked(backend, Dense.zeros(4, 0), Dense.zeros(9, 0), MatchingPursuit.steps(3));
    assertNothingPicked(backend, Dense.zeros(0, 20), Dense.zeros(9, 20), MatchingPursuit.steps(3));
  }

  @EveryBackend
  void atomsNearZeroAreNeverPicked(BackendUnderTest backend) {
    Dense x = Inputs.integers(4, 8, 5, Seed.random(72)).map(value -> value == 0 ? 1 : value);
    float[] tooSmall = new float[8];
    tooSmall[2] = 1e-19f;
    assertNothingPicked(backend, x, Dense.ofRows(new float[8], tooSmall), MatchingPursuit.steps(3));

    float[] smallest = new float[8];
    smallest[2] = 0x1p-63f; // its square is the smallest normal float
    try (Lab lab = backend.open()) {
      for (DType gram : GRAMS) {
        Matrix atoms = lab.matrix(Dense.ofRows(tooSmall, smallest));
        Slots tape = pursue(lab, lab.matrix(x), atoms, MatchingPursuit.steps(1), gram).tape;
        assertThat(tape.indices()).as("the smallest atom" + by(gram)).containsOnly(1);
      }
    }
  }

  @EveryBackend
  void atomsWhoseNormIsNotFiniteAreNeverPicked(BackendUnderTest backend) {
    Dense x = Inputs.normal(5, 24, Seed.random(90));
    Dense zeroed = unevenAtoms(40, 24, Seed.random(91));
    Dense broken = zeroed.map(value -> value);
    float[] special = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 1e30f};
    for (int s = 0; s < special.length; s++) {
      Arrays.fill(zeroed.values(), 9 * s * 24, (9 * s + 1) * 24, 0);
      broken.values()[9 * s * 24 + 5 * s] = special[s];
    }
    try (Lab lab = backend.open()) {
      for (DType gram : GRAMS) {
        for (MatchingPursuit options : everyRule(6)) {
          Pursued expected = pursue(lab, lab.matrix(x), lab.matrix(zeroed), options, gram);
          Pursued found = pursue(lab, lab.matrix(x), lab.matrix(broken), options, gram);
          found.tape.assertSame(expected.tape, options + by(gram));
          Same.bits(found.residual.values(), expected.residual.values(), options.toString());
        }
      }
    }
  }

  @EveryBackend
  void moreStepsThanAtomsPickEachAtMostOnce(BackendUnderTest backend) {
    Random random = Seed.random(73);
    MatchingPursuit options = MatchingPursuit.steps(20).reselection(Reselection.FORBID);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {1, 3, 16}) {
        Dense x = Inputs.normal(5, 40, random);
        Dense atoms = unevenAtoms(n, 40, random);
        assertCertified(lab, x, atoms, options, null);
        Slots tape = pursue(lab, lab.matrix(x), lab.matrix(atoms), options, null).tape;
        assertThat(tape.counts()).as(n + " atoms").containsOnly(n);
      }
    }
  }

  @EveryBackend
  void unitAtomsAsTheyAreEqualNormalisedOnes(BackendUnderTest backend) {
    Random random = Seed.random(74);
    Dense x = Inputs.normal(8, 24, random);
    Dense atoms = PowerOfTwoAtoms.random(60, 24, new int[] {4}, random).map(v -> v / 2);
    try (Lab lab = backend.open()) {
      for (DType gram : GRAMS) {
        for (MatchingPursuit options : everyRule(10)) {
          Pursued normalised = pursue(lab, lab.matrix(x), lab.matrix(atoms), options, gram);
          Pursued asIs =
              pursue(
                  lab, lab.matrix(x), lab.matrix(atoms), options.scaling(AtomScaling.AS_IS), gram);
          asIs.tape.assertSame(normalised.tape, options + by(gram));
          Same.bits(asIs.residual.values(), normalised.residual.values(), options.toString());
        }
      }
    }
  }

  @EveryBackend
  void theResidualMayBeLeftOut(BackendUnderTest backend) {
    Dense x = Inputs.normal(6, 24, Seed.random(75));
    Dense atoms = unevenAtoms(40, 24, Seed.random(76));
    MatchingPursuit options = MatchingPursuit.steps(5);
    try (Lab lab = backend.open()) {
      for (DType gram : GRAMS) {
        Matrix uploaded = lab.matrix(atoms);
        PursuitTape tape = lab.tape(6, 5);
        if (gram != null) {
          lab.pursuits()
              .matchingPursuit(
                  lab.matrix(x), uploaded, gramOf(lab, uploaded, gram), options, tape, null);
        } else {
          lab.pursuits().matchingPursuit(lab.matrix(x), uploaded, options, tape, null);
        }
        Slots expected = pursue(lab, lab.matrix(x), uploaded, options, gram).tape;
        Slots.of(tape).assertSame(expected, "without residual" + by(gram));
      }
    }
  }

  @EveryBackend
  void sameForAnyNumberOfThreadsAndRunAfterRun(BackendUnderTest backend) {
    Random random = Seed.random(77);
    Dense x = Inputs.normal(53, 64, random);
    Dense atoms = unevenAtoms(200, 64, random);
    MatchingPursuit options = MatchingPursuit.steps(16);
    for (DType gram : GRAMS) {
      Pursued first = null;
      for (int threads : new int[] {1, 2, 3, 1}) {
        try (Lab lab = backend.open(threads)) {
          Pursued found = pursue(lab, lab.matrix(x), lab.matrix(atoms), options, gram);
          first = first == null ? found : first;
          String description = threads + " threads" + by(gram);
          found.tape.assertSame(first.tape, description);
          Same.bits(found.residual.values(), first.residual.values(), description);
        }
      }
    }
  }

  private void assertExact(Lab lab, Dense x, Dense atoms, MatchingPursuit options, boolean[] mask) {
    assertExact(lab, x, atoms, options, mask, null);
    assertExact(lab, x, atoms, options, mask, GRAMS[1 + formats.nextInt(3)]);
  }

  private static void assertExact(
      Lab lab, Dense x, Dense atoms, MatchingPursuit options, boolean[] mask, DType gram) {
    PursuitTwin twin = new PursuitTwin(x, atoms, options, mask);
    MatchingPursuit masked = options.atomMask(lab.mask(mask));
    Pursued found = pursue(lab, lab.matrix(x), lab.matrix(atoms), masked, gram);
    String description = atoms.rows() + " atoms, " + masked + by(gram);
    found.tape.assertSame(twin.tape(), description);
    Same.numbers(found.residual.values(), twin.residual().values(), description);
  }

  private static void assertCertified(
      Lab lab, Dense x, Dense atoms, MatchingPursuit options, boolean[] mask) {
    MatchingPursuit masked = options.atomMask(lab.mask(mask));
    for (DType gram : GRAMS) {
      PursuitCertificate certificate = new PursuitCertificate(x, atoms, gram, options, mask);
      Pursued found = pursue(lab, lab.matrix(x), lab.matrix(atoms), masked, gram);
      String shape = "d = " + x.columns() + ", n = " + atoms.rows() + ", ";
      certificate.check(found.tape, found.residual, shape + masked + by(gram));
    }
  }

  private static void assertNothingPicked(
      BackendUnderTest backend, Dense x, Dense atoms, MatchingPursuit options) {
    try (Lab lab = backend.open()) {
      for (DType gram : GRAMS) {
        Pursued found = pursue(lab, lab.matrix(x), lab.matrix(atoms), options, gram);
        found.tape.assertSame(Slots.empty(x.rows(), options.steps()), options + by(gram));
        Same.numbers(found.residual.values(), x.values(), options + ": what is left");
      }
    }
  }

  /** What a pursuit wrote. */
  private record Pursued(Slots tape, Dense residual) {}

  private static Pursued pursue(
      Lab lab, Matrix x, Matrix atoms, MatchingPursuit options, DType gram) {
    PursuitTape tape = lab.tape(x.rows(), options.steps());
    Matrix residual = lab.output(x.rows(), x.columns());
    if (gram != null) {
      lab.pursuits().matchingPursuit(x, atoms, gramOf(lab, atoms, gram), options, tape, residual);
    } else {
      lab.pursuits().matchingPursuit(x, atoms, options, tape, residual);
    }
    return new Pursued(Slots.of(tape), new Dense(x.rows(), x.columns(), residual.download()));
  }

  private static Gram gramOf(Lab lab, Matrix atoms, DType format) {
    Gram gram = lab.gram(atoms.rows() + 1, format);
    lab.pursuits().gram(atoms, gram);
    return gram;
  }

  private static String by(DType gram) {
    return gram == null ? "" : ", with Gram " + gram;
  }

  /** Every sign with every rule of reselection. */
  private static List<MatchingPursuit> everyRule(int steps) {
    return List.of(Sign.values()).stream()
        .flatMap(
            sign ->
                List.of(Reselection.values()).stream()
                    .map(r -> MatchingPursuit.steps(steps).sign(sign).reselection(r)))
        .toList();
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
