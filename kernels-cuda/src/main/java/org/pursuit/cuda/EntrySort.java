package org.pursuit.cuda;

/**
 * The entries of codes sorted by index, those of one index in the order of rows and slots: {@code
 * sorting.cu}. The result lies in scratch until the next sort.
 */
final class EntrySort {
  private static final int THREADS = 256;
  private static final int TILE = 2048;
  private static final int DIGIT_BITS = 8;
  private static final int DIGITS = 1 << DIGIT_BITS;

  /** An index, a row and a value. */
  private static final int ENTRY_BYTES = 12;

  private static final int COUNT_BYTES = DIGITS * Integer.BYTES;
  private static final int OFFSET_BYTES = 64;
  private static final int PLACE_BYTES = 8224;

  private final Cuda cuda;
  private final Kernels kernels;
  private long count;
  private long sorted;
  private long entries;

  EntrySort(Cuda cuda) {
    this.cuda = cuda;
    this.kernels = cuda.kernels();
  }

  /** Sorts the entries that name one of {@code n} atoms. */
  void sort(DeviceCodes codes, int n) {
    entries = codes.entries();
    if (entries > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "codes: expected at most " + Integer.MAX_VALUE + " entries to sort, found " + entries);
    }
    int passes = Math.max(1, Math.ceilDiv(Integer.SIZE - Integer.numberOfLeadingZeros(n - 1), 8));
    int tiles = Math.toIntExact(Math.max(1, Math.ceilDiv(entries, TILE)));
    long countBytes = (long) DIGITS * tiles * Integer.BYTES;
    long pairBytes = (entries * ENTRY_BYTES + 15) / 16 * 16;
    long counts =
        cuda.workspace()
            .address(
                Slot.SORTED_ENTRIES,
                countBytes + COUNT_BYTES + 16 + Math.min(passes, 2) * pairBytes);
    long totals = counts + countBytes;
    count = totals + COUNT_BYTES;
    long first = count + 16;
    for (int pass = 0; pass < passes; pass++) {
      long from = first + (pass + 1) % 2 * pairBytes;
      sorted = first + pass % 2 * pairBytes;
      String source = pass == 0 ? "codes" : "pairs";
      launch("sort_count_" + source, codes, from, counts, totals, n, pass, tiles, COUNT_BYTES);
      launch("sort_offsets", codes, from, counts, totals, n, pass, tiles, OFFSET_BYTES);
      launch("sort_place_" + source, codes, from, counts, totals, n, pass, tiles, PLACE_BYTES);
    }
  }

  private void launch(
      String name,
      DeviceCodes codes,
      long from,
      long counts,
      long totals,
      int n,
      int pass,
      int tiles,
      int sharedBytes) {
    int digits = Math.min(DIGITS, ((Math.max(n, 1) - 1) >>> (pass * DIGIT_BITS)) + 1);
    codes
        .begin(kernels.kernel(name))
        .pointer(pass == 0 ? 0 : from)
        .pointer(pass == 0 ? 0 : from + entries * Integer.BYTES)
        .pointer(pass == 0 ? 0 : from + 2 * entries * Integer.BYTES)
        .pointer(indices())
        .pointer(rows())
        .pointer(values())
        .pointer(counts)
        .pointer(totals)
        .pointer(count)
        .pointer(cuda.flags().address(Flag.INDEX_OUT_OF_RANGE))
        .int32(n)
        .int32(pass * DIGIT_BITS)
        .int32(tiles)
        .int32(digits)
        .launch(name.equals("sort_offsets") ? digits : tiles, 1, THREADS, sharedBytes);
  }

  /** Where the number of sorted entries stands. */
  long count() {
    return count;
  }

  /** The sorted entries' indices. */
  long indices() {
    return sorted;
  }

  /** Their rows. */
  long rows() {
    return sorted + entries * Integer.BYTES;
  }

  /** Their values. */
  long values() {
    return sorted + 2 * entries * Integer.BYTES;
  }
}
