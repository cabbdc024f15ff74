package org.pursuit.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.pursuit.io.TestFiles.floats;
import static org.pursuit.io.TestFiles.npy;
import static org.pursuit.io.TestFiles.npyHeader;
import static org.pursuit.io.TestFiles.ramp;
import static org.pursuit.io.TestFiles.readInBatches;
import static org.pursuit.io.TestFiles.shorts;
import static org.pursuit.io.TestFiles.write;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URISyntaxException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.pursuit.data.DType;

class NpyTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "7, 3, 2", "7, 3, 7", "7, 3, 100", "1021, 129, 17", "3, 100003, 1"})
  void roundTripsInOddBatches(int rows, int columns, int batch) throws IOException {
    float[] elements = ramp(rows * columns);
    Path path = folder.resolve("matrix.npy");
    try (NpyWriter writer = NpyWriter.create(path, columns)) {
      for (int from = 0; from < rows; from += batch) {
        int count = Math.min(batch, rows - from);
        writer.append(
            Arrays.copyOfRange(elements, from * columns, (from + count) * columns), count);
      }
      writer.commit();
    }
    try (MatrixFile file = MatrixFile.open(path)) {
      assertThat(file.rows()).isEqualTo(rows);
      assertThat(file.columns()).isEqualTo(columns);
      assertThat(file.dtype()).isEqualTo(DType.F32);
      assertThat(file.tensor()).isEmpty();
      assertThat(readInBatches(file, batch)).isEqualTo(elements);
      assertThat(file.rowsRead()).isEqualTo(rows);
      assertThat(file.read(new float[columns], 1)).isZero();
    }
  }

  @Test
  void keepsEveryFloatBitPattern() throws IOException {
    float[] elements = {
      -0f,
      Float.MIN_VALUE,
      Float.NEGATIVE_INFINITY,
      Float.intBitsToFloat(0xffc12345),
      Float.MAX_VALUE
    };
    Path path = folder.resolve("special.npy");
    try (NpyWriter writer = NpyWriter.create(path, 5)) {
      writer.append(elements, 1);
      writer.commit();
    }
    try (MatrixFile file = MatrixFile.open(path)) {
      int[] bits = new int[5];
      float[] read = file.readAll();
      Arrays.setAll(bits, i -> Float.floatToRawIntBits(read[i]));
      assertThat(bits).containsExactly(0x80000000, 1, 0xff800000, 0xffc12345, 0x7f7fffff);
    }
  }

  @Test
  void widensEveryFloat16() throws IOException {
    int[] patterns = new int[1 << 16];
    Arrays.setAll(patterns, i -> i);
    Path path = write(folder, "half.npy", npy("<f2", "(256, 256)", shorts(patterns)));
    try (MatrixFile file = MatrixFile.open(path)) {
      assertThat(file.dtype()).isEqualTo(DType.F16);
      float[] read = file.readAll();
      for (int i = 0; i < read.length; i++) {
        assertThat(Float.compare(read[i], Float.float16ToFloat((short) i))).isZero();
      }
      assertThat(read[0x0001]).isEqualTo(0x1p-24f);
      assertThat(read[0x03ff]).isEqualTo(1023 * 0x1p-24f);
      assertThat(read[0xfc00]).isEqualTo(Float.NEGATIVE_INFINITY);
      assertThat(read[0x7e00]).isNaN();
      assertThat(read[0x3c01]).isEqualTo(1 + 0x1p-10f);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void readsEveryFormatVersion(int major) throws IOException {
    byte[] bytes = npy(major, 0, npyHeader("<f4", "False", "(2, 2)"), floats(1, 2, 3, 4));
    try (MatrixFile file = MatrixFile.open(write(folder, "version.npy", bytes))) {
      assertThat(file.readAll()).containsExactly(1, 2, 3, 4);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"shape\":(2,2),\"descr\":\"<f4\",\"fortran_order\":False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 2L), }\n",
        "  { 'fortran_order' : False , 'descr' : '<f4' , 'shape' : ( 2 , 2 , ) , }     "
      })
  void readsEverySpellingOfAHeader(String header) throws IOException {
    byte[] bytes = npy(1, 0, header, floats(1, 2, 3, 4));
    try (MatrixFile file = MatrixFile.open(write(folder, "spelling.npy", bytes))) {
      assertThat(file.readAll()).containsExactly(1, 2, 3, 4);
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 4", "3, 0", "0, 0"})
  void emptyMatricesAreLegal(int rows, int columns) throws IOException {
    Path path = folder.resolve("empty.npy");
    try (NpyWriter writer = NpyWriter.create(path, columns)) {
      writer.append(new float[rows * columns], rows);
      writer.commit();
    }
    try (MatrixFile file = MatrixFile.open(path)) {
      assertThat(file.rows()).isEqualTo(rows);
      assertThat(file.columns()).isEqualTo(columns);
      assertThat(file.read(new float[columns * 8], 8)).isEqualTo(rows);
      assertThat(file.read(new float[columns * 8], 8)).isZero();
      assertThat(file.readAll()).isEmpty();
    }
  }

  @Test
  void readAllTakesWhatIsLeft() throws IOException {
    byte[] bytes = npy("<f4", "(3, 2)", floats(1, 2, 3, 4, 5, 6));
    try (MatrixFile file = MatrixFile.open(write(folder, "rest.npy", bytes))) {
      assertThat(file.read(new float[2], 1)).isEqualTo(1);
      assertThat(file.readAll()).containsExactly(3, 4, 5, 6);
      assertThat(file.rowsRead()).isEqualTo(3);
    }
  }

  @Test
  void aMatrixMayExceedOneArray() throws IOException {
    int columns = 1 << 16;
    long rows = (1L << 31) / columns + 3;
    Path path = folder.resolve("large.npy");
    String header = npyHeader("<f4", "False", "(" + rows + ", " + columns + ")");
    byte[] start = npy(1, 0, header, new byte[0]);
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.write(start);
      sparse.setLength(start.length + rows * columns * 4);
    }
    try (MatrixFile file = MatrixFile.open(path)) {
      assertThat(file.rows()).isEqualTo(rows);
      assertThat(file.read(new float[columns * 3], 3)).isEqualTo(3);
      assertThatThrownBy(file::readAll)
          .isInstanceOf(FileFormatException.class)
          .hasMessage(
              "%s: shape: found [32771, 65536] with 2147680256 elements, expected fewer than 2^31"
                  + " elements, the most that one array holds",
              path);
    }
  }

  @Test
  void readsVectors() throws IOException {
    Path path = write(folder, "bias.npy", npy("<f2", "(3,)", shorts(0x3c00, 0x4000, 0xc200)));
    assertThat(VectorFile.read(path.toString())).containsExactly(1, 2, -3);
  }

  @Test
  void aPathMayHoldColons() throws IOException {
    byte[] bytes = npy("<f4", "(1, 1)", floats(5));
    Path path = write(folder, "a:b.npy", bytes);
    try (MatrixFile file = MatrixFile.open(path.toString())) {
      assertThat(file.readAll()).containsExactly(5);
    }
    assertThat(TensorPath.parse(path + ":x:y"))
        .isEqualTo(new TensorPath(path, Optional.of("x:y")))
        .hasToString(path + ":x:y");
    assertThat(TensorPath.parse("absent.npz:x:y").tensor()).contains("x:y");
    assertThat(TensorPath.parse("absent:file").tensor()).isEmpty();
  }

  @Test
  void checksItsArguments() throws IOException {
    byte[] bytes = npy("<f4", "(2, 2)", floats(1, 2, 3, 4));
    try (MatrixFile file = MatrixFile.open(write(folder, "arguments.npy", bytes))) {
      assertThatThrownBy(() -> file.read(new float[4], 0))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("maxRows: found 0, expected at least 1");
      assertThatThrownBy(() -> file.read(new float[3], 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("destination: found 3 elements, expected at least maxRows * columns = 4");
    }
    try (NpyWriter writer = NpyWriter.create(folder.resolve("out.npy"), 2)) {
      assertThatThrownBy(() -> writer.append(new float[3], 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("count: found 2 rows of 2 columns, expected at most the 3 elements given");
    }
    assertThatThrownBy(() -> NpyWriter.create(folder.resolve("out.npy"), -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("columns: found -1, expected at least 0");
  }

  @Test
  void replacesTheTargetOnlyOnCommit() throws IOException {
    Path path = write(folder, "target.npy", new byte[] {1, 2, 3});
    try (NpyWriter writer = NpyWriter.create(path, 1)) {
      writer.append(new float[] {1}, 1);
    }
    assertThat(path).hasBinaryContent(new byte[] {1, 2, 3});
    assertThat(folder.toFile().list()).containsExactly("target.npy");
    try (NpyWriter writer = NpyWriter.create(path, 1)) {
      writer.append(new float[] {1}, 1);
      writer.commit();
      assertThatThrownBy(() -> writer.append(new float[] {1}, 1))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the file is committed");
    }
    try (MatrixFile file = MatrixFile.open(path)) {
      assertThat(file.readAll()).containsExactly(1);
    }
    assertThat(folder.toFile().list()).containsExactly("target.npy");
  }

  @Test
  void anInterruptedThreadLeavesNoFile() {
    assertThatThrownBy(
            () -> {
              try (NpyWriter writer = NpyWriter.create(folder.resolve("out.npy"), 1)) {
                writer.append(new float[] {1}, 1);
                Thread.currentThread().interrupt();
                writer.append(new float[] {2}, 1);
              }
            })
        .isInstanceOf(ClosedByInterruptException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void anExitingProgramLeavesNoFile() throws Exception {
    Process program =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                location(NpyWriter.class) + File.pathSeparator + location(AbandonedWriter.class),
                AbandonedWriter.class.getName(),
                folder.resolve("out.npy").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(program.waitFor()).isEqualTo(3);
    assertThat(program.getInputStream().readAllBytes()).asString().startsWith("out.npy.");
    assertThat(folder).isEmptyDirectory();
  }

  private static Path location(Class<?> type) throws URISyntaxException {
    return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  /** Names the files of its folder while it writes, then exits. */
  static final class AbandonedWriter {
    private AbandonedWriter() {}

    public static void main(String[] arguments) throws IOException {
      Path target = Path.of(arguments[0]);
      NpyWriter writer = NpyWriter.create(target, 1);
      writer.append(new float[] {1}, 1);
      System.out.print(String.join(" ", target.getParent().toFile().list()));
      System.out.flush();
      System.exit(3);
    }
  }

  @Test
  void refusesATargetThatCannotBeWritten() throws IOException {
    Path absent = folder.resolve("absent");
    assertThatThrownBy(() -> NpyWriter.create(absent.resolve("out.npy"), 1))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage(absent + ": the output's folder does not exist");
    Path file = write(folder, "file", new byte[0]);
    assertThatThrownBy(() -> NpyWriter.create(file.resolve("out.npy"), 1))
        .isInstanceOf(FileSystemException.class)
        .hasMessage(file + ": the output's folder is no directory");
    assertThatThrownBy(() -> NpyWriter.create(folder, 1))
        .isInstanceOf(FileSystemException.class)
        .hasMessage(folder + ": the output is no regular file");
  }

  @Test
  void refusesAFolderThatIsNotWritable() throws IOException {
    Path sealed = Files.createDirectory(folder.resolve("sealed"));
    Files.setPosixFilePermissions(sealed, PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeFalse(Files.isWritable(sealed), "this user may write everywhere");
    assertThatThrownBy(() -> NpyWriter.create(sealed.resolve("out.npy"), 1))
        .isInstanceOf(AccessDeniedException.class)
        .hasMessage(sealed + ": the output's folder is not writable");
  }
}
