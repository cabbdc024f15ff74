package org.pursuit.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.pursuit.io.TestFiles.floats;
import static org.pursuit.io.TestFiles.ints;
import static org.pursuit.io.TestFiles.npy;
import static org.pursuit.io.TestFiles.npz;
import static org.pursuit.io.TestFiles.ramp;
import static org.pursuit.io.TestFiles.readInBatches;
import static org.pursuit.io.TestFiles.shorts;
import static org.pursuit.io.TestFiles.write;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.pursuit.data.DType;

class NpzTest {
  @TempDir Path folder;

  private Path archive(int method) throws IOException {
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put("ids.npy", npy("<i4", "(2,)", ints(4, 5)));
    members.put("layer 8.npy", npy("<f4", "(1021, 33)", floats(ramp(1021 * 33))));
    members.put("bias.npy", npy("<f2", "(2,)", shorts(0x3c00, 0xc000)));
    members.put("names.npy", npy("<U3", "(1, 1)", new byte[12]));
    members.put("readme.txt", new byte[] {1});
    return write(folder, "arrays.npz", npz(method, members));
  }

  @ParameterizedTest
  @ValueSource(ints = {ZipEntry.STORED, ZipEntry.DEFLATED})
  void readsAMemberInOddBatches(int method) throws IOException {
    try (MatrixFile file = MatrixFile.open(archive(method) + ":layer 8")) {
      assertThat(file.rows()).isEqualTo(1021);
      assertThat(file.columns()).isEqualTo(33);
      assertThat(file.dtype()).isEqualTo(DType.F32);
      assertThat(file.tensor()).isEqualTo("layer 8");
      assertThat(readInBatches(file, 19)).isEqualTo(ramp(1021 * 33));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {ZipEntry.STORED, ZipEntry.DEFLATED})
  void findsTheOnlySuitableMember(int method) throws IOException {
    try (MatrixFile file = MatrixFile.open(archive(method))) {
      assertThat(file.tensor()).isEqualTo("layer 8");
    }
    assertThat(VectorFile.read(archive(method).toString())).containsExactly(1, -2);
    assertThat(VectorFile.read(archive(method), "bias")).containsExactly(1, -2);
  }

  @Test
  void readsAnEmptyMatrix() throws IOException {
    byte[] bytes = npz(ZipEntry.DEFLATED, Map.of("none.npy", npy("<f4", "(0, 5)", new byte[0])));
    try (MatrixFile file = MatrixFile.open(write(folder, "empty.npz", bytes))) {
      assertThat(file.rows()).isZero();
      assertThat(file.columns()).isEqualTo(5);
      assertThat(file.read(new float[5], 1)).isZero();
    }
  }
}
