package org.pursuit.cuda;

/** The uses of scratch memory. A use has one buffer, which its next call may overwrite. */
enum Slot {
  /** What cuBLAS needs. */
  CUBLAS,
  /** A tile of prepared rows. */
  ROWS,
  /** Weights in another format. */
  WEIGHTS,
  /** A bias less the pre-bias's share. */
  BIAS,
  /** A chunk of scores. */
  SCORES,
  /** What slices of rows have selected. */
  SLICES,
  /** What running selections keep between chunks. */
  RUNNING,
  /** Dots of segments of atoms. */
  PARTS,
  /** Keys of rows that shared memory does not hold. */
  KEYS
}
