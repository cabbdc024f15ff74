package org.pursuit.kernel;

import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;

/** What rows and columns amount to: errors, norms, counts. */
public abstract class Statistics extends KernelFamily {
  private final Check check;

  protected Statistics(Memory memory) {
    super(memory, "Statistics");
    this.check = new Check(memory);
  }

  /**
   * {@code out_b = ‖x_b − y_b‖²}: each row's part of a mean squared error, and of the unexplained
   * variance.
   *
   * @param x [rows, d]
   * @param y [rows, d]
   * @param out [rows]
   */
  public final void squaredErrors(Matrix x, Matrix y, Floats out) {
    check.handle(x, "x");
    check.matrix(y, x.rows(), x.columns(), "y");
    check.handle(out, "out");
    check.length(out.length(), x.rows(), "out");
    KernelEvent event = begin();
    try {
      squaredErrorsKernel(x, y, out);
    } finally {
      end(event, "squaredErrors", x.rows(), x.columns(), 0);
    }
  }

  /** Computes {@link #squaredErrors}; the arguments have been checked. */
  protected abstract void squaredErrorsKernel(Matrix x, Matrix y, Floats out);
}
