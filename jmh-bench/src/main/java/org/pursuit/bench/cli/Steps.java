package org.pursuit.bench.cli;

/** A known number of steps, of which each moves a progress bar. */
final class Steps {
  private final Progress progress;
  private final int total;
  private int begun;

  Steps(Progress progress, int total) {
    this.progress = progress;
    this.total = total;
  }

  /** Begins the next step. */
  void next(String label) {
    progress.show((double) begun / total, label);
    begun++;
  }
}
