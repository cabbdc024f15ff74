package org.pursuit.kernel;

import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Gram;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.PursuitTape;
import org.pursuit.data.RowSparseMatrix;

/** Greedy sparse approximation of rows by atoms of a dictionary. */
public abstract class Pursuits extends KernelFamily {
  private final Check check;

  protected Pursuits(Memory memory) {
    super(memory, "Pursuits");
    this.check = new Check(memory);
  }

  /**
   * Computes the inner products of a dictionary's atoms.
   *
   * @param atoms [n, d]
   * @param gram capacity of at least n; receives the products in its format, symmetric to the bit
   */
  public final void gram(Matrix atoms, Gram gram) {
    check.handle(atoms, "atoms");
    checkCapacity(atoms, gram);
    extendGram(atoms, 0, gram, "gram");
  }

  /**
   * Extends a Gram by the atoms that its dictionary has gained: {@code atoms} is a longer run of
   * rows of the same matrix, of which the old ones are unchanged.
   *
   * @param atoms [n, d], n at least the number of atoms described
   * @param gram capacity of at least n
   * @throws IllegalStateException if the Gram describes another dictionary
   */
  public final void append(Matrix atoms, Gram gram) {
    check.handle(atoms, "atoms");
    checkCapacity(atoms, gram);
    if (!gram.describesBeginningOf(atoms)) {
      throw new IllegalStateException(
          "gram: " + gram + " does not describe the beginning of atoms " + atoms);
    }
    extendGram(atoms, gram.atoms(), gram, "append");
  }

  /**
   * Matching pursuit by residual products; see {@link MatchingPursuit} for the rule.
   *
   * @param x rows [rows, d]
   * @param atoms [n, d]
   * @param tape [rows, steps]
   * @param residual receives what the tape leaves of each row, F32 [rows, d]; null if not wanted
   */
  public final void matchingPursuit(
      Matrix x, Matrix atoms, MatchingPursuit options, PursuitTape tape, Matrix residual) {
    checkPursuit(x, atoms, options, tape, residual);
    KernelEvent event = begin();
    try {
      touch(residual);
      matchingPursuitKernel(x, atoms, null, options, tape, residual);
    } finally {
      end(event, "matchingPursuit", x.rows(), atoms.rows(), options.steps());
    }
  }

  /**
   * Matching pursuit that updates correlations with rows of the Gram instead of multiplying the
   * residual with every atom at each step; picks and coefficients agree up to rounding, that of the
   * Gram's format included. Whatever that format, the residual is the row less what the tape took,
   * {@code x − Σ c·D}, with one float32 rounding a step, and tolerances are held against its norm.
   *
   * @param x rows [rows, d]
   * @param atoms [n, d]
   * @param gram of exactly these atoms
   * @param tape [rows, steps]
   * @param residual receives what the tape leaves of each row, F32 [rows, d]; null if not wanted
   * @throws IllegalStateException if the Gram is older than the atoms or of other ones
   */
  public final void matchingPursuit(
      Matrix x,
      Matrix atoms,
      Gram gram,
      MatchingPursuit options,
      PursuitTape tape,
      Matrix residual) {
    checkPursuit(x, atoms, options, tape, residual);
    checkGram(gram, atoms);
    KernelEvent event = begin();
    try {
      touch(residual);
      matchingPursuitKernel(x, atoms, gram, options, tape, residual);
    } finally {
      end(event, "matchingPursuit", x.rows(), atoms.rows(), options.steps());
    }
  }

  /**
   * Gradients of what a matching pursuit gives, with its picks held fixed. From the last step to
   * the first, with r the residual after the step, c its coefficient, D its atom, g the gradient of
   * r, and q that of c from uses of the tape's values,
   *
   * <pre>
   *   NORMALISED   s = (q − ⟨g, D⟩) / ‖D‖²    gAtoms_D += s·(r − c·D) − c·g
   *   AS_IS        s =  q − ⟨g, D⟩            gAtoms_D += s·(r + c·D) − c·g
   *   both         then  r += c·D,  g += s·D;  after the first step  gX = g
   * </pre>
   *
   * <p>So automatic differentiation of the unrolled steps, which for {@code AS_IS} is what the
   * MP-SAE authors train by, but residuals are recomputed and never stored: scratch grows with
   * rows·steps and not with their product with d. The picks' discontinuities have no gradient; nor
   * have tolerances.
   *
   * @param tape of the forward call, [rows, steps]; every index lies below n
   * @param residual what the tape left of each row [rows, d]
   * @param atoms [n, d]
   * @param options of the forward call, of which steps and scaling are read
   * @param gResidual gradient of the residual [rows, d]; null for zeros
   * @param gValues gradient of the coefficients [rows·steps], in the layout of the tape's values;
   *     read at filled slots only; null for zeros
   * @param gradients what is wanted; its parts share no element with the inputs. Where more rows of
   *     a row-sparse matrix are active than fit it is left without any, and {@code
   *     org.pursuit.CapacityException} tells how many there are, at once on the host and at the
   *     next wait on a device; the other gradient is complete
   */
  public final void matchingPursuitBackward(
      PursuitTape tape,
      Matrix residual,
      Matrix atoms,
      MatchingPursuit options,
      Matrix gResidual,
      Floats gValues,
      PursuitGradients gradients) {
    checkBackward(tape, residual, atoms, options, gResidual, gValues, gradients);
    KernelEvent event = begin();
    try {
      touch(gradients.atoms());
      if (gradients.activeAtoms() != null) {
        gradients.activeAtoms().elements().touch();
      }
      touch(gradients.x());
      matchingPursuitBackwardKernel(tape, residual, atoms, options, gResidual, gValues, gradients);
    } finally {
      end(event, "matchingPursuitBackward", tape.rows(), atoms.rows(), options.steps());
    }
  }

  private void checkBackward(
      PursuitTape tape,
      Matrix residual,
      Matrix atoms,
      MatchingPursuit options,
      Matrix gResidual,
      Floats gValues,
      PursuitGradients gradients) {
    check.handle(residual, "residual");
    check.columns(atoms, residual.columns(), "atoms");
    Check.required(options, "options");
    check.codes(tape, "tape");
    check.shape(tape.rows(), tape.k(), residual.rows(), options.steps(), "tape");
    if (gResidual != null) {
      check.matrix(gResidual, residual.rows(), residual.columns(), "gResidual");
    }
    check.optional(gValues, tape.values().length(), "gValues");
    Check.required(gradients, "gradients");
    checkGradient(gradients.atoms(), atoms, "gradient of atoms", residual, atoms, gResidual);
    checkGradient(gradients.x(), residual, "gradient of x", residual, atoms, gResidual);
    checkActive(gradients, residual, atoms, gResidual);
    if (gradients.atoms() != null && gradients.x() != null) {
      Check.apart(gradients.x(), "gradient of x", gradients.atoms(), "gradient of atoms");
    }
  }

  private void checkActive(
      PursuitGradients gradients, Matrix residual, Matrix atoms, Matrix gResidual) {
    RowSparseMatrix active = gradients.activeAtoms();
    check.optional(active, atoms.rows(), atoms.columns(), "gradient of active atoms");
    Check.optionalApart(active, "gradient of active atoms", residual, "residual");
    Check.optionalApart(active, "gradient of active atoms", atoms, "atoms");
    if (gResidual != null) {
      Check.optionalApart(active, "gradient of active atoms", gResidual, "gResidual");
    }
    if (gradients.x() != null) {
      Check.optionalApart(active, "gradient of active atoms", gradients.x(), "gradient of x");
    }
  }

  private void checkGradient(
      Matrix gradient, Matrix like, String name, Matrix residual, Matrix atoms, Matrix gResidual) {
    if (gradient == null) {
      return;
    }
    check.matrix(gradient, like.rows(), like.columns(), name);
    Check.apart(gradient, name, residual, "residual");
    Check.apart(gradient, name, atoms, "atoms");
    if (gResidual != null) {
      Check.apart(gradient, name, gResidual, "gResidual");
    }
  }

  /**
   * Orthogonal matching pursuit by residual products; see {@link OrthogonalPursuit} for the rule.
   * Every step multiplies the residuals with all atoms.
   *
   * @param x rows [rows, d]
   * @param atoms [n, d]
   * @param codes [rows, steps]; receives each atom of a row's support once, in the order in which
   *     they were picked, with the values of the last fit
   * @param residual receives what the codes leave of each row, {@code x − Σ γ·D} with one float32
   *     rounding a slot, F32 [rows, d]; null if not wanted
   */
  public final void orthogonalMatchingPursuit(
      Matrix x, Matrix atoms, OrthogonalPursuit options, FixedWidthCodes codes, Matrix residual) {
    checkOrthogonal(x, atoms, options, codes, residual);
    pursueOrthogonally(x, atoms, null, options, codes, residual);
  }

  /**
   * Orthogonal matching pursuit that sums the support's rows of the Gram at every step instead;
   * picks and values agree up to rounding. The rounding of a 16-bit Gram limits how well picks are
   * told apart: a correlation is off by up to {@code u·Σ |γ_s·⟨D_s, D_j⟩|}, with u = 2⁻⁸ for BF16
   * and 2⁻¹¹ for F16. The values are fits with products of the atoms as ever.
   *
   * @param x rows [rows, d]
   * @param atoms [n, d]
   * @param gram of exactly these atoms
   * @param codes [rows, steps]; receives each atom of a row's support once, in the order in which
   *     they were picked, with the values of the last fit
   * @param residual receives what the codes leave of each row, {@code x − Σ γ·D} with one float32
   *     rounding a slot, F32 [rows, d]; null if not wanted
   * @throws IllegalStateException if the Gram is older than the atoms or of other ones
   */
  public final void orthogonalMatchingPursuit(
      Matrix x,
      Matrix atoms,
      Gram gram,
      OrthogonalPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    checkOrthogonal(x, atoms, options, codes, residual);
    checkGram(gram, atoms);
    pursueOrthogonally(x, atoms, gram, options, codes, residual);
  }

  private void checkOrthogonal(
      Matrix x, Matrix atoms, OrthogonalPursuit options, FixedWidthCodes codes, Matrix residual) {
    check.handle(x, "x");
    check.columns(atoms, x.columns(), "atoms");
    Check.required(options, "options");
    check.optional(options.atomMask(), atoms.rows(), "atomMask");
    checkCodes(codes, x.rows(), options.steps());
    checkResidual(residual, x, atoms);
  }

  private void pursueOrthogonally(
      Matrix x,
      Matrix atoms,
      Gram gram,
      OrthogonalPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    KernelEvent event = begin();
    try {
      touch(residual);
      orthogonalMatchingPursuitKernel(x, atoms, gram, options, codes, residual);
    } finally {
      end(event, "orthogonalMatchingPursuit", x.rows(), atoms.rows(), options.steps());
    }
  }

  /**
   * Gradient pursuit by residual products; see {@link GradientPursuit} for the rule. Every step
   * multiplies the residuals with all atoms.
   *
   * @param x rows [rows, d]
   * @param atoms [n, d]
   * @param codes [rows, steps]; receives the atoms of each row whose values are not 0, in the order
   *     in which they joined the support
   * @param residual receives what the codes leave of each row, {@code x − Σ w·D} with one float32
   *     rounding a slot, F32 [rows, d]; null if not wanted
   */
  public final void gradientPursuit(
      Matrix x, Matrix atoms, GradientPursuit options, FixedWidthCodes codes, Matrix residual) {
    checkGradientPursuit(x, atoms, options, codes, residual);
    pursueGradient(x, atoms, null, options, codes, residual);
  }

  /**
   * Gradient pursuit that sums the support's rows of the Gram at every step instead; picks and
   * values agree up to rounding. The rounding of a 16-bit Gram limits how well picks are told
   * apart, as for {@link #orthogonalMatchingPursuit(Matrix, Matrix, Gram, OrthogonalPursuit,
   * FixedWidthCodes, Matrix)}; gradients are products of the atoms as ever.
   *
   * @param x rows [rows, d]
   * @param atoms [n, d]
   * @param gram of exactly these atoms
   * @param codes [rows, steps]; receives the atoms of each row whose values are not 0, in the order
   *     in which they joined the support
   * @param residual receives what the codes leave of each row, {@code x − Σ w·D} with one float32
   *     rounding a slot, F32 [rows, d]; null if not wanted
   * @throws IllegalStateException if the Gram is older than the atoms or of other ones
   */
  public final void gradientPursuit(
      Matrix x,
      Matrix atoms,
      Gram gram,
      GradientPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    checkGradientPursuit(x, atoms, options, codes, residual);
    checkGram(gram, atoms);
    pursueGradient(x, atoms, gram, options, codes, residual);
  }

  private void checkGradientPursuit(
      Matrix x, Matrix atoms, GradientPursuit options, FixedWidthCodes codes, Matrix residual) {
    check.handle(x, "x");
    check.columns(atoms, x.columns(), "atoms");
    Check.required(options, "options");
    check.optional(options.rowSteps(), x.rows(), "rowSteps");
    check.optional(options.atomMask(), atoms.rows(), "atomMask");
    checkCodes(codes, x.rows(), options.steps());
    checkResidual(residual, x, atoms);
  }

  private void pursueGradient(
      Matrix x,
      Matrix atoms,
      Gram gram,
      GradientPursuit options,
      FixedWidthCodes codes,
      Matrix residual) {
    KernelEvent event = begin();
    try {
      touch(residual);
      gradientPursuitKernel(x, atoms, gram, options, codes, residual);
    } finally {
      end(event, "gradientPursuit", x.rows(), atoms.rows(), options.steps());
    }
  }

  private void checkCodes(FixedWidthCodes codes, int rows, int steps) {
    check.codes(codes, "codes");
    check.shape(codes.rows(), codes.k(), rows, steps, "codes");
  }

  private void checkGram(Gram gram, Matrix atoms) {
    check.gram(gram, "gram");
    if (!gram.describes(atoms)) {
      throw new IllegalStateException(
          "gram: "
              + gram
              + " is stale: atoms "
              + atoms
              + " were written to or are others; compute it again");
    }
  }

  private void extendGram(Matrix atoms, int from, Gram gram, String kernel) {
    KernelEvent event = begin();
    try {
      gram.forget();
      gram.products().touch();
      gramKernel(atoms, from, gram);
      gram.computedFrom(atoms);
    } finally {
      end(event, kernel, atoms.rows(), atoms.columns(), 0);
    }
  }

  private void checkCapacity(Matrix atoms, Gram gram) {
    check.gram(gram, "gram");
    Check.apart(gram.products(), "gram", atoms, "atoms");
    if (gram.capacity() < atoms.rows()) {
      throw new IllegalArgumentException(
          "gram: expected a capacity of at least "
              + atoms.rows()
              + " atoms, found "
              + gram.capacity());
    }
  }

  private void checkPursuit(
      Matrix x, Matrix atoms, MatchingPursuit options, PursuitTape tape, Matrix residual) {
    check.handle(x, "x");
    check.columns(atoms, x.columns(), "atoms");
    Check.required(options, "options");
    check.optional(options.atomMask(), atoms.rows(), "atomMask");
    check.codes(tape, "tape");
    check.shape(tape.rows(), tape.k(), x.rows(), options.steps(), "tape");
    checkResidual(residual, x, atoms);
  }

  private void checkResidual(Matrix residual, Matrix x, Matrix atoms) {
    if (residual == null) {
      return;
    }
    check.matrix(residual, x.rows(), x.columns(), "residual");
    if (residual.dtype() != DType.F32) {
      throw new IllegalArgumentException("residual: expected F32, found " + residual.dtype());
    }
    Check.apart(residual, "residual", x, "x");
    Check.apart(residual, "residual", atoms, "atoms");
  }

  private static void touch(Matrix out) {
    if (out != null) {
      out.touch();
    }
  }

  /**
   * Computes rows and columns {@code from … atoms.rows()} of the products; the rest is as it must
   * be.
   */
  protected abstract void gramKernel(Matrix atoms, int from, Gram gram);

  /**
   * Computes {@link #matchingPursuit}.
   *
   * @param gram null for residual products
   * @param residual null if not wanted
   */
  protected abstract void matchingPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      MatchingPursuit options,
      PursuitTape tape,
      Matrix residual);

  /**
   * Computes {@link #matchingPursuitBackward}.
   *
   * @param gResidual null for zeros
   * @param gValues null for zeros
   */
  protected abstract void matchingPursuitBackwardKernel(
      PursuitTape tape,
      Matrix residual,
      Matrix atoms,
      MatchingPursuit options,
      Matrix gResidual,
      Floats gValues,
      PursuitGradients gradients);

  /**
   * Computes {@link #orthogonalMatchingPursuit}.
   *
   * @param gram null for residual products
   * @param residual null if not wanted
   */
  protected abstract void orthogonalMatchingPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      OrthogonalPursuit options,
      FixedWidthCodes codes,
      Matrix residual);

  /**
   * Computes {@link #gradientPursuit}.
   *
   * @param gram null for residual products
   * @param residual null if not wanted
   */
  protected abstract void gradientPursuitKernel(
      Matrix x,
      Matrix atoms,
      Gram gram,
      GradientPursuit options,
      FixedWidthCodes codes,
      Matrix residual);
}
