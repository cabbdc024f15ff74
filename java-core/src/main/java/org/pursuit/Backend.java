package org.pursuit;

import org.pursuit.data.Memory;
import org.pursuit.kernel.Pursuits;
import org.pursuit.kernel.Scoring;
import org.pursuit.kernel.Selection;
import org.pursuit.kernel.SparseAlgebra;

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
  public abstract Scoring scoring();

  /** Selections from a score matrix. */
  public abstract Selection selection();

  /** Products of sparse codes with dictionaries. */
  public abstract SparseAlgebra sparseAlgebra();

  /** Greedy sparse approximation. */
  public abstract Pursuits pursuits();

  @Override
  protected final RuntimeException outOfMemory(String what, long askedBytes, long freeBytes) {
    return new BackendMemoryException(name(), what, askedBytes, freeBytes);
  }
}
