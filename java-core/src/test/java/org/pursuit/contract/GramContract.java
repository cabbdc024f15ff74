package org.pursuit.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.Random;
import java.util.function.Consumer;
import org.pursuit.data.DType;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.MatchingPursuit;
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

/** A Gram holds the products of its dictionary, and serves no other. */
class GramContract {
  private static final int D = 21;

  @EveryBackend
  void holdsTheProductsOfTheAtoms(BackendUnderTest backend) {
    Random random = Seed.random(80);
    try (Lab lab = backend.open()) {
      for (int n : new int[] {0, 1, 7, 16, 17, 130}) {
        Dense atoms = Inputs.normal(n, D, random);
        for (DType dtype : DType.values()) {
          for (Placement placement : Placement.values()) {
            Matrix uploaded = lab.matrix(atoms, dtype, placement);
            for (DType format : DType.values()) {
              Gram gram = lab.gram(n + 2, format);
              lab.pursuits().gram(uploaded, gram);
              assertThat(gram.atoms()).isEqualTo(n);
              String description = n + " atoms " + dtype + " " + placement + ", Gram " + format;
              products(atoms.stored(dtype)).assertMatches(leading(gram, n), format, description);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void exactOnIntegersAndComputedAnewFromOthers(BackendUnderTest backend) {
    Random random = Seed.random(81);
    try (Lab lab = backend.open()) {
      Gram gram = lab.gram(40);
      for (int n : new int[] {40, 11, 0, 25}) {
        Dense atoms = Inputs.integers(n, D, 5, random);
        lab.pursuits().gram(lab.matrix(atoms), gram);
        assertThat(gram.atoms()).isEqualTo(n);
        Same.numbers(leading(gram, n), products(atoms).exactly(DType.F32), n + " atoms");
      }
    }
  }

  /** Products of the larger integers overflow in F16. */
  @EveryBackend
  void sixteenBitProductsAreRoundedOnce(BackendUnderTest backend) {
    Random random = Seed.random(100);
    try (Lab lab = backend.open()) {
      for (DType format : new DType[] {DType.BF16, DType.F16}) {
        for (int largest : new int[] {1, 15, 150}) {
          Dense atoms = Inputs.integers(70, D, largest, random);
          Gram gram = lab.gram(70, format);
          lab.pursuits().gram(lab.matrix(atoms), gram);
          Same.numbers(
              leading(gram, 70),
              products(atoms).exactly(format),
              format + ", integers up to " + largest);
        }
      }
    }
  }

  @EveryBackend
  void isSymmetricToTheBit(BackendUnderTest backend) {
    Dense atoms = Inputs.normal(130, D, Seed.random(101));
    try (Lab lab = backend.open()) {
      Matrix uploaded = lab.matrix(atoms);
      for (DType format : DType.values()) {
        Gram gram = lab.gram(130, format);
        lab.pursuits().gram(uploaded.rows(0, 50), gram);
        lab.pursuits().append(uploaded, gram);
        Dense products = new Dense(130, 130, leading(gram, 130));
        for (int i = 0; i < 130; i++) {
          for (int j = 0; j < i; j++) {
            assertThat(products.at(i, j))
                .as(format + " " + i + ", " + j)
                .isEqualTo(products.at(j, i));
          }
        }
      }
    }
  }

  @EveryBackend
  void growsWithItsDictionary(BackendUnderTest backend) {
    Dense atoms = Inputs.integers(37, D, 15, Seed.random(82));
    try (Lab lab = backend.open()) {
      for (DType format : DType.values()) {
        Matrix growing = lab.matrix(Dense.zeros(37, D));
        Gram grown = lab.gram(37, format);
        lab.pursuits().gram(growing.rows(0, 0), grown);
        int from = 0;
        for (int to : new int[] {1, 8, 8, 30, 37}) {
          growing.rows(from, to).upload(atoms.rows(from, to).values());
          lab.pursuits().append(growing.rows(0, to), grown);
          Gram anew = lab.gram(to, format);
          lab.pursuits().gram(growing.rows(0, to), anew);
          String description = format + ", grown to " + to + " atoms";
          Same.numbers(leading(grown, to), leading(anew, to), description);
          assertThat(grown.describes(growing.rows(0, to))).isTrue();
          from = to;
        }
      }
    }
  }

  @EveryBackend
  void servesEveryViewOfTheSameAtoms(BackendUnderTest backend) {
    Dense atoms = Inputs.normal(12, D, Seed.random(83));
    try (Lab lab = backend.open()) {
      Matrix uploaded = lab.matrix(atoms);
      Gram gram = lab.gram(12);
      lab.pursuits().gram(uploaded.rows(2, 9), gram);
      pursue(lab, uploaded.rows(2, 9), gram);
      pursue(lab, uploaded.rows(1, 12).rows(1, 8), gram);
    }
  }

  @EveryBackend
  void isStaleOnceTheDictionaryIsWrittenTo(BackendUnderTest backend) {
    Dense atoms = Inputs.normal(12, D, Seed.random(84));
    try (Lab lab = backend.open()) {
      Matrix uploaded = lab.matrix(atoms);
      assertStaleAfter(lab, uploaded, m -> m.upload(atoms.values()));
      assertStaleAfter(lab, uploaded, m -> m.rows(3, 4).upload(new float[D]));
      assertStaleAfter(
          lab,
          uploaded,
          m ->
              lab.sparseAlgebra()
                  .decode(lab.codes(Slots.empty(12, 1)), lab.matrix(Dense.zeros(1, D)), null, m));
    }
  }

  @EveryBackend
  void refusesOtherAtoms(BackendUnderTest backend) {
    Dense atoms = Inputs.normal(12, D, Seed.random(85));
    try (Lab lab = backend.open()) {
      Matrix uploaded = lab.matrix(atoms);
      Gram gram = lab.gram(12);
      lab.pursuits().gram(uploaded.rows(0, 6), gram);
      assertStale(lab, lab.matrix(atoms).rows(0, 6), gram);
      assertStale(lab, uploaded.rows(0, 5), gram);
      assertStale(lab, uploaded.rows(0, 7), gram);
      assertStale(lab, uploaded.rows(0, 6), lab.gram(12));
    }
  }

  @EveryBackend
  void refusesOtherRowsOfTheSameMatrix(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix uploaded = lab.matrix(Inputs.normal(12, D, Seed.random(86)));
      Gram gram = lab.gram(12);
      lab.pursuits().gram(uploaded.rows(0, 6), gram);
      assertStale(lab, uploaded.rows(6, 12), gram);
    }
  }

  @EveryBackend
  void refusesOtherColumnsOfTheSameMatrix(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Matrix uploaded = lab.matrix(Inputs.normal(12, 2 * D, Seed.random(87)));
      Gram gram = lab.gram(12);
      lab.pursuits().gram(uploaded.columns(0, D), gram);
      assertStale(lab, uploaded.columns(D, 2 * D), gram);
    }
  }

  @EveryBackend
  void growsByNothingButItsOwnDictionary(BackendUnderTest backend) {
    try (Lab lab = backend.open()) {
      Dense atoms = Inputs.normal(12, D, Seed.random(88));
      Matrix uploaded = lab.matrix(atoms);
      Gram gram = lab.gram(12);
      assertNoBeginning(lab, uploaded, gram);
      lab.pursuits().gram(uploaded.rows(2, 6), gram);
      assertNoBeginning(lab, lab.matrix(atoms), gram);
      assertNoBeginning(lab, uploaded.rows(2, 5), gram);
      assertNoBeginning(lab, uploaded.rows(3, 12), gram);
      lab.pursuits().append(uploaded.rows(2, 12), gram);
    }
  }

  private static void assertStaleAfter(Lab lab, Matrix atoms, Consumer<Matrix> write) {
    Gram gram = lab.gram(atoms.rows());
    lab.pursuits().gram(atoms, gram);
    pursue(lab, atoms, gram);
    write.accept(atoms);
    assertStale(lab, atoms, gram);
    lab.pursuits().gram(atoms, gram);
    pursue(lab, atoms, gram);
  }

  private static void assertStale(Lab lab, Matrix atoms, Gram gram) {
    assertThatIllegalStateException()
        .isThrownBy(() -> pursue(lab, atoms, gram))
        .withMessage(
            "gram: Gram of %d atoms, capacity %d is stale: atoms matrix F32 [%d, %d] were written"
                + " to or are others; compute it again",
            gram.atoms(), gram.capacity(), atoms.rows(), atoms.columns());
  }

  private static void assertNoBeginning(Lab lab, Matrix atoms, Gram gram) {
    assertThatIllegalStateException()
        .isThrownBy(() -> lab.pursuits().append(atoms, gram))
        .withMessage(
            "gram: Gram of %d atoms, capacity %d does not describe the beginning of atoms matrix"
                + " F32 [%d, %d]",
            gram.atoms(), gram.capacity(), atoms.rows(), atoms.columns());
  }

  private static void pursue(Lab lab, Matrix atoms, Gram gram) {
    Matrix x = lab.matrix(Inputs.normal(2, atoms.columns(), Seed.random(89)));
    lab.pursuits().matchingPursuit(x, atoms, gram, MatchingPursuit.steps(3), lab.tape(2, 3), null);
  }

  private static float[] leading(Gram gram, int n) {
    return gram.products().rows(0, n).columns(0, n).download();
  }

  private static Estimate products(Dense atoms) {
    int n = atoms.rows();
    Estimate products = new Estimate(n * n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        for (int c = 0; c < atoms.columns(); c++) {
          products.add(i * n + j, (double) atoms.at(i, c) * atoms.at(j, c));
        }
      }
    }
    return products;
  }
}
