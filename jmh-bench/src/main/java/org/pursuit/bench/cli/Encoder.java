package org.pursuit.bench.cli;

import org.pursuit.data.Floats;
import org.pursuit.data.Matrix;
import org.pursuit.data.SlottedCodes;

/** A method of encoding rows over a model, prepared for all batches of a run. */
interface Encoder<C extends SlottedCodes> extends AutoCloseable {
  /** Buffers for the codes of a batch. */
  C newCodes(int rows);

  /** What is to be subtracted from the normalised rows before {@link #encode}; null for nothing. */
  Floats shift();

  /** Encodes rows that are normalised and shifted. */
  void encode(Matrix rows, C codes);

  /** The method with its choices, for the user. */
  String description();

  @Override
  void close();
}
