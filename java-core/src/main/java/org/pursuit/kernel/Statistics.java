package org.pursuit.kernel;

import org.pursuit.data.ColumnCodes;
import org.pursuit.data.CsrCodes;
import org.pursuit.data.DType;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Floats;
import org.pursuit.data.Ints;
import org.pursuit.data.Longs;
import org.pursuit.data.Mask;
import org.pursuit.data.Matrix;
import org.pursuit.data.Memory;
import org.pursuit.data.RowSparseMatrix;
import org.pursuit.data.SlottedCodes;

/**
 * What rows and columns amount to: errors, norms, counts; and what a training step does with them.
 *
 * <p>A loss stays on the device: the mean squared error is {@link #sum} of {@link #squaredErrors}
 * over the number of rows, and the fraction of variance unexplained is the same sum over {@link
 * #totalVariance}, by {@link #quotients}.
 */
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
    checkRows(x, y, out);
    KernelEvent event = begin();
    try {
      squaredErrorsKernel(x, y, out);
    } finally {
      end(event, "squaredErrors", x.rows(), x.columns(), 0);
    }
  }

  /**
   * {@code out_b = ‖x_b‖}, the Euclidean norm. Squares are summed in float32, which overflows from
   * norms of about 1.8·10¹⁹ on, and loses those below 10⁻²².
   *
   * @param x [rows, d]
   * @param out [rows]
   */
  public final void norms(Matrix x, Floats out) {
    check.handle(x, "x");
    check.vector(out, x.rows(), "out");
    KernelEvent event = begin();
    try {
      normsKernel(x, out);
    } finally {
      end(event, "norms", x.rows(), x.columns(), 0);
    }
  }

  /**
   * {@code out_b = ⟨x_b, y_b⟩ / (‖x_b‖·‖y_b‖)}; where a norm is 0, {@code 0·⟨x_b, y_b⟩}: 0, or NaN
   * where the other row is not finite. The range is that of {@link #norms}.
   *
   * @param x [rows, d]
   * @param y [rows, d]
   * @param out [rows]
   */
  public final void cosines(Matrix x, Matrix y, Floats out) {
    checkRows(x, y, out);
    KernelEvent event = begin();
    try {
      cosinesKernel(x, y, out);
    } finally {
      end(event, "cosines", x.rows(), x.columns(), 0);
    }
  }

  /**
   * {@code out = Σ_i values_i}, as a step scalar.
   *
   * @param values [n]
   * @param mask which of them take part [n]; null for all
   * @param out [1]
   */
  public final void sum(Floats values, Mask mask, Floats out) {
    check.handle(values, "values");
    check.optional(mask, values.length(), "mask");
    check.vector(out, 1, "out");
    KernelEvent event = begin();
    try {
      sumKernel(values, mask, out);
    } finally {
      end(event, "sum", 1, (int) Math.min(values.length(), Integer.MAX_VALUE), 0);
    }
  }

  /**
   * {@code out = Σ_b ‖x_b − mean‖²} as a step scalar, where {@code mean} is the mean of the rows
   * that take part; 0 where none does. What large means have in common with the rows is taken off
   * before anything is squared.
   *
   * @param x [rows, d]
   * @param mask which rows take part [rows]; null for all
   * @param out [1]
   */
  public final void totalVariance(Matrix x, Mask mask, Floats out) {
    check.handle(x, "x");
    check.optional(mask, x.rows(), "mask");
    check.vector(out, 1, "out");
    KernelEvent event = begin();
    try {
      totalVarianceKernel(x, mask, out);
    } finally {
      end(event, "totalVariance", x.rows(), x.columns(), 0);
    }
  }

  /**
   * {@code out_i = factor·a_i / b_i}: losses that are fractions, and factors for {@link
   * Training#scale} that never leave the device. Where b_i is 0, {@code 0·a_i}, as the published
   * losses make 0 of 0/0.
   *
   * @param a [n], or null for ones
   * @param b [n]; [1] for step scalars
   * @param out [n]
   */
  public final void quotients(float factor, Floats a, Floats b, Floats out) {
    check.handle(b, "b");
    check.optional(a, b.length(), "a");
    check.vector(out, b.length(), "out");
    KernelEvent event = begin();
    try {
      quotientsKernel(factor, a, b, out);
    } finally {
      end(event, "quotients", 1, (int) Math.min(b.length(), Integer.MAX_VALUE), 0);
    }
  }

  /**
   * For each column how many elements fire, the largest element and their sum:
   *
   * <pre>
   *   fires_j  = |{b : fired(x_bj)}|
   *   maxima_j = max_b x_bj      NaN above all; a zero is +0; −∞ of no rows
   *   sums_j   = Σ_b x_bj
   * </pre>
   *
   * With {@link Write#ACCUMULATE} counts and sums are added to what the outputs hold, and maxima
   * are those of old and new: batch after batch, the statistics of a corpus.
   *
   * @param x [rows, n]
   * @param fired which elements count
   * @param fires [n], or null
   * @param maxima [n], or null
   * @param sums [n], or null
   */
  public final void columnStatistics(
      Matrix x, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    check.handle(x, "x");
    checkColumns(x.columns(), fired, write, fires, maxima, sums);
    KernelEvent event = begin();
    try {
      columnStatisticsKernel(x, fired, write, fires, maxima, sums);
    } finally {
      end(event, "columnStatistics", x.rows(), x.columns(), 0);
    }
  }

  /**
   * {@link #columnStatistics(Matrix, Fired, Write, Longs, Floats, Floats)} of a code's entries:
   * absent elements are no zeros but nothing, so that the maximum of a column without entries is
   * −∞.
   *
   * @param codes [rows, k], selection or tape; every index lies below n
   * @param fires [n], or null
   * @param maxima [n], or null
   * @param sums [n], or null; not all three are null
   */
  public final void columnStatistics(
      SlottedCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    check.codes(codes, "codes");
    long n = columns(fires, maxima, sums);
    checkColumns(n, fired, write, fires, maxima, sums);
    KernelEvent event = begin();
    try {
      columnStatisticsKernel(codes, fired, write, fires, maxima, sums);
    } finally {
      end(event, "columnStatistics", codes.rows(), (int) n, codes.k());
    }
  }

  /**
   * {@link #columnStatistics(SlottedCodes, Fired, Write, Longs, Floats, Floats)} of row-compressed
   * codes.
   *
   * @param codes [rows, n]
   */
  public final void columnStatistics(
      CsrCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    check.codes(codes, "codes");
    checkColumns(codes.columnCount(), fired, write, fires, maxima, sums);
    KernelEvent event = begin();
    try {
      columnStatisticsKernel(codes, fired, write, fires, maxima, sums);
    } finally {
      end(event, "columnStatistics", codes.rows(), codes.columnCount(), 0);
    }
  }

  /**
   * {@code since_j = fires_j > 0 ? 0 : since_j + rows}: the rows (tokens) that have passed since
   * each latent fired.
   *
   * @param fires how often each latent fired in these rows [n]
   * @param rows number of these rows, 0 or more
   * @param since [n]
   */
  public final void sinceFired(Longs fires, long rows, Longs since) {
    check.handle(fires, "fires");
    Check.notNegative(rows, "rows");
    check.vector(since, fires.length(), "since");
    KernelEvent event = begin();
    try {
      sinceFiredKernel(fires, rows, since);
    } finally {
      end(event, "sinceFired", 1, (int) fires.length(), 0);
    }
  }

  /**
   * {@code dead_j = since_j ≥ limit}, and how many are. For a rule {@code > limit}, as sparsify has
   * it, ask for {@code limit + 1}.
   *
   * @param since rows since each latent fired [n]
   * @param dead [n]
   * @param count number of dead latents as a step scalar [1]
   */
  public final void deadLatents(Longs since, long limit, Mask dead, Ints count) {
    check.handle(since, "since");
    check.vector(dead, since.length(), "dead");
    check.vector(count, 1, "count");
    KernelEvent event = begin();
    try {
      deadLatentsKernel(since, limit, dead, count);
    } finally {
      end(event, "deadLatents", 1, dead.length(), 0);
    }
  }

  /**
   * {@code out_j = fires_j / rows}, NaN of no rows: how often latents fire, or in how many
   * documents.
   *
   * @param fires [n]
   * @param rows number of the rows that were counted, 0 or more
   * @param out [n]
   */
  public final void density(Longs fires, long rows, Floats out) {
    check.handle(fires, "fires");
    Check.notNegative(rows, "rows");
    check.vector(out, fires.length(), "out");
    KernelEvent event = begin();
    try {
      densityKernel(fires, rows, out);
    } finally {
      end(event, "density", 1, (int) fires.length(), 0);
    }
  }

  /**
   * {@code average_i = momentum·average_i + (1 − momentum)·observed_i}: a threshold's moving
   * average, or that of densities. A NaN among the observed, as the smallest positive value of
   * nothing is, leaves the average as it is; an average that is NaN takes what is observed.
   *
   * @param observed [n]; [1] for step scalars
   * @param momentum 0 to 1
   * @param average [n]
   */
  public final void movingAverage(Floats observed, float momentum, Floats average) {
    check.handle(observed, "observed");
    Check.fraction(momentum, "momentum");
    check.vector(average, observed.length(), "average");
    KernelEvent event = begin();
    try {
      movingAverageKernel(observed, momentum, average);
    } finally {
      end(event, "movingAverage", 1, (int) Math.min(observed.length(), Integer.MAX_VALUE), 0);
    }
  }

  /**
   * Lowers the biases of latents that fire more often than their group should, and raises those of
   * dead ones (Group Bias Adaptation). With {@code p_j = fires_j / rows}, {@code r_j =
   * max(maxima_j, 0)} and {@code T_g} the mean of those r of group g that are above 0, or 0 where
   * there is none:
   *
   * <pre>
   *   p_j &gt; targets_g  : bias_j = max(bias_j − decrease·r_j, floor)
   *   p_j &lt; deadBelow  : bias_j = min(bias_j + increase·T_g, ceiling)
   *   otherwise        : bias_j stays
   * </pre>
   *
   * Inputs are expected to be normalised; the bounds make no sense else. NaN among the maxima makes
   * the biases NaN that depend on them.
   *
   * @param fires how often each latent's pre-activation was positive [n]
   * @param maxima the largest pre-activation of each latent [n]
   * @param rows the number of rows that {@link #columnStatistics} took both from, 0 or more; of
   *     none every bias stays
   * @param groups each latent's group [n]; a latent with a number that no group has stays as it is;
   *     null for one group of all latents
   * @param targets the activation frequency that each group aims at [groups]
   * @param bias [n]
   */
  public final void adaptBias(
      BiasAdaptation options,
      Longs fires,
      Floats maxima,
      long rows,
      Ints groups,
      Floats targets,
      Floats bias) {
    Check.required(options, "options");
    check.handle(bias, "bias");
    check.vector(fires, bias.length(), "fires");
    check.vector(maxima, bias.length(), "maxima");
    Check.notNegative(rows, "rows");
    check.optional(groups, bias.length(), "groups");
    check.handle(targets, "targets");
    KernelEvent event = begin();
    try {
      adaptBiasKernel(options, fires, maxima, rows, groups, targets, bias);
    } finally {
      end(event, "adaptBias", 1, (int) bias.length(), 0);
    }
  }

  /**
   * {@code x_i = x_i / (‖x_i‖ + epsilon)}, in place: a dictionary's atoms at unit norm after an
   * optimiser's step. A row whose norm is 0 stays. The range is that of {@link #norms}.
   *
   * <p>OpenAI adds no epsilon, overcomplete 10⁻⁸, sparsify and dictionary_learning 2⁻²³.
   *
   * @param x [rows, d]
   * @param epsilon 0 or more
   */
  public final void unitRows(Matrix x, float epsilon) {
    check.handle(x, "x");
    Check.notNegative(epsilon, "epsilon");
    KernelEvent event = begin();
    try {
      x.touch();
      unitRowsKernel(x, epsilon);
    } finally {
      end(event, "unitRows", x.rows(), x.columns(), 0);
    }
  }

  /**
   * {@code g_i = g_i − ⟨g_i, D_i⟩/⟨D_i, D_i⟩·D_i}, in place: takes from the gradient of a
   * dictionary of unit atoms what would only change their norms. Where an atom's norm is 0, its
   * gradient stays. Norms need not be 1; the range is that of {@link #norms}.
   *
   * @param atoms D [n, d]
   * @param gradient g [n, d]
   */
  public final void projectGradient(Matrix atoms, Matrix gradient) {
    check.handle(atoms, "atoms");
    check.matrix(gradient, atoms.rows(), atoms.columns(), "gradient");
    Check.apart(gradient, "gradient", atoms, "atoms");
    KernelEvent event = begin();
    try {
      gradient.touch();
      projectGradientKernel(atoms, gradient);
    } finally {
      end(event, "projectGradient", atoms.rows(), atoms.columns(), 0);
    }
  }

  /**
   * {@link #projectGradient(Matrix, Matrix)} of a gradient's active rows.
   *
   * @param atoms D [n, d]
   * @param gradient g [n, d]
   */
  public final void projectGradient(Matrix atoms, RowSparseMatrix gradient) {
    check.handle(atoms, "atoms");
    check.rowSparse(gradient, atoms.rows(), atoms.columns(), "gradient");
    KernelEvent event = begin();
    try {
      gradient.elements().touch();
      projectGradientKernel(atoms, gradient);
    } finally {
      end(event, "projectGradient", atoms.rows(), atoms.columns(), 0);
    }
  }

  /**
   * Reduces the rows of each segment to one, as tokens to a document: row s of {@code out} is the
   * {@link Reduction} of the rows {@code segments[s] … segments[s + 1])}, for the columns from
   * {@code firstColumn} on.
   *
   * <p>A segment may go on in the next batch: with {@link Write#ACCUMULATE} what {@code out} holds
   * takes part, and any split of the rows into batches gives the same as one call.
   *
   * @param codes [rows, k]
   * @param segments where each segment's rows begin, and the last one's end [segments + 1]; a bound
   *     outside of the rows is the nearest one within, and a segment that ends before it begins is
   *     empty
   * @param firstColumn the column that column 0 of {@code out} is
   * @param out F32 [segments, columns]; entries of other columns take no part
   */
  public final void segmentReduce(
      FixedWidthCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    check.codes(codes, "codes");
    checkSegments(segments, firstColumn, reduction, write, out);
    KernelEvent event = begin();
    try {
      out.touch();
      segmentReduceKernel(codes, segments, firstColumn, reduction, write, out);
    } finally {
      end(event, "segmentReduce", codes.rows(), out.columns(), codes.k());
    }
  }

  /**
   * {@link #segmentReduce(FixedWidthCodes, Longs, int, Reduction, Write, Matrix)} of row-compressed
   * codes.
   *
   * @param codes [rows, n]
   */
  public final void segmentReduce(
      CsrCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out) {
    check.codes(codes, "codes");
    checkSegments(segments, firstColumn, reduction, write, out);
    Check.block(firstColumn, out.columns(), codes.columnCount(), "out");
    KernelEvent event = begin();
    try {
      out.touch();
      segmentReduceKernel(codes, segments, firstColumn, reduction, write, out);
    } finally {
      end(event, "segmentReduce", codes.rows(), out.columns(), 0);
    }
  }

  /**
   * In how many rows two latents fire together: {@code counts[i, j]} is the number of rows in which
   * x has an event in column {@code firstColumn + i} and y one in column j. That is XᵀY of the
   * binary codes, for a block of X's columns; all of it is too large where there are many.
   *
   * @param x [rows, k]
   * @param y [rows, k′]; may be x
   * @param fired which entries are events
   * @param firstColumn first column of the block
   * @param columns columns of the block
   * @param counts [columns, n], row-major; every index of y lies below n
   */
  public final void cooccurrence(
      FixedWidthCodes x,
      FixedWidthCodes y,
      Fired fired,
      int firstColumn,
      int columns,
      Write write,
      Longs counts) {
    check.codes(x, "x");
    check.codes(y, "y");
    check.shape(y.rows(), y.k(), x.rows(), y.k(), "y");
    int n = checkCounts(fired, firstColumn, columns, write, counts);
    KernelEvent event = begin();
    try {
      cooccurrenceKernel(x, y, fired, firstColumn, columns, n, write, counts);
    } finally {
      end(event, "cooccurrence", x.rows(), columns, x.k());
    }
  }

  /**
   * {@link #cooccurrence(FixedWidthCodes, FixedWidthCodes, Fired, int, int, Write, Longs)} of
   * row-compressed codes.
   *
   * @param x [rows, n′]
   * @param y [rows, n]; may be x
   */
  public final void cooccurrence(
      CsrCodes x,
      CsrCodes y,
      Fired fired,
      int firstColumn,
      int columns,
      Write write,
      Longs counts) {
    check.codes(x, "x");
    check.codes(y, "y");
    check.shape(y.rows(), y.columnCount(), x.rows(), y.columnCount(), "y");
    Check.notNegative(firstColumn, "firstColumn");
    Check.block(firstColumn, columns, x.columnCount(), "columns");
    check.vector(counts, (long) columns * y.columnCount(), "counts");
    checkCounts(fired, firstColumn, columns, write, counts);
    KernelEvent event = begin();
    try {
      cooccurrenceKernel(x, y, fired, firstColumn, columns, y.columnCount(), write, counts);
    } finally {
      end(event, "cooccurrence", x.rows(), columns, 0);
    }
  }

  /**
   * For each column of a block the m others that fire with it most often, more often first, then
   * the lower one; those that never do are left out, and so is the column itself.
   *
   * @param counts {@link #cooccurrence} of codes with themselves [columns, n]
   * @param firstColumn the column that row 0 of the counts is
   * @param out neighbours [columns, m] in place of row ids, the counts as values (rounded to float)
   */
  public final void neighbours(Longs counts, int firstColumn, ColumnCodes out) {
    check.handle(counts, "counts");
    check.codes(out, "out");
    Check.notNegative(firstColumn, "firstColumn");
    int n = checkBlock(counts, out.columns());
    KernelEvent event = begin();
    try {
      neighboursKernel(counts, firstColumn, n, out);
    } finally {
      end(event, "neighbours", out.columns(), n, out.m());
    }
  }

  /**
   * The Jaccard index of the rows in which two latents fire: {@code out[i, j] = c / (a + b − c)}
   * with {@code c = counts[i, j]}, {@code a = firesX[firstColumn + i]} and {@code b = firesY[j]}; 0
   * where neither ever fires.
   *
   * @param counts {@link #cooccurrence} of x and y [columns, n]
   * @param firstColumn the column that row 0 of the counts is
   * @param firesX in how many rows each latent of x fires [firstColumn + columns or more]
   * @param firesY in how many rows each latent of y fires [n]
   * @param out [columns, n]
   */
  public final void jaccard(Longs counts, int firstColumn, Longs firesX, Longs firesY, Matrix out) {
    checkAssociation(counts, firstColumn, firesX, firesY, out);
    KernelEvent event = begin();
    try {
      out.touch();
      jaccardKernel(counts, firstColumn, firesX, firesY, out);
    } finally {
      end(event, "jaccard", out.rows(), out.columns(), 0);
    }
  }

  /**
   * Normalised pointwise mutual information: with the frequencies {@code p = c/rows}, {@code q =
   * a/rows} and {@code r = b/rows} of {@link #jaccard}'s counts
   *
   * <pre>
   *   out[i, j] = log(p / (q·r)) / −log p    1 where p = 1; 0 where c = 0
   * </pre>
   *
   * <p>A latent with itself has 1, as far as it ever fires. Latents that never meet, whose value
   * tends to −1, are 0: InterpEmbed stores no such pair.
   *
   * @param counts {@link #cooccurrence} of x and y [columns, n]
   * @param firstColumn the column that row 0 of the counts is
   * @param firesX in how many rows each latent of x fires [firstColumn + columns or more]
   * @param firesY in how many rows each latent of y fires [n]
   * @param rows rows that were counted, 0 or more
   * @param out [columns, n]
   */
  public final void npmi(
      Longs counts, int firstColumn, Longs firesX, Longs firesY, long rows, Matrix out) {
    checkAssociation(counts, firstColumn, firesX, firesY, out);
    Check.notNegative(rows, "rows");
    KernelEvent event = begin();
    try {
      out.touch();
      npmiKernel(counts, firstColumn, firesX, firesY, rows, out);
    } finally {
      end(event, "npmi", out.rows(), out.columns(), 0);
    }
  }

  private void checkSegments(
      Longs segments, int firstColumn, Reduction reduction, Write write, Matrix out) {
    Check.notNegative(firstColumn, "firstColumn");
    Check.required(reduction, "reduction");
    Check.required(write, "write");
    check.handle(out, "out");
    if (out.dtype() != DType.F32) {
      throw new IllegalArgumentException("out: expected F32, found " + out.dtype());
    }
    check.vector(segments, out.rows() + 1L, "segments");
  }

  private int checkCounts(Fired fired, int firstColumn, int columns, Write write, Longs counts) {
    Check.required(fired, "fired");
    Check.required(write, "write");
    Check.notNegative(firstColumn, "firstColumn");
    Check.notNegative(columns, "columns");
    check.handle(counts, "counts");
    return checkBlock(counts, columns);
  }

  /** How many counts each of {@code columns} columns has. */
  private static int checkBlock(Longs counts, int columns) {
    long n = columns == 0 ? 0 : counts.length() / columns;
    if (n * columns != counts.length() || n > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "counts: expected [" + columns + ", n] elements, found [" + counts.length() + "]");
    }
    return (int) n;
  }

  private void checkAssociation(
      Longs counts, int firstColumn, Longs firesX, Longs firesY, Matrix out) {
    check.handle(out, "out");
    check.vector(counts, out.size(), "counts");
    Check.notNegative(firstColumn, "firstColumn");
    check.handle(firesX, "firesX");
    Check.block(firstColumn, out.rows(), firesX.length(), "firesX");
    check.vector(firesY, out.columns(), "firesY");
  }

  private void checkRows(Matrix x, Matrix y, Floats out) {
    check.handle(x, "x");
    check.matrix(y, x.rows(), x.columns(), "y");
    check.vector(out, x.rows(), "out");
  }

  private void checkColumns(
      long n, Fired fired, Write write, Longs fires, Floats maxima, Floats sums) {
    Check.required(fired, "fired");
    Check.required(write, "write");
    check.optional(fires, n, "fires");
    check.optional(maxima, n, "maxima");
    check.optional(sums, n, "sums");
    if (maxima != null && maxima == sums) {
      throw new IllegalArgumentException("sums: expected other numbers than maxima");
    }
  }

  /** How long the outputs are that there are. */
  private static long columns(Longs fires, Floats maxima, Floats sums) {
    if (fires != null) {
      return fires.length();
    }
    if (maxima == null && sums == null) {
      throw new IllegalArgumentException("fires, maxima, sums: expected at least one, found none");
    }
    return maxima == null ? sums.length() : maxima.length();
  }

  /** Computes {@link #squaredErrors}; the arguments have been checked. */
  protected abstract void squaredErrorsKernel(Matrix x, Matrix y, Floats out);

  /** Computes {@link #norms}. */
  protected abstract void normsKernel(Matrix x, Floats out);

  /** Computes {@link #cosines}. */
  protected abstract void cosinesKernel(Matrix x, Matrix y, Floats out);

  /** Computes {@link #sum}. */
  protected abstract void sumKernel(Floats values, Mask mask, Floats out);

  /** Computes {@link #totalVariance}. */
  protected abstract void totalVarianceKernel(Matrix x, Mask mask, Floats out);

  /** Computes {@link #quotients}. */
  protected abstract void quotientsKernel(float factor, Floats a, Floats b, Floats out);

  /** Computes {@link #columnStatistics(Matrix, Fired, Write, Longs, Floats, Floats)}. */
  protected abstract void columnStatisticsKernel(
      Matrix x, Fired fired, Write write, Longs fires, Floats maxima, Floats sums);

  /** Computes {@link #columnStatistics(SlottedCodes, Fired, Write, Longs, Floats, Floats)}. */
  protected abstract void columnStatisticsKernel(
      SlottedCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums);

  /** Computes {@link #columnStatistics(CsrCodes, Fired, Write, Longs, Floats, Floats)}. */
  protected abstract void columnStatisticsKernel(
      CsrCodes codes, Fired fired, Write write, Longs fires, Floats maxima, Floats sums);

  /** Computes {@link #sinceFired}. */
  protected abstract void sinceFiredKernel(Longs fires, long rows, Longs since);

  /** Computes {@link #deadLatents}. */
  protected abstract void deadLatentsKernel(Longs since, long limit, Mask dead, Ints count);

  /** Computes {@link #density}. */
  protected abstract void densityKernel(Longs fires, long rows, Floats out);

  /** Computes {@link #movingAverage}. */
  protected abstract void movingAverageKernel(Floats observed, float momentum, Floats average);

  /** Computes {@link #adaptBias}. */
  protected abstract void adaptBiasKernel(
      BiasAdaptation options,
      Longs fires,
      Floats maxima,
      long rows,
      Ints groups,
      Floats targets,
      Floats bias);

  /** Computes {@link #unitRows}. */
  protected abstract void unitRowsKernel(Matrix x, float epsilon);

  /** Computes {@link #projectGradient(Matrix, Matrix)}. */
  protected abstract void projectGradientKernel(Matrix atoms, Matrix gradient);

  /** Computes {@link #projectGradient(Matrix, RowSparseMatrix)}. */
  protected abstract void projectGradientKernel(Matrix atoms, RowSparseMatrix gradient);

  /** Computes {@link #segmentReduce(FixedWidthCodes, Longs, int, Reduction, Write, Matrix)}. */
  protected abstract void segmentReduceKernel(
      FixedWidthCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out);

  /** Computes {@link #segmentReduce(CsrCodes, Longs, int, Reduction, Write, Matrix)}. */
  protected abstract void segmentReduceKernel(
      CsrCodes codes,
      Longs segments,
      int firstColumn,
      Reduction reduction,
      Write write,
      Matrix out);

  /**
   * Computes {@link #cooccurrence(FixedWidthCodes, FixedWidthCodes, Fired, int, int, Write, Longs)}
   * with n counts a column.
   */
  protected abstract void cooccurrenceKernel(
      FixedWidthCodes x,
      FixedWidthCodes y,
      Fired fired,
      int firstColumn,
      int columns,
      int n,
      Write write,
      Longs counts);

  /**
   * Computes {@link #cooccurrence(CsrCodes, CsrCodes, Fired, int, int, Write, Longs)} with n counts
   * a column.
   */
  protected abstract void cooccurrenceKernel(
      CsrCodes x,
      CsrCodes y,
      Fired fired,
      int firstColumn,
      int columns,
      int n,
      Write write,
      Longs counts);

  /** Computes {@link #neighbours} with n counts a column. */
  protected abstract void neighboursKernel(Longs counts, int firstColumn, int n, ColumnCodes out);

  /** Computes {@link #jaccard}. */
  protected abstract void jaccardKernel(
      Longs counts, int firstColumn, Longs firesX, Longs firesY, Matrix out);

  /** Computes {@link #npmi}. */
  protected abstract void npmiKernel(
      Longs counts, int firstColumn, Longs firesX, Longs firesY, long rows, Matrix out);
}
