package org.pursuit;

import org.pursuit.data.Memory;
import org.pursuit.kernel.Pursuits;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.SparseAlgebra;
import org.pursuit.kernel.Statistics;
import org.pursuit.kernel.Training;

/**
 * One way to compute: a memory that owns the data, and the kernel families that work on it.
 *
 * <p>A backend is used by one thread at a time; open several for more. Results do not depend on the
 * number of worker threads, and are bitwise the same from run to run.
 */
public abstract class Backend extends Memory {
  private final BackendInfo info;

  /** A backend as {@code info} describes it. */
  protected Backend(BackendInfo info, BackendOptions options) {
    super(info.name(), options.memoryLimitBytes());
    this.info = info;
  }

  /** What this backend runs on. */
  public final BackendInfo info() {
    return info;
  }

  /** Dense scores, and selections fused with them. */
  public final Scoring scoring() {
    return families().scoring();
  }

  /** Selections from a score matrix. */
  public final Selection selection() {
    return families().selection();
  }

  /** Products of sparse codes with dictionaries. */
  public final SparseAlgebra sparseAlgebra() {
    return families().sparseAlgebra();
  }

  /** Greedy sparse approximation. */
  public final Pursuits pursuits() {
    return families().pursuits();
  }

  /** The dense steps around a training step's sparse ones. */
  public final Training training() {
    return families().training();
  }

  /** What rows and columns amount to. */
  public final Statistics statistics() {
    return families().statistics();
  }

  /** This backend's kernels, the same at every call. */
  protected abstract Families families();

  @Override
  protected final RuntimeException outOfMemory(String what, long askedBytes, long freeBytes) {
    return new BackendMemoryException(name(), what, askedBytes, freeBytes);
  }
}
