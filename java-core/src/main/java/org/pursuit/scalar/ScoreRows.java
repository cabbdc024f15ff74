package org.pursuit.scalar;

import org.pursuit.data.HostMatrix;

/** Rows of scores that a selection reads, as often as it likes. */
interface ScoreRows {
  int rows();

  int columns();

  /** A row's scores from index 0 on, until the next row is asked for. */
  float[] row(int b);

  /** The rows of a matrix, read into scratch. */
  static ScoreRows of(HostMatrix scores, Scratch scratch) {
    return new ScoreRows() {
      @Override
      public int rows() {
        return scores.rows();
      }

      @Override
      public int columns() {
        return scores.columns();
      }

      @Override
      public float[] row(int b) {
        float[] row = scratch.scores(scores.columns());
        scores.readRow(b, 0, scores.columns(), row, 0);
        return row;
      }
    };
  }

  /** Rows of so many columns that are arrays. */
  static ScoreRows of(float[][] scores, int columns) {
    return new ScoreRows() {
      @Override
      public int rows() {
        return scores.length;
      }

      @Override
      public int columns() {
        return columns;
      }

      @Override
      public float[] row(int b) {
        return scores[b];
      }
    };
  }
}
