package org.pursuit.cuda;

import java.util.Arrays;
import org.pursuit.Backend;
import org.pursuit.Backends;
import org.pursuit.data.DType;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.Score;

/** Says how the CUDA backend starts in this JVM, and multiplies if it does. */
final class StartProgram {
  private StartProgram() {}

  /** Prints the diagnosis, whether the folder for temporary files is as it was, and a product. */
  public static void main(String[] arguments) {
    String temporary = System.getProperty("java.io.tmpdir");
    boolean usable = false;
    for (Backends.Diagnosis diagnosis : Backends.diagnose()) {
      if (diagnosis.name().equals(CudaProvider.NAME)) {
        System.out.println(diagnosis);
        usable = diagnosis.probe().usable();
      }
    }
    if (!temporary.equals(System.getProperty("java.io.tmpdir"))) {
      System.out.println("java.io.tmpdir has changed");
    }
    if (usable) {
      multiply();
    }
  }

  private static void multiply() {
    try (Backend backend = Backends.open(CudaProvider.NAME);
        Matrix x = backend.upload(new float[] {1, 2, 3, 4}, 2, 2);
        Matrix weights = backend.upload(new float[] {5, 6, 7, 8, 9, 10}, 3, 2);
        Matrix out = backend.matrix(2, 3, DType.F32)) {
      backend.scoring().score(x, weights, null, Score.plain(), out);
      System.out.println("product " + Arrays.toString(out.download()));
    }
  }
}
