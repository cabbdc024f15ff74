package org.pursuit.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Copies between Java and the device through a ring of pinned blocks, so that the device copies one
 * piece while Java prepares the next.
 *
 * <p>Both sides see a packed sequence of bytes, row after row without gaps; on the device the rows
 * may lie apart. An upload returns when Java's side has been read. A download returns when all has
 * arrived, and so waits for the calls queued before it.
 */
final class Staging implements AutoCloseable {
  /** Java's side of an upload. */
  @FunctionalInterface
  interface Source {
    /** Writes bytes {@code from … from + count} of the sequence to the beginning of a segment. */
    void read(long from, long count, MemorySegment to);
  }

  /** Java's side of a download. */
  @FunctionalInterface
  interface Sink {
    /** Takes bytes {@code from … from + count} of the sequence from the beginning of a segment. */
    void write(long from, long count, MemorySegment segment);
  }

  private static final int BLOCKS = 4;

  /** Large enough for full speed of the bus, small enough to overlap; a multiple of 8. */
  private static final long BLOCK_BYTES = 2 << 20;

  private final Driver driver;
  private final Stream stream;
  private final PinnedBlock[] ring = new PinnedBlock[BLOCKS];
  private long turn;

  Staging(Driver driver, Stream stream) {
    this.driver = driver;
    this.stream = stream;
  }

  /** Copies {@code bytes} bytes to a device address. */
  void upload(long address, long bytes, Source source) {
    upload(address, bytes, bytes, 1, source);
  }

  /** Copies rows of {@code rowBytes} bytes to a device address, {@code pitch} bytes apart. */
  void upload(long address, long pitch, long rowBytes, long rows, Source source) {
    stream.requireNoCapture("uploading");
    Pieces pieces = new Pieces(pitch, rowBytes, rows);
    while (pieces.next()) {
      PinnedBlock block = block(turn++);
      block.await();
      source.read(pieces.from(), pieces.bytes(), block.segment());
      if (pieces.rows() == 1) {
        stream.upload(address + pieces.at(), block.pointer(), pieces.bytes());
      } else {
        stream.uploadRows(address + pieces.at(), pitch, block.pointer(), rowBytes, pieces.rows());
      }
      block.record();
    }
  }

  /** Copies {@code bytes} bytes from a device address. */
  void download(long address, long bytes, Sink sink) {
    download(address, bytes, bytes, 1, sink);
  }

  /** Copies rows of {@code rowBytes} bytes from a device address, {@code pitch} bytes apart. */
  void download(long address, long pitch, long rowBytes, long rows, Sink sink) {
    stream.requireNoCapture("downloading");
    Pieces ahead = new Pieces(pitch, rowBytes, rows);
    Pieces pieces = new Pieces(pitch, rowBytes, rows);
    long first = turn;
    long queued = first;
    for (long taken = first; pieces.next(); taken++) {
      while (queued < taken + BLOCKS && ahead.next()) {
        queue(ahead, block(queued++), address, pitch, rowBytes);
      }
      PinnedBlock block = block(taken);
      block.await();
      sink.write(pieces.from(), pieces.bytes(), block.segment());
    }
    turn = queued;
  }

  private void queue(Pieces piece, PinnedBlock block, long address, long pitch, long rowBytes) {
    block.await();
    if (piece.rows() == 1) {
      stream.download(block.pointer(), address + piece.at(), piece.bytes());
    } else {
      stream.downloadRows(block.pointer(), rowBytes, address + piece.at(), pitch, piece.rows());
    }
    block.record();
  }

  private PinnedBlock block(long turn) {
    int at = (int) (turn % BLOCKS);
    if (ring[at] == null) {
      ring[at] = new PinnedBlock(driver, stream, BLOCK_BYTES);
    }
    return ring[at];
  }

  /** Frees the ring; what was queued has been waited for. */
  void trim() {
    List<PinnedBlock> blocks = Arrays.stream(ring).filter(Objects::nonNull).toList();
    Arrays.fill(ring, null);
    Frees.all(blocks, PinnedBlock::close);
  }

  @Override
  public void close() {
    trim();
  }

  /** Cuts rows into pieces that fit a block: many whole rows, or a part of one. */
  private static final class Pieces {
    private final long pitch;
    private final long rowBytes;
    private final long rows;
    private long row;
    private long column;
    private long pieceRows;
    private long pieceBytes;

    Pieces(long pitch, long rowBytes, long rows) {
      boolean gapless = pitch == rowBytes;
      this.pitch = pitch;
      this.rowBytes = gapless ? rowBytes * rows : rowBytes;
      this.rows = gapless ? 1 : rows;
    }

    /** Moves on to the next piece, if there is one. */
    boolean next() {
      column += pieceRows == 1 ? pieceBytes : 0;
      row += pieceRows > 1 ? pieceRows : 0;
      if (column == rowBytes) {
        column = 0;
        row++;
      }
      if (row >= rows || rowBytes == 0) {
        return false;
      }
      if (rowBytes <= BLOCK_BYTES) {
        pieceRows = Math.min(rows - row, BLOCK_BYTES / rowBytes);
        pieceBytes = pieceRows * rowBytes;
      } else {
        pieceRows = 1;
        pieceBytes = Math.min(rowBytes - column, BLOCK_BYTES);
      }
      return true;
    }

    /** Where the piece begins in the packed sequence. */
    long from() {
      return row * rowBytes + column;
    }

    /** Where the piece begins on the device. */
    long at() {
      return row * pitch + column;
    }

    long rows() {
      return pieceRows;
    }

    long bytes() {
      return pieceBytes;
    }
  }
}
