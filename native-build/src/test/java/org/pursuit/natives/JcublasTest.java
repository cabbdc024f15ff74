package org.pursuit.natives;

import static jcuda.jcublas.cublasOperation.CUBLAS_OP_N;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import jcuda.Pointer;
import jcuda.cudaDataType;
import jcuda.driver.CUdeviceptr;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasStatus;
import jcuda.libraryPropertyType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** The real JCublas2 calls a stand-in of cuBLAS 13 through the packed bridge. */
class JcublasTest {
  @TempDir(cleanup = CleanupMode.NEVER)
  static Path folder;

  @BeforeAll
  @SuppressWarnings("restricted") // System.load, as the backend does it
  static void loadTheBridgeBeforeJcublas() throws IOException {
    byte[] bridge = NativeJar.packed(NativeJar.BRIDGE, "bridge");
    // The environment of this JVM names it: the bridge must have it when it is loaded.
    assertThat(Path.of(System.getenv("PURSUIT_CUBLAS"))).exists();
    Path copy = folder.resolve("bridge.so");
    Files.write(copy, bridge);
    System.load(copy.toString());
    // JCublas2 writes its native part there while its class initialises.
    System.setProperty("java.io.tmpdir", folder.toString());
    JCublas2.setExceptionsEnabled(false);
  }

  @Test
  void propertiesAndTextsComeFromCublas13() {
    int[] major = new int[1];
    assertThat(JCublas2.cublasGetProperty(libraryPropertyType.MAJOR_VERSION, major)).isZero();
    assertThat(major).containsExactly(13);
    assertThat(JCublas2.cublasGetStatusString(cublasStatus.CUBLAS_STATUS_SUCCESS))
        .isEqualTo("the stand-in succeeded");
  }

  @Test
  void whatCublas13LacksIsRefused() {
    cublasHandle handle = new cublasHandle();
    assertThat(JCublas2.cublasCreate(handle)).isZero();
    Pointer none = new Pointer();
    assertThat(JCublas2.cublasSdgmm(handle, 0, 1, 1, none, 1, none, 1, none, 1))
        .isEqualTo(cublasStatus.CUBLAS_STATUS_NOT_SUPPORTED);
    assertThat(JCublas2.cublasDestroy(handle)).isZero();
  }

  @Test
  void productsArriveWithAllTheirParameters() {
    cublasHandle handle = new cublasHandle();
    assertThat(JCublas2.cublasCreate(handle)).isZero();
    try (Arena arena = Arena.ofConfined()) {
      // C [2, 2] = 2 · A [2, 3] · B [3, 2] + 1 · C, column-major.
      MemorySegment a = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 2, 3, 4, 5, 6);
      MemorySegment b = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 7, 8, 9, 10, 11, 12);
      MemorySegment c = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1, 0, 0, 0);
      Pointer alpha = Pointer.to(new float[] {2});
      Pointer beta = Pointer.to(new float[] {1});
      assertThat(
              JCublas2.cublasGemmEx_new(
                  handle,
                  CUBLAS_OP_N,
                  CUBLAS_OP_N,
                  2,
                  2,
                  3,
                  alpha,
                  new Address(a),
                  cudaDataType.CUDA_R_32F,
                  2,
                  new Address(b),
                  cudaDataType.CUDA_R_32F,
                  3,
                  beta,
                  new Address(c),
                  cudaDataType.CUDA_R_32F,
                  2,
                  cublasComputeType.CUBLAS_COMPUTE_32F_FAST_TF32,
                  cublasGemmAlgo.CUBLAS_GEMM_DEFAULT))
          .isZero();
      assertThat(c.toArray(ValueLayout.JAVA_FLOAT)).containsExactly(153, 200, 206, 272);
    }
    assertThat(JCublas2.cublasDestroy(handle)).isZero();
  }

  /** A pointer whose address is given; JCuda adds a pointer's byte offset to its base, here 0. */
  private static final class Address extends CUdeviceptr {
    Address(MemorySegment memory) {
      super(new CUdeviceptr(), memory.address());
    }
  }
}
