package org.pursuit.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.pursuit.KernelException;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Precision;
import org.pursuit.support.Dense;
import org.pursuit.support.Inputs;
import org.pursuit.support.Same;
import org.pursuit.support.Seed;

/** Products by cuBLAS, as its stand-in has it, and by our own kernel. */
@OnEmulator
class ProductsTest {
  private static final Cublas.Finding PRESENT = new Cublas.Finding(Cublas.VERSION_12, "");
  private static final Cublas.Finding ABSENT = new Cublas.Finding(Cublas.ABSENT, "a test's wish");
  private static final int MANY = 1000;

  @Test
  void takesTwoFactorsOfA16BitFormatAsTheyAre() {
    try (CudaBackend backend = Emulator.open()) {
      for (Precision precision : Precision.values()) {
        for (DType format : new DType[] {DType.BF16, DType.F16}) {
          assertThat(products(backend, PRESENT).format(format, format, precision, MANY))
              .isEqualTo(format);
        }
      }
    }
  }

  @Test
  void roundsOtherFactorsOnlyWhenAllowed() {
    try (CudaBackend backend = Emulator.open()) {
      Products products = products(backend, PRESENT);
      for (DType own : DType.values()) {
        for (DType other : DType.values()) {
          if (own != other || own == DType.F32) {
            assertThat(products.format(own, other, Precision.FLOAT32, MANY)).isEqualTo(DType.F32);
            assertThat(products.format(own, other, Precision.TF32, MANY)).isEqualTo(DType.F32);
            assertThat(products.format(own, other, Precision.BF16, MANY)).isEqualTo(DType.BF16);
            assertThat(products.format(own, other, Precision.BF16X3, MANY)).isEqualTo(DType.BF16);
          }
        }
      }
    }
  }

  @Test
  void splitsWhatItWouldOtherwiseRound() {
    try (CudaBackend backend = Emulator.open()) {
      for (Precision precision : Precision.values()) {
        boolean three = precision == Precision.BF16X3;
        for (DType own : DType.values()) {
          for (DType other : DType.values()) {
            boolean exact = own == other && own != DType.F32;
            Products products = products(backend, PRESENT);
            assertThat(products.splits(own, other, precision, MANY)).isEqualTo(three && !exact);
            assertThat(products.splits(own, other, precision, 64)).isFalse();
            assertThat(products(backend, ABSENT).splits(own, other, precision, MANY)).isFalse();
          }
        }
      }
    }
  }

  @Test
  void convertsNothingForFewRowsOrWithoutCublas() {
    try (CudaBackend backend = Emulator.open()) {
      for (Precision precision : Precision.values()) {
        for (DType own : DType.values()) {
          for (DType other : DType.values()) {
            assertThat(products(backend, PRESENT).format(own, other, precision, 64)).isEqualTo(own);
            assertThat(products(backend, ABSENT).format(own, other, precision, MANY))
                .isEqualTo(own);
          }
        }
      }
    }
  }

  @Test
  void bothKindsAgreeOnSmallIntegers() {
    Random random = Seed.random(70);
    try (CudaBackend backend = Emulator.open()) {
      Products own = products(backend, ABSENT);
      for (int[] shape : new int[][] {{1, 1, 1}, {70, 90, 33}, {130, 700, 20}, {3, 5, 0}}) {
        Dense a = Inputs.integers(shape[0], shape[2], 3, random);
        Dense b = Inputs.integers(shape[1], shape[2], 3, random);
        for (DType format : DType.values()) {
          for (Precision precision : Precision.values()) {
            float[] byCublas = product(backend, backend.cuda().products(), a, b, format, precision);
            float[] byOwn = product(backend, own, a, b, format, precision);
            Same.numbers(byOwn, exact(a, b), format + ", our own");
            Same.numbers(byCublas, exact(a, b), format + ", cuBLAS at " + precision);
          }
        }
      }
    }
  }

  @Test
  void aRefusedProductNamesTheStatusAndTheNextOneWorks() {
    Dense a = Inputs.integers(70, 8, 3, Seed.random(71));
    try (CudaBackend backend = Emulator.open()) {
      Products products = backend.cuda().products();
      for (DType format : new DType[] {DType.F32, DType.BF16}) {
        Emulator.set("failProduct", 1);
        assertThatThrownBy(() -> product(backend, products, a, a, format, Precision.FLOAT32))
            .isInstanceOf(KernelException.class)
            .hasMessage(
                (format == DType.F32 ? "cublasSgemm" : "cublasGemmEx")
                    + " on backend cuda failed: CUBLAS_STATUS_EXECUTION_FAILED (13)");
        Same.numbers(
            product(backend, products, a, a, format, Precision.FLOAT32), exact(a, a), "after it");
      }
    }
  }

  @Test
  void goesOnWithNewScratchAfterTrim() {
    Dense a = Inputs.integers(70, 8, 3, Seed.random(72));
    try (CudaBackend backend = Emulator.open()) {
      Products products = backend.cuda().products();
      for (int i = 0; i < 2; i++) {
        Same.numbers(
            product(backend, products, a, a, DType.F32, Precision.TF32), exact(a, a), "call " + i);
        backend.trim();
      }
    }
  }

  @Test
  void aGraphRecordsProducts() {
    Random random = Seed.random(75);
    Dense a = Inputs.integers(70, 8, 3, random);
    Dense b = Inputs.integers(70, 8, 3, random);
    try (CudaBackend backend = Emulator.open();
        Matrix factor = uploaded(backend, a, DType.BF16);
        Matrix out = backend.matrix(70, 70, DType.F32)) {
      for (Cublas.Finding finding : new Cublas.Finding[] {Cublas.finding(), ABSENT}) {
        try (Products products = products(backend, finding)) {
          Runnable square = () -> square(products, factor, out);
          square.run();
          try (CudaGraph graph = backend.capture(square)) {
            factor.upload(b.values());
            Same.numbers(out.download(), exact(a, a), "before the launch");
            graph.launch();
            Same.numbers(out.download(), exact(b, b), "after it");
          }
          factor.upload(a.values());
        }
      }
    }
  }

  private static void square(Products products, Matrix factor, Matrix out) {
    DeviceRows rows = DeviceRows.of(factor);
    DeviceRows target = DeviceRows.of(out);
    products.multiply(
        rows,
        0,
        factor.rows(),
        rows,
        0,
        factor.rows(),
        Precision.FLOAT32,
        target.address(),
        target.stride());
  }

  private static Products products(CudaBackend backend, Cublas.Finding finding) {
    Cuda cuda = backend.cuda();
    Blas blas = new Blas(finding, cuda.driver(), cuda.stream(), cuda.workspace(), cuda.device());
    return new Products(blas, cuda.products().kernels(), cuda.workspace());
  }

  private static float[] product(
      CudaBackend backend, Products products, Dense a, Dense b, DType format, Precision precision) {
    try (Matrix left = uploaded(backend, a, format);
        Matrix right = uploaded(backend, b, format);
        Matrix out = backend.matrix(a.rows(), b.rows(), DType.F32)) {
      DeviceRows target = DeviceRows.of(out);
      products.multiply(
          DeviceRows.of(left),
          0,
          a.rows(),
          DeviceRows.of(right),
          0,
          b.rows(),
          precision,
          target.address(),
          target.stride());
      return out.download();
    }
  }

  private static Matrix uploaded(CudaBackend backend, Dense values, DType format) {
    Matrix made = backend.matrix(values.rows(), values.columns(), format);
    made.upload(values.values());
    return made;
  }

  private static float[] exact(Dense a, Dense b) {
    float[] products = new float[a.rows() * b.rows()];
    for (int i = 0; i < products.length; i++) {
      for (int at = 0; at < a.columns(); at++) {
        products[i] += a.at(i / b.rows(), at) * b.at(i % b.rows(), at);
      }
    }
    return products;
  }
}
