package org.pursuit.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;
import static org.pursuit.io.TestFiles.entry;
import static org.pursuit.io.TestFiles.floats;
import static org.pursuit.io.TestFiles.int64;
import static org.pursuit.io.TestFiles.ints;
import static org.pursuit.io.TestFiles.join;
import static org.pursuit.io.TestFiles.npy;
import static org.pursuit.io.TestFiles.npyHeader;
import static org.pursuit.io.TestFiles.npz;
import static org.pursuit.io.TestFiles.safetensors;
import static org.pursuit.io.TestFiles.write;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every broken file gets an error that names it, the field, what was found and expected. */
class MalformedFilesTest {
  private static final String DICTIONARY =
      "expected a Python dictionary with 'descr', 'fortran_order' and 'shape'";
  private static final byte[] FOUR = floats(1, 2, 3, 4);

  @TempDir Path folder;

  private static byte[] head(byte[] bytes, int count) {
    return Arrays.copyOf(bytes, count);
  }

  private static byte[] changed(byte[] bytes, int at, int value) {
    byte[] copy = bytes.clone();
    copy[at] = (byte) value;
    return copy;
  }

  private static byte[] npyWithHeader(String header) {
    return npy(1, 0, header, FOUR);
  }

  private static byte[] npyOf(String descr, String fortranOrder, String shape) {
    return npyWithHeader(npyHeader(descr, fortranOrder, shape));
  }

  static Stream<Arguments> npyFiles() {
    byte[] good = npy("<f4", "(2, 2)", FOUR);
    String dtypes = "expected '<f4' or '<f2'";
    String open = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2)";
    return Stream.of(
        argumentSet("empty", new byte[0], "magic: found 0 bytes before the end, expected 6 bytes"),
        argumentSet(
            "truncated magic", head(good, 4), "magic: found 4 bytes before the end, expected 6"),
        argumentSet(
            "wrong magic",
            changed(good, 1, 'n'),
            "magic: found 93 6e 55 4d 50 59, expected 93 4e 55 4d 50 59 (\\x93NUMPY)"),
        argumentSet(
            "truncated version", head(good, 7), "format version: found 1 bytes before the end"),
        argumentSet(
            "version 4.0",
            changed(good, 6, 4),
            "format version: found 4.0, expected 1.0, 2.0 or 3.0"),
        argumentSet(
            "version 1.1",
            changed(good, 7, 1),
            "format version: found 1.1, expected 1.0, 2.0 or 3.0"),
        argumentSet(
            "truncated header length",
            head(good, 9),
            "header length: found 1 bytes before the end, expected 2 bytes"),
        argumentSet(
            "truncated header", head(good, 30), "header: found 20 bytes before the end, expected"),
        argumentSet(
            "huge header length",
            changed(npy(2, 0, npyHeader("<f4", "False", "(2, 2)"), FOUR), 11, 0xff),
            "header length: found 4278190142, expected at most 1048576"),
        argumentSet(
            "header not UTF-8",
            changed(npy(3, 0, npyHeader("<f4", "False", "(2, 2)"), FOUR), 15, 0xff),
            "header: found malformed text, expected UTF-8"),
        argumentSet(
            "no closing brace",
            npyWithHeader(open + "     "),
            "header: found the end at 61 in place of ',', " + DICTIONARY),
        argumentSet(
            "no dictionary",
            npyWithHeader("('<f4', False, (2, 2))"),
            "header: found '(' at 0 in place of '{', " + DICTIONARY),
        argumentSet(
            "no closing quote",
            npyWithHeader("{'descr': '<f4, }"),
            "header: found a string without its closing quote, " + DICTIONARY),
        argumentSet(
            "text after the dictionary",
            npyWithHeader(open + "} x"),
            "header: found 'x' at 58 in place of the end, " + DICTIONARY),
        argumentSet(
            "key twice",
            npyWithHeader(open + ", 'shape': (2, 2)}"),
            "header: found 'shape' twice, " + DICTIONARY),
        argumentSet(
            "missing key",
            npyWithHeader("{'descr': '<f4', 'shape': (2, 2)}"),
            "header: found the keys [descr, shape], " + DICTIONARY),
        argumentSet(
            "additional key",
            npyWithHeader(open + ", 'order': 'C'}"),
            "header: found the keys [descr, fortran_order, shape, order], " + DICTIONARY),
        argumentSet(
            "deeply nested",
            npyWithHeader("{'shape': " + "(".repeat(5000)),
            "header: found more than 32 nested brackets, " + DICTIONARY),
        argumentSet(
            "Fortran order",
            npyOf("<f4", "True", "(2, 2)"),
            "fortran_order: found True, expected False (row-major data)"),
        argumentSet(
            "Fortran order no boolean",
            npyOf("<f4", "0", "(2, 2)"),
            "fortran_order: found 0, expected True or False"),
        argumentSet("big-endian", npyOf(">f4", "False", "(2, 2)"), "descr: found '>f4', " + dtypes),
        argumentSet("float64", npyOf("<f8", "False", "(2, 1)"), "descr: found '<f8', " + dtypes),
        argumentSet("int32", npyOf("<i4", "False", "(2, 2)"), "descr: found '<i4', " + dtypes),
        argumentSet("objects", npyOf("|O", "False", "(2, 2)"), "descr: found '|O', " + dtypes),
        argumentSet(
            "records",
            npyWithHeader(
                "{'descr': [('a', '<f4', (2,))], 'fortran_order': False, 'shape': (2, 1)}"),
            "descr: found a record type, " + dtypes),
        argumentSet(
            "no dimension",
            npy("<f4", "()", floats(1)),
            "shape: found [], expected 2 dimensions [rows, columns]"),
        argumentSet(
            "1 dimension",
            npyOf("<f4", "False", "(4,)"),
            "shape: found [4], expected 2 dimensions [rows, columns]"),
        argumentSet(
            "3 dimensions",
            npyOf("<f4", "False", "(1, 2, 2)"),
            "shape: found [1, 2, 2], expected 2 dimensions [rows, columns]"),
        argumentSet(
            "negative length",
            npyOf("<f4", "False", "(-2, -2)"),
            "shape: found [-2, -2], expected integers of at least 0"),
        argumentSet(
            "shape no tuple",
            npyOf("<f4", "False", "4"),
            "shape: found 4, expected a tuple of integers"),
        argumentSet(
            "shape of strings",
            npyOf("<f4", "False", "('2', 2)"),
            "shape: found [2, 2], expected integers of at least 0"),
        argumentSet(
            "fractional length",
            npyOf("<f4", "False", "(2.0, 2)"),
            "header: found '.' at 52 in place of ',', " + DICTIONARY),
        argumentSet(
            "overflowing product",
            npyOf("<f4", "False", "(4294967296, 4294967296)"),
            "shape: found [4294967296, 4294967296], expected a size below 2^60 bytes"),
        argumentSet(
            "overflowing length",
            npyOf("<f4", "False", "(99999999999999999999, 1)"),
            "header: found the number 99999999999999999999, which exceeds 64 bits"),
        argumentSet(
            "too many columns",
            npy("<f4", "(0, 4294967296)", new byte[0]),
            "shape: found [0, 4294967296], expected at most 2147483647 columns"),
        argumentSet(
            "truncated data",
            head(good, good.length - 1),
            "data: found 15 bytes, expected 16 bytes for shape [2, 2] of '<f4'"),
        argumentSet(
            "trailing data",
            join(good, new byte[] {0}),
            "data: found 17 bytes, expected 16 bytes for shape [2, 2] of '<f4'"));
  }

  @ParameterizedTest
  @MethodSource("npyFiles")
  void rejectsNpyFiles(byte[] bytes, String message) throws IOException {
    assertRejected(write(folder, "bad.npy", bytes), message);
  }

  private static byte[] oneTensor(String dtype, String shape, long begin, long end) {
    return safetensors("{" + entry("w", dtype, shape, begin, end) + "}", FOUR);
  }

  private static byte[] twoTensors(String first, String second) {
    return safetensors("{" + first + "," + second + "}", FOUR);
  }

  static Stream<Arguments> safetensorsFiles() {
    byte[] good = oneTensor("F32", "[2,2]", 0, 16);
    String integers = "expected integers from 0 to 2^63 - 1";
    String fields = "expected dtype, shape and data_offsets";
    return Stream.of(
        argumentSet(
            "empty",
            new byte[0],
            "header length: found 0 bytes in the file, expected 8 bytes or more"),
        argumentSet(
            "truncated header length",
            head(good, 7),
            "header length: found 7 bytes in the file, expected 8 bytes or more"),
        argumentSet(
            "truncated header",
            head(good, 40),
            "header length: found 57, expected at most 32, the bytes that follow it"),
        argumentSet(
            "huge header length",
            join(int64(1L << 40), FOUR),
            "header length: found 1099511627776, expected at most 16, the bytes that follow it"),
        argumentSet(
            "negative header length",
            join(int64(-1), FOUR),
            "header length: found 18446744073709551615, expected at most 16"),
        argumentSet("empty header", new byte[8], "header: found nothing, expected a JSON object"),
        argumentSet(
            "header not UTF-8",
            changed(good, 10, 0xff),
            "header: found malformed text, expected UTF-8"),
        argumentSet(
            "header an array",
            safetensors("[]", FOUR),
            "header: found '[' at its start, expected a JSON object"),
        argumentSet(
            "white space first",
            safetensors(" {}", FOUR),
            "header: found ' ' at its start, expected a JSON object"),
        argumentSet(
            "no closing brace",
            safetensors("{" + entry("w", "F32", "[2,2]", 0, 16) + "  ", FOUR),
            "header: found malformed JSON (Unexpected end-of-input"),
        argumentSet(
            "text after the object",
            safetensors("{" + entry("w", "F32", "[2,2]", 0, 16) + "} {}", FOUR),
            "header: found text after the JSON object, expected none"),
        argumentSet(
            "no JSON",
            safetensors("{w: 1}", FOUR),
            "header: found malformed JSON (Unexpected character ('w'"),
        argumentSet(
            "deeply nested",
            safetensors("{\"w\":{\"shape\":" + "[".repeat(5000), FOUR),
            "shape of tensor w: found an array, " + integers),
        argumentSet(
            "duplicate tensor",
            twoTensors(entry("w", "F32", "[2]", 0, 8), entry("w", "F32", "[2]", 8, 16)),
            "header: found malformed JSON (Duplicate field 'w')"),
        argumentSet(
            "duplicate field",
            safetensors("{\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", FOUR),
            "header: found malformed JSON (Duplicate field 'dtype')"),
        argumentSet(
            "tensor no object",
            safetensors("{\"w\":1}", FOUR),
            "entry w: found 1, expected a JSON object"),
        argumentSet(
            "metadata no object",
            safetensors("{\"__metadata__\":\"pt\"}", FOUR),
            "entry __metadata__: found \"pt\", expected a JSON object"),
        argumentSet(
            "metadata no string",
            safetensors("{\"__metadata__\":{\"k\":32}}", FOUR),
            "__metadata__ k: found 32, expected a string"),
        argumentSet(
            "missing dtype",
            safetensors("{\"w\":{\"shape\":[2,2],\"data_offsets\":[0,16]}}", FOUR),
            "entry w: found no dtype, " + fields),
        argumentSet(
            "missing shape",
            safetensors("{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,16]}}", FOUR),
            "entry w: found no shape, " + fields),
        argumentSet(
            "missing data_offsets",
            safetensors("{\"w\":{\"dtype\":\"F32\",\"shape\":[2,2]}}", FOUR),
            "entry w: found no data_offsets, " + fields),
        argumentSet(
            "unknown field",
            safetensors("{\"w\":{\"strides\":[2,1]}}", FOUR),
            "entry w: found strides, " + fields),
        argumentSet(
            "unknown dtype",
            oneTensor("F31", "[2,2]", 0, 16),
            "dtype of tensor w: found F31, expected a dtype of the format, such as F32"),
        argumentSet(
            "dtype no string",
            safetensors("{\"w\":{\"dtype\":[\"F32\"]}}", FOUR),
            "dtype of tensor w: found an array, expected a string"),
        argumentSet(
            "int64 matrix",
            oneTensor("I64", "[2,1]", 0, 16),
            "dtype of tensor w: found I64, expected F32 or F16 or BF16"),
        argumentSet(
            "int32 matrix",
            oneTensor("I32", "[2,2]", 0, 16),
            "dtype of tensor w: found I32, expected F32 or F16 or BF16"),
        argumentSet(
            "vector",
            oneTensor("F32", "[4]", 0, 16),
            "shape of tensor w: found [4], expected 2 dimensions [rows, columns]"),
        argumentSet(
            "3 dimensions",
            oneTensor("F32", "[2,2,1]", 0, 16),
            "shape of tensor w: found [2, 2, 1], expected 2 dimensions [rows, columns]"),
        argumentSet(
            "shape no array",
            oneTensor("F32", "4", 0, 16),
            "shape of tensor w: found 4, expected an array of integers"),
        argumentSet(
            "negative length",
            oneTensor("F32", "[-2,-2]", 0, 16),
            "shape of tensor w: found -2, " + integers),
        argumentSet(
            "fractional length",
            oneTensor("F32", "[2.0,2]", 0, 16),
            "shape of tensor w: found 2.0, " + integers),
        argumentSet(
            "textual length",
            oneTensor("F32", "[\"2\",2]", 0, 16),
            "shape of tensor w: found \"2\", " + integers),
        argumentSet(
            "overflowing length",
            oneTensor("F32", "[99999999999999999999]", 0, 16),
            "shape of tensor w: found 99999999999999999999, " + integers),
        argumentSet(
            "overflowing product",
            oneTensor("F32", "[4294967296,4294967296]", 0, 16),
            "shape of tensor w: found [4294967296, 4294967296], expected a size in whole bytes"
                + " below 2^60"),
        argumentSet(
            "no whole bytes",
            oneTensor("F4", "[3]", 0, 2),
            "shape of tensor w: found [3], expected a size in whole bytes below 2^60"),
        argumentSet(
            "reversed offsets",
            oneTensor("F32", "[2,2]", 16, 0),
            "data_offsets of tensor w: found [16, 0], expected [begin, end], begin <= end"),
        argumentSet(
            "negative offset",
            oneTensor("F32", "[2,2]", -16, 0),
            "data_offsets of tensor w: found -16, " + integers),
        argumentSet(
            "three offsets",
            safetensors(
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[0,8,16]}}", FOUR),
            "data_offsets of tensor w: found [0, 8, 16], expected [begin, end], begin <= end"),
        argumentSet(
            "offset beyond the file",
            oneTensor("F32", "[2,3]", 0, 24),
            "data_offsets of tensor w: found [0, 24], expected an end within the 16 bytes of data"),
        argumentSet(
            "truncated data",
            head(good, good.length - 1),
            "data_offsets of tensor w: found [0, 16], expected an end within the 15 bytes of data"),
        argumentSet(
            "size mismatch",
            oneTensor("F32", "[2,1]", 0, 16),
            "data_offsets of tensor w: found [0, 16], 16 bytes, expected 8 bytes for shape [2, 1]"
                + " of F32"),
        argumentSet(
            "overlap",
            twoTensors(entry("a", "F32", "[1,3]", 0, 12), entry("b", "F32", "[1,2]", 8, 16)),
            "data_offsets of tensor b: found a begin of 8, expected 12 (tensors overlap)"),
        argumentSet(
            "gap",
            twoTensors(entry("a", "F32", "[1,1]", 0, 4), entry("b", "F32", "[1,2]", 8, 16)),
            "data_offsets of tensor b: found a begin of 8, expected 4 (a gap before it)"),
        argumentSet(
            "gap at the start",
            oneTensor("F32", "[1,3]", 4, 16),
            "data_offsets of tensor w: found a begin of 4, expected 0 (a gap before it)"),
        argumentSet(
            "trailing data",
            join(good, new byte[] {0}),
            "data: found 17 bytes, expected 16 bytes, which the tensors cover"),
        argumentSet(
            "several tensors and no name",
            twoTensors(entry("a", "F32", "[1,2]", 0, 8), entry("b", "F32", "[1,2]", 8, 16)),
            "tensor name: found none, and 2 tensors of 2 dimensions, expected the name of one of"
                + " these: a F32 [1, 2], b F32 [1, 2]"),
        argumentSet(
            "no tensors",
            safetensors("{}", new byte[0]),
            "tensor name: found none, and 0 tensors of 2 dimensions, expected at least one"));
  }

  @ParameterizedTest
  @MethodSource("safetensorsFiles")
  void rejectsSafetensorsFiles(byte[] bytes, String message) throws IOException {
    assertRejected(write(folder, "bad.safetensors", bytes), message);
  }

  @Test
  void rejectsAHeaderOfMoreThan100Megabytes() throws IOException {
    Path path = folder.resolve("bad.safetensors");
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.write(int64(100_000_001));
      sparse.setLength(200_000_000);
    }
    assertRejected(path, "header length: found 100000001, expected at most 100000000");
  }

  static Stream<Arguments> npzFiles() throws IOException {
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put("a.npy", npy("<f4", "(2, 2)", FOUR));
    members.put("b.npy", npy("<f4", "(2, 2)", FOUR));
    byte[] two = npz(ZipEntry.STORED, members);
    byte[] stored = npz(ZipEntry.STORED, Map.of("w.npy", npy("<f4", "(2, 2)", FOUR)));
    byte[] deflated =
        npz(ZipEntry.DEFLATED, Map.of("w.npy", npy("<f4", "(64, 64)", new byte[64 * 64 * 4])));
    int dataStart = 30 + "w.npy".length();
    int storedEnd = dataStart + npy("<f4", "(2, 2)", FOUR).length;
    byte[] bad = npz(ZipEntry.STORED, Map.of("w.npy", npy("<f4", "(2, 2)", floats(1))));
    String archive = "expected a ZIP archive of arrays";
    return Stream.of(
        argumentSet("empty", new byte[0], "archive: found damage (zip file is empty), " + archive),
        argumentSet("no archive", FOUR, "archive: found damage (zip END header not found)"),
        argumentSet(
            "truncated",
            head(stored, stored.length - 10),
            "archive: found damage (zip END header not found)"),
        argumentSet(
            "several members and no name",
            two,
            "tensor name: found none, and 2 tensors of 2 dimensions, expected the name of one of"
                + " these: a '<f4' [2, 2], b '<f4' [2, 2]"),
        argumentSet(
            "changed stored data",
            changed(stored, storedEnd - 1, 0x7f),
            "member w.npy: found damage (its checksum differs), " + archive),
        argumentSet(
            "changed deflated data",
            changed(deflated, dataStart, 0x07),
            "member w.npy: found damage (invalid block type), " + archive),
        argumentSet(
            "member with truncated data",
            bad,
            "data of tensor w: found 4 bytes, expected 16 bytes for shape [2, 2] of '<f4'"),
        argumentSet(
            "member that is no array",
            npz(ZipEntry.STORED, Map.of("w.npy", FOUR)),
            "magic of tensor w: found 00 00 80 3f 00 00, expected"),
        argumentSet(
            "Fortran order",
            npz(ZipEntry.STORED, Map.of("w.npy", npyOf("<f4", "True", "(2, 2)"))),
            "fortran_order of tensor w: found True, expected False (row-major data)"),
        argumentSet(
            "float64",
            npz(ZipEntry.STORED, Map.of("w.npy", npyOf("<f8", "False", "(2, 1)"))),
            "descr of tensor w: found '<f8', expected '<f4' or '<f2'"),
        argumentSet(
            "no arrays",
            npz(ZipEntry.STORED, Map.of("readme.txt", FOUR)),
            "tensor name: found none, and 0 tensors of 2 dimensions"));
  }

  @ParameterizedTest
  @MethodSource("npzFiles")
  void rejectsNpzFiles(byte[] bytes, String message) throws IOException {
    assertRejected(write(folder, "bad.npz", bytes), message);
  }

  static Stream<Arguments> missingTensors() throws IOException {
    byte[] matrix = npy("<f4", "(2, 2)", FOUR);
    return Stream.of(
        argumentSet(
            "npz",
            "bad.npz",
            npz(ZipEntry.STORED, Map.of("w.npy", matrix)),
            "tensor v: found none, expected one of w"),
        argumentSet(
            "npz without arrays",
            "bad.npz",
            npz(ZipEntry.STORED, Map.of("readme.txt", FOUR)),
            "tensor v: found none, expected one of no tensors at all"),
        argumentSet(
            "safetensors",
            "bad.safetensors",
            oneTensor("F32", "[2,2]", 0, 16),
            "tensor v: found none, expected one of w"),
        argumentSet(
            "npy",
            "bad.npy",
            matrix,
            "tensor name: found v, expected none: a .npy file holds one array without a name"));
  }

  @ParameterizedTest
  @MethodSource("missingTensors")
  void rejectsAMissingTensor(String name, byte[] bytes, String message) throws IOException {
    Path path = write(folder, name, bytes);
    assertThatThrownBy(() -> MatrixFile.open(path, "v"))
        .isInstanceOf(FileFormatException.class)
        .hasMessage(path + ": " + message);
  }

  static Stream<Arguments> codesFiles() {
    byte[] codes = join(ints(0, 1), floats(1, 2), ints(2));
    String indices = entry("indices", "I32", "[1,2]", 0, 8);
    String values = entry("values", "F32", "[1,2]", 8, 16);
    String counts = entry("counts", "I32", "[1]", 16, 20);
    return Stream.of(
        argumentSet(
            "missing counts",
            String.join(",", indices, values, entry("count", "I32", "[1]", 16, 20)),
            codes,
            "tensor counts: found none, expected one of indices, values, count"),
        argumentSet(
            "missing indices",
            String.join(",", entry("index", "I32", "[1,2]", 0, 8), values, counts),
            codes,
            "tensor indices: found none, expected one of index, values, counts"),
        argumentSet(
            "missing values",
            String.join(",", indices, entry("value", "F32", "[1,2]", 8, 16), counts),
            codes,
            "tensor values: found none, expected one of indices, value, counts"),
        argumentSet(
            "indices of another shape",
            String.join(",", entry("indices", "I32", "[2,1]", 0, 8), values, counts),
            codes,
            "shape of tensor indices: found [2, 1], expected [1, 2]"),
        argumentSet(
            "counts a matrix",
            String.join(",", indices, values, entry("counts", "I32", "[1,1]", 16, 20)),
            codes,
            "shape of tensor counts: found [1, 1], expected [1]"),
        argumentSet(
            "indices of another type",
            String.join(",", entry("indices", "U32", "[1,2]", 0, 8), values, counts),
            codes,
            "dtype of tensor indices: found U32, expected I32"),
        argumentSet(
            "values of another type",
            String.join(
                ",",
                indices,
                entry("values", "F16", "[1,2]", 8, 12),
                entry("counts", "I32", "[1]", 12, 16)),
            join(ints(0, 1), new byte[4], ints(2)),
            "dtype of tensor values: found F16, expected F32"));
  }

  @ParameterizedTest
  @MethodSource("codesFiles")
  void rejectsCodesFiles(String header, byte[] data, String message) throws IOException {
    Path path = write(folder, "bad.safetensors", safetensors("{" + header + "}", data));
    assertThatThrownBy(() -> CodesFile.open(path))
        .isInstanceOf(FileFormatException.class)
        .hasMessage(path + ": " + message);
  }

  @Test
  void namesFileAndField() throws IOException {
    Path path = write(folder, "bad.npy", npyOf("<f4", "True", "(2, 2)"));
    assertThatThrownBy(() -> MatrixFile.open(path))
        .isInstanceOfSatisfying(
            FileFormatException.class,
            e -> {
              assertThat(e.file()).isEqualTo(path);
              assertThat(e.field()).isEqualTo("fortran_order");
            });
  }

  @Test
  void rejectsAMatrixWhereAVectorIsNeeded() throws IOException {
    Path path = write(folder, "bad.npy", npy("<f4", "(2, 2)", FOUR));
    assertThatThrownBy(() -> VectorFile.read(path.toString()))
        .isInstanceOf(FileFormatException.class)
        .hasMessage(path + ": shape: found [2, 2], expected 1 dimension [length]");
  }

  @Test
  void rejectsWhatIsNoFileOfAKnownFormat() throws IOException {
    Path text = write(folder, "matrix.txt", FOUR);
    assertRejected(text, "file name: found matrix.txt, expected one in [.npy, .npz, .safetensors]");
    assertRejected(
        Files.createDirectory(folder.resolve("folder.npy")),
        "file: found no regular file, expected one");
    Path absent = folder.resolve("absent.npy");
    assertThatThrownBy(() -> MatrixFile.open(absent))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage(absent + ": the file does not exist");
  }

  @Test
  void aFileThatShrinksWhileItIsReadIsRejected() throws IOException {
    Path path = write(folder, "bad.npy", npy("<f4", "(2, 2)", FOUR));
    try (MatrixFile file = MatrixFile.open(path)) {
      file.read(new float[2], 1);
      Files.write(path, head(Files.readAllBytes(path), (int) Files.size(path) - 3));
      assertThatThrownBy(() -> file.read(new float[2], 1))
          .isInstanceOf(FileFormatException.class)
          .hasMessage(path + ": data: found 13 bytes, expected 16 bytes");
    }
  }

  /** Whatever one byte becomes, reading ends in numbers or in the one exception type. */
  @Test
  void everyChangedByteIsReadOrRejected() throws IOException {
    Map<String, byte[]> files =
        Map.of(
            "changed.npy", npy("<f4", "(2, 2)", FOUR),
            "changed.safetensors", oneTensor("F32", "[2,2]", 0, 16),
            "changed.npz", npz(ZipEntry.DEFLATED, Map.of("w.npy", npy("<f4", "(2, 2)", FOUR))));
    SplittableRandom random = new SplittableRandom(7);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      byte[] bytes = file.getValue();
      for (int at = 0; at < bytes.length; at++) {
        for (int value : new int[] {0, 0xff, '"', '}', '9', random.nextInt(256)}) {
          readOrReject(write(folder, file.getKey(), changed(bytes, at, value)));
        }
        readOrReject(write(folder, file.getKey(), head(bytes, at)));
      }
    }
  }

  private static void readOrReject(Path path) throws IOException {
    try (MatrixFile file = MatrixFile.open(path)) {
      file.readAll();
    } catch (FileFormatException e) {
      assertThat(e).hasMessageStartingWith(path.toString());
    }
  }

  private static void assertRejected(Path path, String message) {
    assertThatThrownBy(
            () -> {
              try (MatrixFile file = MatrixFile.open(path)) {
                file.readAll();
              }
            })
        .isInstanceOf(FileFormatException.class)
        .hasMessageStartingWith(path + ": " + message)
        .hasMessageContaining(", expected ");
  }
}
