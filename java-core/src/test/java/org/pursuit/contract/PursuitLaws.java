package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.PropertyDefaults;
import net.jqwik.api.constraints.IntRange;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.MatchingPursuit;
import org.pursuit.kernel.MatchingPursuit.Reselection;
import org.pursuit.kernel.MatchingPursuit.Sign;
import org.pursuit.support.BackendsUnderTest;
import org.pursuit.support.Dense;
import org.pursuit.support.Inputs;
import org.pursuit.support.Lab;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** Laws of matching pursuit that need no oracle. */
@PropertyDefaults(tries = 200)
class PursuitLaws {
  private static final String SEED = "20250917";

  /** Relative growth by rounding alone: each of at most 40 elements is rounded once a step. */
  private static final double ROUNDING = 1e-6;

  @Property(seed = SEED)
  void theResidualNeverGrows(
      @ForAll long salt,
      @ForAll @IntRange(min = 1, max = 40) int d,
      @ForAll @IntRange(min = 1, max = 30) int n,
      @ForAll Sign sign,
      @ForAll Reselection reselection) {
    Random random = Seed.random(salt);
    Dense x = Inputs.normal(1, d, random);
    Dense atoms = Inputs.normal(n, d, random).map(v -> v * Math.exp(3 * random.nextGaussian()));
    MatchingPursuit options = MatchingPursuit.steps(8).sign(sign).reselection(reselection);
    BackendsUnderTest.each(
        lab -> {
          double before = norm(x.values());
          for (int steps = 1; steps <= 8; steps++) {
            double after = norm(residual(lab, x, atoms, steps, options));
            assertThat(after).as(steps + " steps").isLessThanOrEqualTo(before * (1 + ROUNDING));
            before = after;
          }
        });
  }

  @Property(seed = SEED)
  void scalingTheAtomsScalesTheCoefficientsTheOtherWay(
      @ForAll long salt, @ForAll @IntRange(min = -8, max = 8) int exponent) {
    Random random = Seed.random(salt);
    Dense x = Inputs.normal(1, 20, random);
    Dense atoms = Inputs.normal(30, 20, random);
    MatchingPursuit options = MatchingPursuit.steps(6);
    BackendsUnderTest.each(
        lab -> {
          Slots plain = tape(lab, x, atoms, options);
          Slots scaled = tape(lab, x, atoms.map(v -> Math.scalb(v, exponent)), options);
          for (int slot = 0; slot < scaled.values().length; slot++) {
            scaled.values()[slot] = Math.scalb(scaled.values()[slot], exponent);
          }
          scaled.assertSame(plain, "atoms times 2^" + exponent);
        });
  }

  @Property(seed = SEED)
  void negatingARowNegatesItsCoefficients(@ForAll long salt) {
    Random random = Seed.random(salt);
    Dense x = Inputs.normal(1, 20, random);
    Dense atoms = Inputs.normal(30, 20, random);
    MatchingPursuit options = MatchingPursuit.steps(6);
    BackendsUnderTest.each(
        lab -> {
          Slots negated = tape(lab, x.map(v -> -v), atoms, options);
          for (int slot = 0; slot < negated.values().length; slot++) {
            negated.values()[slot] = 0 - negated.values()[slot];
          }
          negated.assertSame(tape(lab, x, atoms, options), "−x");
        });
  }

  private static Slots tape(Lab lab, Dense x, Dense atoms, MatchingPursuit options) {
    var tape = lab.tape(1, options.steps());
    lab.pursuits().matchingPursuit(lab.matrix(x), lab.matrix(atoms), options, tape, null);
    return Slots.of(tape);
  }

  private static float[] residual(Lab lab, Dense x, Dense atoms, int steps, MatchingPursuit rule) {
    MatchingPursuit options =
        MatchingPursuit.steps(steps).sign(rule.sign()).reselection(rule.reselection());
    Matrix residual = lab.output(1, x.columns());
    lab.pursuits()
        .matchingPursuit(lab.matrix(x), lab.matrix(atoms), options, lab.tape(1, steps), residual);
    return residual.download();
  }

  private static double norm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }
}
