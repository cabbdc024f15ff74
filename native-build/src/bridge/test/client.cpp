// Imports from libcublas.so.12, with that symbol version, as JCublas2's native part does.

#include <cstddef>
#include <cstring>

extern "C" {
int cublasCreate_v2(void** handle);
int cublasDestroy_v2(void* handle);
int cublasGetVersion_v2(void* handle, int* version);
int cublasSetStream_v2(void* handle, void* stream);
int cublasGetStream_v2(void* handle, void** stream);
int cublasSetWorkspace_v2(void* handle, void* workspace, std::size_t bytes);
int cublasSetMathMode(void* handle, int mode);
int cublasGetMathMode(void* handle, int* mode);
int cublasSgemm_v2(void* handle, int transa, int transb, int m, int n, int k, const float* alpha, const float* a, int lda,
                   const float* b, int ldb, const float* beta, float* c, int ldc);
int cublasGemmStridedBatchedEx(void* handle, int transa, int transb, int m, int n, int k, const void* alpha, const void* a,
                               int a_type, int lda, long long a_stride, const void* b, int b_type, int ldb,
                               long long b_stride, const void* beta, void* c, int c_type, int ldc, long long c_stride,
                               int batches, int compute, int algorithm);
int cublasSdgmm(void* handle, int mode, int m, int n, const float* a, int lda, const float* x, int incx, float* c, int ldc);
const char* cublasGetStatusName(int status);
const char* cublasGetStatusString(int status);
std::size_t cublasGetCudartVersion();

// Null, or the first thing that is wrong.
const char* with_cublas13() {
  void* handle = nullptr;
  if (cublasCreate_v2(&handle) != 0 || handle == nullptr) return "cublasCreate_v2 failed";
  int version = 0;
  if (cublasGetVersion_v2(handle, &version) != 0 || version != 130100) return "not the version of the stand-in";
  if (cublasGetCudartVersion() != 13010) return "not the run-time version of the stand-in";
  int mark = 0;
  void* stream = nullptr;
  if (cublasSetStream_v2(handle, &mark) != 0 || cublasGetStream_v2(handle, &stream) != 0 || stream != &mark)
    return "the stream did not arrive";
  int mode = 0;
  if (cublasSetMathMode(handle, 3) != 0 || cublasGetMathMode(handle, &mode) != 0 || mode != 3)
    return "the math mode did not arrive";
  if (cublasSetWorkspace_v2(handle, &mark, std::size_t{1} << 40) != 0) return "cublasSetWorkspace_v2 failed";

  // C [2, 2] = A [2, 3] * B [3, 2], column-major.
  const float a[] = {1, 2, 3, 4, 5, 6};
  const float b[] = {7, 8, 9, 10, 11, 12};
  const float product[] = {76, 100, 103, 136};
  const float one = 1, zero = 0, two = 2;
  float c[8] = {};
  if (cublasSgemm_v2(handle, 0, 0, 2, 2, 3, &one, a, 2, b, 3, &zero, c, 2) != 0) return "cublasSgemm_v2 failed";
  if (std::memcmp(c, product, sizeof product) != 0) return "cublasSgemm_v2: a wrong product";

  // The same twice: 23 parameters, of which most lie on the stack.
  const float twice[] = {152, 200, 206, 272};
  if (cublasGemmStridedBatchedEx(handle, 0, 0, 2, 2, 3, &two, a, 0, 2, 0, b, 0, 3, 0, &zero, c, 0, 2, 4, 2, 68, -1) != 0)
    return "cublasGemmStridedBatchedEx failed";
  if (std::memcmp(c, twice, sizeof twice) != 0 || std::memcmp(c + 4, twice, sizeof twice) != 0)
    return "cublasGemmStridedBatchedEx: a wrong product";

  if (cublasSdgmm(handle, 0, 2, 2, a, 2, b, 1, c, 2) != 15) return "a function that cuBLAS 13 lacks was not refused";
  if (std::strcmp(cublasGetStatusString(0), "the stand-in succeeded") != 0) return "not the status text of the stand-in";
  return cublasDestroy_v2(handle) == 0 ? nullptr : "cublasDestroy_v2 failed";
}

const char* without_cublas13() {
  void* handle = nullptr;
  if (cublasCreate_v2(&handle) != 1) return "cublasCreate_v2 did not return CUBLAS_STATUS_NOT_INITIALIZED";
  if (handle != nullptr) return "a handle without cuBLAS";
  if (std::strcmp(cublasGetStatusName(1), "CUBLAS_STATUS_NOT_INITIALIZED") != 0) return "a wrong name of the status";
  if (std::strstr(cublasGetStatusString(1), "/nowhere/libcublas.so.13") == nullptr)
    return "the status text does not tell which library is missing";
  return cublasGetCudartVersion() == 0 ? nullptr : "a run-time version without cuBLAS";
}
}
