package org.pursuit.bench.jmh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.pursuit.Backend;
import org.pursuit.Backends;
import org.pursuit.data.FixedWidthCodes;
import org.pursuit.data.Matrix;
import org.pursuit.kernel.TopK;

class HeapTopKTest {
  private static final int ROWS = 5;
  private static final int COLUMNS = 700;

  @ParameterizedTest
  @CsvSource({
    "vector, 1, false", "vector, 32, true", "vector, 700, false",
    "scalar, 1, true", "scalar, 32, false", "scalar, 700, true"
  })
  void agreesWithTheLibrary(String name, int k, boolean magnitude) {
    float[] scores = withTies();
    try (Backend backend = Backends.open(name)) {
      Matrix matrix = backend.upload(scores, ROWS, COLUMNS);
      FixedWidthCodes codes = backend.fixedWidthCodes(ROWS, k);
      TopK options = TopK.of(k);
      backend.selection().topK(matrix, magnitude ? options.byMagnitude() : options, codes);

      int[] indices = new int[ROWS * k];
      float[] values = new float[ROWS * k];
      HeapTopK heap = new HeapTopK(k, magnitude);
      for (int row = 0; row < ROWS; row++) {
        int count = heap.select(scores, row * COLUMNS, COLUMNS, indices, values, row * k);
        assertThat(count).isEqualTo(k);
        Verification.topK(scores, row * COLUMNS, COLUMNS, magnitude, indices, values, row * k, k);
      }
      assertThat(indices).isEqualTo(codes.indices().download());
      assertThat(values).isEqualTo(codes.values().download());
    }
  }

  @Test
  void aShortRowIsKeptWhole() {
    float[] scores = {1, 3, 2};
    int[] indices = new int[4];
    float[] values = new float[4];
    HeapTopK heap = new HeapTopK(4, false);
    assertThat(heap.select(scores, 0, 3, indices, values, 0)).isEqualTo(3);
    assertThat(indices).startsWith(1, 2, 0);
    assertThat(values).startsWith(3, 2, 1);
    assertThat(heap.select(scores, 0, 0, indices, values, 0)).isZero();
    assertThat(new HeapTopK(0, false).select(scores, 0, 3, indices, values, 0)).isZero();
  }

  @ParameterizedTest
  @CsvSource({"0, 2, 3", "2, 0, 3", "2, 1, 3"})
  void verificationFindsAWrongSelection(int first, int second, int third) {
    // The three first are 2, 0, 1.
    float[] scores = {3, 2, 5, 1};
    int[] indices = {first, second, third};
    float[] values = {scores[first], scores[second], scores[third]};
    assertThatIllegalStateException()
        .isThrownBy(() -> Verification.topK(scores, 0, 4, false, indices, values, 0, 3));
  }

  /** Few distinct values, so that ties lie at every boundary. */
  private static float[] withTies() {
    float[] scores = BenchmarkData.normal("scores", ROWS * COLUMNS);
    for (int i = 0; i < scores.length; i++) {
      scores[i] = Math.round(20 * scores[i]) / 20f;
    }
    return scores;
  }
}
