package org.pursuit.kernel;

import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;

/** The dense steps around a training step's sparse ones. */
public abstract class Training extends KernelFamily {
  private final Check check;

  protected Training(Memory memory) {
    super(memory, "Training");
    this.check = new Check(memory);
  }

  /**
   * {@code y = α·x + β·y}, element by element, rounded to the format of y: with α = 1 and β = 0 a
   * copy between formats, with β = −1 an error to be decoded.
   *
   * @param x [rows, d]
   * @param beta 0 if y is not to be read: what it held, NaN included, is lost
   * @param y [rows, d]; may be x itself
   */
  public final void axpby(float alpha, Matrix x, float beta, Matrix y) {
    check.handle(x, "x");
    check.matrix(y, x.rows(), x.columns(), "y");
    if (y != x) {
      Check.apart(y, "y", x, "x");
    }
    KernelEvent event = begin();
    try {
      y.touch();
      axpbyKernel(alpha, x, beta, y);
    } finally {
      end(event, "axpby", x.rows(), x.columns(), 0);
    }
  }

  /** Computes {@link #axpby}; the arguments have been checked. */
  protected abstract void axpbyKernel(float alpha, Matrix x, float beta, Matrix y);
}
