package org.pursuit.cuda;

import org.pursuit.CapacityException;
import org.pursuit.kernel.Training;

/**
 * What only the device finds out. A kernel raises a flag by {@code atomicMax} of a number above 0
 * on the flag's 64-bit word; the largest one is kept until the next wait.
 */
enum Flag {
  /** A code holds an atom that does not exist; the number is the index plus 1. */
  INDEX_OUT_OF_RANGE {
    @Override
    RuntimeException exception(long number) {
      return new IndexOutOfBoundsException(
          "codes: index " + (int) (number - 1) + " lies outside the atoms");
    }
  },
  /** A row is named that does not exist; the number is the row plus 1. */
  ROW_OUT_OF_RANGE {
    @Override
    RuntimeException exception(long number) {
      return new IndexOutOfBoundsException(
          "rows: row " + (int) (number - 1) + " lies outside the matrix");
    }
  },
  /** A system has no solution; the number is that of the pivot plus 1. */
  NOT_POSITIVE_DEFINITE {
    @Override
    RuntimeException exception(long number) {
      return Training.notPositiveDefinite((int) (number - 1));
    }
  },
  /** More rows of a row-sparse matrix are active than fit; the number is how many. */
  ACTIVE_ROWS_EXCEEDED {
    @Override
    RuntimeException exception(long number) {
      return CapacityException.ofActiveRows(number);
    }
  },
  /** Row-compressed codes have no room for a result; the number is that of its entries. */
  CAPACITY_EXCEEDED {
    @Override
    RuntimeException exception(long number) {
      return new CapacityException(number);
    }
  };

  /** What to throw when the word holds {@code number}. */
  abstract RuntimeException exception(long number);
}
