package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pursuit.Backend;
import org.pursuit.Backends;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.PursuitTape;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.kernel.Activation;
import org.pursuit.kernel.DecodeGradients;
import org.pursuit.kernel.EncodeGradients;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Write;
import org.pursuit.support.CsrEntries;
import org.pursuit.support.Dense;
import org.pursuit.support.Inputs;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;
import org.pursuit.support.Slots;

/** What a device's size decides, and what only the device finds out. */
@OnEmulator
class CudaSparseAlgebraTest {
  private static final int ROWS = 23;
  private static final int K = 13;
  private static final int ATOMS = 90;
  private static final int D = 300;

  private final Random random = Seed.random(75);
  private final Dense atoms = Inputs.normal(ATOMS, D, random);
  private final Dense g = Inputs.normal(ROWS, D, random);
  private final Slots slots = Slots.random(ROWS, K, ATOMS, random);

  @ParameterizedTest
  @EnumSource
  void everyCutGivesTheSameBits(DType dtype) {
    Results first = null;
    try (CudaBackend backend = Emulator.open()) {
      for (long sliceBytes : new long[] {1 << 30, 0, ATOMS * 128, ATOMS * 300}) {
        for (long partBytes : new long[] {1 << 30, 1, 4000}) {
          SparseAlgebra algebra =
              new CudaSparseAlgebra(backend, backend.cuda(), new AtomSlices(sliceBytes), partBytes);
          Results found = results(backend, algebra, dtype);
          first = first == null ? found : first;
          String cut = "slices of " + sliceBytes + ", parts of " + partBytes;
          Same.bits(found.decoded(), first.decoded(), cut);
          Same.bits(found.decodedCsr(), first.decodedCsr(), cut + ", CSR");
          Same.bits(found.dots(), first.dots(), cut);
          Same.bits(found.dotsCsr(), first.dotsCsr(), cut + ", CSR");
          Same.bits(found.gradient(), first.gradient(), cut + ", gradient of the atoms");
        }
      }
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Results(
      float[] decoded, float[] decodedCsr, float[] dots, float[] dotsCsr, float[] gradient) {}

  private Results results(CudaBackend backend, SparseAlgebra algebra, DType dtype) {
    CsrEntries entries = CsrEntries.of(slots);
    int nnz = entries.columns().length;
    try (Matrix dictionary = uploaded(backend, atoms, dtype);
        Matrix gradient = uploaded(backend, g, DType.F32);
        FixedWidthCodes codes = backend.fixedWidthCodes(ROWS, K);
        CsrCodes csr = backend.csrCodes(ROWS, ATOMS, nnz + 5);
        Matrix decoded = backend.matrix(ROWS, D, DType.F32);
        Matrix decodedCsr = backend.matrix(ROWS, D, DType.F32);
        Floats dots = backend.floats(ROWS * K);
        Floats dotsCsr = backend.floats(nnz + 5);
        Matrix atomGradient = backend.matrix(ATOMS, D, dtype)) {
      slots.upload(codes);
      csr.upload(entries.offsets(), entries.columns(), entries.values());
      algebra.decode(codes, dictionary, null, decoded);
      algebra.decode(csr, dictionary, null, decodedCsr);
      algebra.sampledDot(gradient, dictionary, codes, dots);
      algebra.sampledDot(gradient, dictionary, csr, dotsCsr);
      DecodeGradients wanted = DecodeGradients.none().atoms(atomGradient);
      algebra.decodeBackward(codes, dictionary, decoded, Write.OVERWRITE, wanted);
      float[] spare = Arrays.copyOfRange(dotsCsr.download(), nnz, nnz + 5);
      Same.bits(spare, new float[5], "past the last entry");
      return new Results(
          decoded.download(),
          decodedCsr.download(),
          dots.download(),
          dotsCsr.download(),
          atomGradient.download());
    }
  }

  @Test
  void anIndexOutsideOfTheAtomsIsToldAtTheNextWait() {
    try (CudaBackend backend = Emulator.open();
        Matrix dictionary = uploaded(backend, atoms, DType.F32);
        Matrix gradient = uploaded(backend, Dense.zeros(1, D), DType.F32);
        FixedWidthCodes codes = backend.fixedWidthCodes(1, 2);
        Matrix out = backend.matrix(1, D, DType.F32);
        Matrix atomGradient = backend.matrix(ATOMS, D, DType.F32);
        Floats dots = backend.floats(2)) {
      SparseAlgebra algebra = backend.sparseAlgebra();
      codes.upload(new int[] {ATOMS, 3}, new float[] {1, 1}, new int[] {2});
      algebra.decode(codes, dictionary, null, out);
      assertThatThrownBy(backend::synchronize)
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("index 90 lies outside the atoms");
      algebra.sampledDot(gradient, dictionary, codes, dots);
      assertThatThrownBy(dots::download)
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("index 90");
      algebra.decodeBackward(
          codes, dictionary, gradient, Write.OVERWRITE, DecodeGradients.none().atoms(atomGradient));
      assertThatThrownBy(backend::synchronize)
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("index 90");

      algebra.encodeBackward(
          codes,
          codes.values(),
          gradient,
          dictionary,
          Write.OVERWRITE,
          EncodeGradients.none().weights(atomGradient));
      assertThatThrownBy(backend::synchronize)
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("index 90");

      codes.upload(new int[] {ATOMS - 1, 3}, new float[] {1, 1}, new int[] {2});
      algebra.decode(codes, dictionary, null, out);
      float[] expected = new float[D];
      for (int i = 0; i < D; i++) {
        expected[i] = atoms.at(ATOMS - 1, i) + atoms.at(3, i);
      }
      Same.numbers(out.download(), expected, "after the flag");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {256, 257, 4096, 9000})
  void coalescesLongRowsOfADeviceWithLittleSharedMemory(int k) {
    Emulator.set("computeCapability", 86);
    Slots tape = Slots.randomTape(3, k, 1 << 20, random);
    try (CudaBackend cuda = Emulator.open();
        Backend scalar = Backends.open("scalar")) {
      coalesced(cuda, tape).assertSame(coalesced(scalar, tape), "k = " + k);
    }
  }

  private static Slots coalesced(Backend backend, Slots tape) {
    try (PursuitTape in = backend.pursuitTape(tape.rows(), tape.k());
        FixedWidthCodes out = backend.fixedWidthCodes(tape.rows(), tape.k())) {
      tape.upload(in);
      backend.sparseAlgebra().coalesce(in, out);
      return Slots.of(out);
    }
  }

  @Test
  void aGraphOfAllKernelsRunsAgain() {
    try (CudaBackend backend = Emulator.open();
        Matrix dictionary = uploaded(backend, atoms, DType.BF16);
        FixedWidthCodes codes = backend.fixedWidthCodes(ROWS, K);
        FixedWidthCodes merged = backend.fixedWidthCodes(ROWS, K);
        Matrix out = backend.matrix(ROWS, D, DType.F32);
        Floats dots = backend.floats(ROWS * K);
        RowSparseMatrix active = backend.rowSparseMatrix(ATOMS, D, ATOMS);
        Floats bias = backend.floats(D)) {
      SparseAlgebra algebra = backend.sparseAlgebra();
      Runnable calls =
          () -> {
            algebra.coalesce(codes, merged);
            algebra.decode(merged, dictionary, null, out);
            DecodeGradients wanted = new DecodeGradients(dots, null, active, bias);
            algebra.decodeBackward(codes, dictionary, out, Write.OVERWRITE, wanted);
            algebra.decodeBackward(codes, dictionary, out, Write.ACCUMULATE, wanted);
            EncodeGradients ofEncoder =
                EncodeGradients.none()
                    .activeWeights(active)
                    .preBias(bias)
                    .activation(Activation.RELU);
            algebra.encodeBackward(codes, dots, out, dictionary, Write.ACCUMULATE, ofEncoder);
          };
      slots.upload(codes);
      calls.run();
      float[] expected = dots.download();
      float[] expectedRows = active.elements().download();
      try (CudaGraph graph = backend.capture(calls)) {
        codes.upload(Slots.empty(ROWS, K).indices(), new float[ROWS * K], new int[ROWS]);
        graph.launch();
        assertThat(dots.download()).containsOnly(0);
        assertThat(active.count().download()).containsExactly(0);
        slots.upload(codes);
        graph.launch();
        Same.bits(dots.download(), expected, "launched again");
        Same.bits(active.elements().download(), expectedRows, "active rows");
      }
    }
  }

  private static Matrix uploaded(Backend backend, Dense values, DType dtype) {
    Matrix made = backend.matrix(values.rows(), values.columns(), dtype);
    made.upload(values.values());
    return made;
  }
}
