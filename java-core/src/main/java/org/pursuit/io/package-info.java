/**
 * Matrices, codes and sparse autoencoders in files: {@code .npy}, {@code .npz} and {@code
 * .safetensors}.
 *
 * <p>Reading streams in batches of rows with constant memory and 64-bit offsets; every 16-bit
 * element is widened to float32. A file that breaks its format, or does not fit what was asked of
 * it, is rejected with a {@link org.pursuit.io.FileFormatException}. Writing goes to a temporary
 * file beside the target, which takes the target's name only when it is committed.
 *
 * <p>Readers and writers are used by one thread at a time.
 */
package org.pursuit.io;
