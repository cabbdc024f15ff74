package org.pursuit.contract;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.pursuit.kernel.OutputOrder;
import org.pursuit.kernel.SelectionKey;
import org.pursuit.kernel.TieRule;
import org.pursuit.kernel.TopK;
import org.pursuit.support.Dense;
import org.pursuit.support.Slots;

/**
 * The oracle of row selections: the columns of every row fully sorted, from which the first k of
 * any k are taken. NaN comes first and equals NaN, −0.0 equals +0.0, the lower index wins.
 */
final class Ranking {
  private final Dense scores;
  private final SelectionKey key;
  private final int[][] ranked;

  /** Sorts the columns that {@code mask} sets; null for all. */
  Ranking(Dense scores, SelectionKey key, boolean[] mask) {
    this.scores = scores;
    this.key = key;
    this.ranked = new int[scores.rows()][];
    for (int row = 0; row < scores.rows(); row++) {
      int r = row;
      Comparator<Integer> byScore = (i, j) -> compare(score(r, i), score(r, j));
      ranked[row] =
          IntStream.range(0, scores.columns())
              .filter(i -> mask == null || mask[i])
              .boxed()
              .sorted(byScore.thenComparing(Comparator.naturalOrder()))
              .mapToInt(Integer::intValue)
              .toArray();
    }
  }

  /** What a selection with {@code options} must give, whose mask is that of this ranking. */
  Slots topK(Dense values, TopK options, int[] rowK) {
    Slots expected = Slots.empty(scores.rows(), options.k());
    for (int row = 0; row < scores.rows(); row++) {
      int k = rowK == null ? options.k() : Math.clamp(rowK[row], 0, options.k());
      int[] kept = first(row, k, options.tieRule());
      if (options.order() == OutputOrder.BY_INDEX) {
        Arrays.sort(kept);
      }
      for (int column : kept) {
        float value = values.at(row, column);
        if (!options.relu() || value > 0 || Float.isNaN(value)) {
          expected.add(row, column, value);
        }
      }
    }
    return expected;
  }

  /** The first k columns of a row, in their order; fewer where ties at the boundary are dropped. */
  int[] first(int row, int k, TieRule tieRule) {
    int[] all = ranked[row];
    if (k >= all.length) {
      return all.clone();
    }
    int kept = k;
    if (tieRule == TieRule.DROP) {
      while (kept > 0 && compare(score(row, all[kept - 1]), score(row, all[k])) == 0) {
        kept--;
      }
    }
    return Arrays.copyOf(all, kept);
  }

  private float score(int row, int column) {
    float score = scores.at(row, column);
    return key == SelectionKey.MAGNITUDE ? Math.abs(score) : score;
  }

  /** Negative when {@code a} comes before {@code b}. */
  static int compare(float a, float b) {
    if (Float.isNaN(a) || Float.isNaN(b)) {
      return Boolean.compare(Float.isNaN(b), Float.isNaN(a));
    }
    return a > b ? -1 : a < b ? 1 : 0;
  }
}
