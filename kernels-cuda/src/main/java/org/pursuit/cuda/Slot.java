package org.pursuit.cuda;

/** The uses of scratch memory. A use has one buffer, which its next call may overwrite. */
enum Slot {
  /** What cuBLAS needs. */
  CUBLAS,
  /** A tile of prepared rows. */
  ROWS,
  /** A tile of rows that are normalised before they are split. */
  NORMALISED,
  /** Weights in another format. */
  WEIGHTS,
  /** A bias less the pre-bias's share. */
  BIAS,
  /** A chunk of scores, or some rows of a Gram. */
  SCORES,
  /** Which scores are selected, and where their entries go. */
  MARKS,
  /** The first rows of columns, part by part. */
  COLUMNS,
  /** What each score adds to a row's prefixes, and how long these are. */
  ENERGIES,
  /** Entries of codes by column. */
  ENTRIES,
  /** What is known of a selection from all rows. */
  GLOBAL,
  /** What slices of rows have selected. */
  SLICES,
  /** What running selections keep between chunks. */
  RUNNING,
  /** What the other selections of a fused encode keep between chunks. */
  SWEPT,
  /** Parts of sums: dots of segments of atoms, sums over chunks of rows. */
  PARTS,
  /** Keys of rows that shared memory does not hold. */
  KEYS,
  /** Entries of codes, sorted by atom, and what sorting them takes. */
  SORTED_ENTRIES,
  /** Where the entries of each atom begin. */
  RUNS,
  /** Codes without repeated indices, before they are compressed. */
  MERGED_CODES,
  /** Sums of each atom's values. */
  RUN_SUMS,
  /** Indices of codes without those of values that are not positive. */
  POSITIVE_INDICES,
  /** Sums of pieces of long runs of entries. */
  PIECES,
  /** What active rows held before. */
  OLD_ROWS,
  /** Sums over chunks of rows. */
  COLUMN_SUMS,
  /** Squared norms and weights of a pursuit's atoms. */
  PURSUIT_ATOMS,
  /** What a pursuit keeps of each row between its steps. */
  PURSUIT_ROWS,
  /** The factor of a symmetric matrix, and right sides. */
  FACTOR,
  /** Who writes which row. */
  OWNERS,
  /** What is left of a tile of rows, where the caller does not want it. */
  RESIDUALS,
  /** Correlations of a tile of rows with all atoms. */
  CORRELATIONS,
  /** A number of each step of a pursuit. */
  PURSUIT_STEPS,
  /** A tape's slots sorted by atom. */
  SORTED_PICKS,
  /** What steps add to some columns of their atoms' gradients. */
  CONTRIBUTIONS,
  /** Statistics of blocks of rows, before they are merged. */
  STATISTICS,
  /** Cholesky factors, and what else a tile of rows keeps between its steps. */
  PURSUIT_FACTORS
}
