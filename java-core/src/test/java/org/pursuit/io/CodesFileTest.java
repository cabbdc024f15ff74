package org.pursuit.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pursuit.io.TestFiles.floats;
import static org.pursuit.io.TestFiles.ints;
import static org.pursuit.io.TestFiles.npy;
import static org.pursuit.io.TestFiles.npz;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CodesFileTest {
  @TempDir Path folder;

  private Path write(int rows, int k, int[] indices, float[] values, int[] counts)
      throws IOException {
    Path path = folder.resolve("codes.safetensors");
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(path, CodesFile.layout(rows, k), Map.of())) {
      writer.append("indices", indices, indices.length);
      writer.append("values", values, values.length);
      writer.append("counts", counts, counts.length);
      writer.commit();
    }
    return path;
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "257, 5, 1", "257, 5, 31", "257, 5, 1000", "4, 0, 3", "0, 3, 2"})
  void roundTripsInOddBatches(int rows, int k, int batch) throws IOException {
    SplittableRandom random = new SplittableRandom(42);
    int[] counts = random.ints(rows, 0, k + 1).toArray();
    int[] indices = new int[rows * k];
    float[] values = new float[rows * k];
    for (int slot = 0; slot < rows * k; slot++) {
      boolean used = slot % k < counts[slot / k];
      indices[slot] = used ? random.nextInt(100) : -1;
      values[slot] = used ? random.nextFloat() - 0.5f : 0;
    }
    try (CodesFile file = CodesFile.open(write(rows, k, indices, values, counts), 100)) {
      assertThat(file.rows()).isEqualTo(rows);
      assertThat(file.k()).isEqualTo(k);
      int[] someIndices = new int[batch * k];
      float[] someValues = new float[batch * k];
      int[] someCounts = new int[batch];
      int from = 0;
      for (int count;
          (count = file.read(someIndices, someValues, someCounts, batch)) > 0;
          from += count) {
        int to = from + count;
        assertThat(Arrays.copyOf(someCounts, count))
            .isEqualTo(Arrays.copyOfRange(counts, from, to));
        assertThat(Arrays.copyOf(someIndices, count * k))
            .isEqualTo(Arrays.copyOfRange(indices, from * k, to * k));
        assertThat(Arrays.copyOf(someValues, count * k))
            .isEqualTo(Arrays.copyOfRange(values, from * k, to * k));
      }
      assertThat(from).isEqualTo(rows);
      assertThat(file.rowsRead()).isEqualTo(rows);
    }
  }

  @Test
  void readsFromAnArchive() throws IOException {
    byte[] bytes =
        npz(
            ZipEntry.DEFLATED,
            Map.of(
                "counts.npy", npy("<i4", "(1,)", ints(1)),
                "values.npy", npy("<f4", "(1, 2)", floats(0.5f, 0)),
                "indices.npy", npy("<i4", "(1, 2)", ints(7, -1))));
    try (CodesFile file = CodesFile.open(TestFiles.write(folder, "codes.npz", bytes))) {
      int[] indices = new int[2];
      float[] values = new float[2];
      int[] counts = new int[1];
      assertThat(file.read(indices, values, counts, 1)).isEqualTo(1);
      assertThat(indices).containsExactly(7, -1);
      assertThat(values).containsExactly(0.5f, 0);
      assertThat(counts).containsExactly(1);
    }
  }

  @Test
  void anyIndexIsLegalWithoutANumberOfAtoms() throws IOException {
    Path path =
        write(
            1, 2, new int[] {Integer.MAX_VALUE - 1, 0}, new float[] {Float.NaN, 0}, new int[] {2});
    try (CodesFile file = CodesFile.open(path)) {
      assertThat(file.read(new int[2], new float[2], new int[1], 1)).isEqualTo(1);
    }
  }

  @Test
  void checksItsArguments() throws IOException {
    Path path = write(1, 2, new int[] {0, 1}, new float[2], new int[] {2});
    assertThatThrownBy(() -> CodesFile.open(path, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("atoms: found -1, expected at least 0");
    try (CodesFile file = CodesFile.open(path)) {
      assertThatThrownBy(() -> file.read(new int[3], new float[4], new int[2], 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("indices: found 3 elements, expected at least 4");
      assertThatThrownBy(() -> file.read(new int[4], new float[4], new int[2], 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("maxRows: found 0, expected at least 1");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          1  2 | 1 0 | 3  | counts[1]: found 3, expected 0 to k = 2
          1  2 | 1 0 | -1 | counts[1]: found -1, expected 0 to k = 2
          1 10 | 1 0 | 2  | indices[1, 1]: found 10, expected 0 to 9
          -1 2 | 1 0 | 2  | indices[1, 0]: found -1, expected 0 to 9
          1  2 | 1 0 | 1  | indices[1, 1]: found 2, expected -1 in a slot past the count 1
          1 -1 | 1 3 | 1  | values[1, 1]: found 3.0, expected 0 in a slot past the count 1
          1 -1 | 1 NaN | 1 | values[1, 1]: found NaN, expected 0 in a slot past the count 1
          """)
  void rejectsRowsThatAreNoCodes(String indices, String values, int count, String message)
      throws IOException {
    int[] allIndices = {4, 5, 0, 0};
    float[] allValues = {1, 1, 0, 0};
    String[] indexTexts = indices.split(" +", -1);
    String[] valueTexts = values.split(" +", -1);
    for (int slot = 0; slot < 2; slot++) {
      allIndices[2 + slot] = Integer.parseInt(indexTexts[slot]);
      allValues[2 + slot] = Float.parseFloat(valueTexts[slot]);
    }
    Path path = write(2, 2, allIndices, allValues, new int[] {2, count});
    for (int batch = 1; batch <= 2; batch++) {
      int rows = batch;
      try (CodesFile file = CodesFile.open(path, 10)) {
        assertThatThrownBy(
                () -> {
                  while (file.read(new int[4], new float[4], new int[2], rows) > 0) {}
                })
            .isInstanceOf(FileFormatException.class)
            .hasMessage(path + ": " + message);
      }
    }
  }
}
