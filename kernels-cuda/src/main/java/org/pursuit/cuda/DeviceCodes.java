package org.pursuit.cuda;

import org.pursuit.data.CsrCodes;
import org.pursuit.data.SlottedCodes;

/**
 * Codes of either layout on the device, as kernels get them.
 *
 * @param indices where the indices lie
 * @param values where the values lie
 * @param counts where the rows' counts lie; 0 for row-compressed codes
 * @param offsets where the rows' offsets lie; 0 for codes with slots
 * @param entries that fit
 * @param k slots a row; 0 for row-compressed codes
 */
record DeviceCodes(
    long indices, long values, long counts, long offsets, long entries, int rows, int k) {
  static DeviceCodes of(SlottedCodes codes) {
    return new DeviceCodes(
        ((CudaInts) codes.indices()).address(),
        ((CudaFloats) codes.values()).address(),
        ((CudaInts) codes.counts()).address(),
        0,
        codes.indices().length(),
        codes.rows(),
        codes.k());
  }

  static DeviceCodes of(CsrCodes codes) {
    return new DeviceCodes(
        ((CudaInts) codes.columns()).address(),
        ((CudaFloats) codes.values()).address(),
        0,
        ((CudaLongs) codes.offsets()).address(),
        codes.capacity(),
        codes.rows(),
        0);
  }

  /** The same rows with other indices and values. */
  DeviceCodes with(long indices, long values) {
    return new DeviceCodes(indices, values, counts, offsets, entries, rows, k);
  }

  /** Begins a kernel's arguments with these. */
  Kernel begin(Kernel kernel) {
    return kernel
        .arguments()
        .pointer(indices)
        .pointer(values)
        .pointer(counts)
        .pointer(offsets)
        .int64(entries)
        .int32(rows)
        .int32(k);
  }
}
