package org.pursuit.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.pursuit.io.TestFiles.entry;
import static org.pursuit.io.TestFiles.floats;
import static org.pursuit.io.TestFiles.join;
import static org.pursuit.io.TestFiles.ramp;
import static org.pursuit.io.TestFiles.readInBatches;
import static org.pursuit.io.TestFiles.safetensors;
import static org.pursuit.io.TestFiles.shorts;
import static org.pursuit.io.TestFiles.write;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pursuit.data.DType;

class SafetensorsTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 1021, 5000})
  void roundTripsInOddBatches(int batch) throws IOException {
    int rows = 1021;
    float[] a = ramp(rows * 77);
    float[] b = ramp(rows * 5);
    Path path = folder.resolve("round.safetensors");
    List<TensorSpec> tensors =
        List.of(TensorSpec.float32("a", rows, 77), TensorSpec.float32("b \"ü\"", rows, 5));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(path, tensors, Map.of("format", "pt"))) {
      for (int from = 0; from < rows; from += batch) {
        int to = Math.min(rows, from + batch);
        writer.append("b \"ü\"", Arrays.copyOfRange(b, from * 5, to * 5), (to - from) * 5);
        writer.append("a", Arrays.copyOfRange(a, from * 77, to * 77), (to - from) * 77);
      }
      writer.commit();
    }
    try (MatrixFile file = MatrixFile.open(path, "a")) {
      assertThat(readInBatches(file, batch)).isEqualTo(a);
    }
    try (MatrixFile file = MatrixFile.open(path + ":b \"ü\"")) {
      assertThat(file.tensor()).isEqualTo("b \"ü\"");
      assertThat(readInBatches(file, batch)).isEqualTo(b);
    }
  }

  @Test
  void writesAlignedDataAndMetadata() throws IOException {
    Path path = folder.resolve("aligned.safetensors");
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            path, List.of(TensorSpec.int32("i", 1)), Map.of("k", "32", "note", "a\nb"))) {
      writer.append("i", new int[] {-1}, 1);
      writer.commit();
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(bytes.getLong(0) % 8).isZero();
    assertThat(bytes.getInt((int) bytes.getLong(0) + 8)).isEqualTo(-1);
    assertThat(bytes.limit()).isEqualTo(8 + bytes.getLong(0) + 4);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.metadata()).isEqualTo(Map.of("k", "32", "note", "a\nb"));
    }
  }

  @Test
  void widensBfloat16AndFloat16() throws IOException {
    int[] patterns = {0x3f80, 0x0001, 0x8000, 0xff80, 0x7fc0, 0x4049};
    byte[] bytes =
        safetensors(
            "{"
                + entry("b", "BF16", "[2,3]", 0, 12)
                + ","
                + entry("h", "F16", "[3,2]", 12, 24)
                + "}",
            join(shorts(patterns), shorts(0x3c00, 0x0001, 0x8000, 0xfc00, 0x7e00, 0x4248)));
    Path path = write(folder, "half.safetensors", bytes);
    try (MatrixFile file = MatrixFile.open(path, "b")) {
      assertThat(file.dtype()).isEqualTo(DType.BF16);
      assertThat(file.readAll())
          .containsExactly(
              1, Float.intBitsToFloat(1 << 16), -0f, Float.NEGATIVE_INFINITY, Float.NaN, 3.140625f);
    }
    try (MatrixFile file = MatrixFile.open(path, "h")) {
      assertThat(file.dtype()).isEqualTo(DType.F16);
      assertThat(file.readAll())
          .containsExactly(1, 0x1p-24f, -0f, Float.NEGATIVE_INFINITY, Float.NaN, 3.140625f);
    }
  }

  @Test
  void findsTheOnlySuitableTensor() throws IOException {
    byte[] bytes =
        safetensors(
            "{\"__metadata__\":{\"format\":\"pt\"},"
                + entry("steps", "I64", "[]", 8, 16)
                + ","
                + entry("bias", "F32", "[2]", 0, 8)
                + ","
                + entry("packed", "F4", "[2,2]", 24, 26)
                + ","
                + entry("weight", "F32", "[1,2]", 16, 24)
                + "}   ",
            join(floats(8, 9), new byte[8], floats(1, 2), new byte[2]));
    Path path = write(folder, "mixed.safetensors", bytes);
    try (MatrixFile file = MatrixFile.open(path)) {
      assertThat(file.tensor()).isEqualTo("weight");
      assertThat(file.readAll()).containsExactly(1, 2);
    }
    assertThat(VectorFile.read(path.toString())).containsExactly(8, 9);
  }

  @Test
  void readsPastFourGibibytes() throws IOException {
    long bytes = 1L << 33;
    String header =
        "{"
            + entry("large", "F32", "[2097152,1024]", 0, bytes)
            + ","
            + entry("last", "F32", "[2,2]", bytes, bytes + 16)
            + "}";
    byte[] start = safetensors(header, new byte[0]);
    Path path = folder.resolve("large.safetensors");
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.write(start);
      sparse.seek(start.length + bytes);
      sparse.write(floats(1, 2, 3, 4));
    }
    try (MatrixFile file = MatrixFile.open(path, "last")) {
      assertThat(file.readAll()).containsExactly(1, 2, 3, 4);
    }
  }

  @Test
  void readsEmptyTensors() throws IOException {
    byte[] bytes =
        safetensors(
            "{" + entry("a", "F32", "[0,4]", 0, 0) + "," + entry("b", "F32", "[4,0]", 0, 0) + "}",
            new byte[0]);
    Path path = write(folder, "empty.safetensors", bytes);
    try (MatrixFile file = MatrixFile.open(path, "a")) {
      assertThat(file.read(new float[4], 1)).isZero();
    }
    try (MatrixFile file = MatrixFile.open(path, "b")) {
      assertThat(file.read(new float[0], 3)).isEqualTo(3);
      assertThat(file.read(new float[0], 3)).isEqualTo(1);
      assertThat(file.read(new float[0], 3)).isZero();
    }
  }

  @Test
  void anAbandonedOrIncompleteWriterLeavesNoFile() throws IOException {
    List<TensorSpec> tensors =
        List.of(TensorSpec.float32("values", 2, 2), TensorSpec.int32("counts", 2));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(folder.resolve("out.safetensors"), tensors, Map.of())) {
      writer.append("values", new float[] {1, 2, 3}, 3);
      assertThat(folder).isNotEmptyDirectory();
      assertThatThrownBy(writer::commit)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("tensor values F32 [2, 2] has 3 of its 4 elements");
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void checksWhatIsAppended() throws IOException {
    List<TensorSpec> tensors =
        List.of(TensorSpec.float32("values", 2, 2), TensorSpec.int32("counts", 2));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(folder.resolve("out.safetensors"), tensors, Map.of())) {
      assertThatThrownBy(() -> writer.append("absent", new float[1], 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("tensor: found absent, expected one of [values, counts]");
      assertThatThrownBy(() -> writer.append("counts", new float[1], 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("elements: found F32, expected those of tensor counts I32 [2]");
      assertThatThrownBy(() -> writer.append("counts", new int[5], 3))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "count: found 3, expected 0 to 2 (5 elements given, room for 2 in tensor counts I32"
                  + " [2])");
    }
  }

  @Test
  void checksWhatIsDeclared() {
    Path path = folder.resolve("out.safetensors");
    TensorSpec spec = TensorSpec.float32("a", 1);
    assertThatThrownBy(() -> SafetensorsWriter.create(path, List.of(spec, spec), Map.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("tensors: found the name a reserved or declared before");
    assertThatThrownBy(() -> TensorSpec.float32("a", 2, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shape of a: found length -1, expected at least 0");
    assertThatThrownBy(() -> TensorSpec.float32("a", 1L << 40, 1L << 40))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "shape of a: found [1099511627776, 1099511627776], expected a size below 2^60 bytes");
    assertThat(folder).isEmptyDirectory();
  }
}
