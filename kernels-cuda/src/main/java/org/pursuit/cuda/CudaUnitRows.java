package org.pursuit.cuda;

import org.pursuit.data.RowSparseMatrix;

/** What keeps atoms at unit norm: {@code unit_rows.cu}. */
final class CudaUnitRows {
  private final Kernels kernels;
  private final Flags flags;

  CudaUnitRows(Cuda cuda) {
    this.kernels = cuda.kernels();
    this.flags = cuda.flags();
  }

  void unitRows(CudaMatrix x, float epsilon) {
    int warps = RowSums.warpsPerRow(x.columns());
    kernels
        .kernel("unit_rows")
        .arguments()
        .pointer(x.address())
        .int64(x.stride())
        .int64(x.rows())
        .int32(x.columns())
        .int32(x.format())
        .int32(warps)
        .float32(epsilon)
        .launch(RowSums.blocks(x.rows(), warps), 1, RowSums.THREADS, RowSums.SHARED_BYTES);
  }

  void project(CudaMatrix atoms, CudaMatrix gradient) {
    project(atoms, gradient, 0, 0);
  }

  void project(CudaMatrix atoms, RowSparseMatrix gradient) {
    project(
        atoms,
        (CudaMatrix) gradient.elements(),
        ((CudaInts) gradient.rowIds()).address(),
        ((CudaInts) gradient.count()).address());
  }

  private void project(CudaMatrix atoms, CudaMatrix gradient, long rowIds, long count) {
    int warps = RowSums.warpsPerRow(atoms.columns());
    kernels
        .kernel("project_rows")
        .arguments()
        .pointer(atoms.address())
        .pointer(gradient.address())
        .pointer(rowIds)
        .pointer(count)
        .pointer(flags.address(Flag.INDEX_OUT_OF_RANGE))
        .int64(atoms.stride())
        .int64(gradient.stride())
        .int64(gradient.rows())
        .int32(atoms.rows())
        .int32(atoms.columns())
        .int32(atoms.format())
        .int32(gradient.format())
        .int32(warps)
        .launch(RowSums.blocks(gradient.rows(), warps), 1, RowSums.THREADS, RowSums.SHARED_BYTES);
  }
}
