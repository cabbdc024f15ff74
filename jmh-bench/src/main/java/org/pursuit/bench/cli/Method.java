package org.pursuit.bench.cli;

/** How rows are encoded. */
enum Method {
  /** The k largest scores. */
  TOPK,
  /** The k scores of the largest absolute value. */
  ABSTOPK,
  /** Matching pursuit. */
  MP
}
