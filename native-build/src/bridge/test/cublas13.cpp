// Stands for cuBLAS 13 in the tests of the bridge: a few functions that compute on host memory, column-major, with the
// parameters of cuBLAS 13. It exports no cublasSdgmm, so that the bridge has something to refuse.

#include <cstddef>

namespace {

struct Handle {
  void* stream;
  void* workspace;
  std::size_t workspace_bytes;
  int math_mode;
  int pointer_mode;
};

constexpr int SUCCESS = 0;
constexpr int INVALID_VALUE = 7;
constexpr int FLOAT32 = 0;              // CUDA_R_32F
constexpr int COMPUTE_32F = 68;         // CUBLAS_COMPUTE_32F
constexpr int COMPUTE_32F_TF32 = 77;    // CUBLAS_COMPUTE_32F_FAST_TF32
constexpr int VERSION = 130100;

float element(const float* matrix, long long leading, bool transposed, long long row, long long column) {
  return transposed ? matrix[row * leading + column] : matrix[column * leading + row];
}

int multiply(bool transposed_a, bool transposed_b, long long m, long long n, long long k, float alpha, const float* a,
             long long lda, const float* b, long long ldb, float beta, float* c, long long ldc) {
  for (long long column = 0; column < n; column++) {
    for (long long row = 0; row < m; row++) {
      float sum = 0;
      for (long long i = 0; i < k; i++) {
        sum += element(a, lda, transposed_a, row, i) * element(b, ldb, transposed_b, i, column);
      }
      float& out = c[column * ldc + row];
      out = alpha * sum + (beta == 0 ? 0 : beta * out);
    }
  }
  return SUCCESS;
}

}  // namespace

extern "C" {

int cublasCreate_v2(Handle** handle) {
  *handle = new Handle{};
  return SUCCESS;
}

int cublasDestroy_v2(Handle* handle) {
  delete handle;
  return SUCCESS;
}

int cublasGetVersion_v2(Handle*, int* version) {
  *version = VERSION;
  return SUCCESS;
}

int cublasGetProperty(int type, int* value) {
  const int parts[] = {13, 1, 0};
  *value = parts[type];
  return SUCCESS;
}

int cublasSetStream_v2(Handle* handle, void* stream) {
  handle->stream = stream;
  return SUCCESS;
}

int cublasGetStream_v2(Handle* handle, void** stream) {
  *stream = handle->stream;
  return SUCCESS;
}

int cublasSetWorkspace_v2(Handle* handle, void* workspace, std::size_t bytes) {
  handle->workspace = workspace;
  handle->workspace_bytes = bytes;
  return SUCCESS;
}

int cublasSetMathMode(Handle* handle, int mode) {
  handle->math_mode = mode;
  return SUCCESS;
}

int cublasGetMathMode(Handle* handle, int* mode) {
  *mode = handle->math_mode;
  return SUCCESS;
}

int cublasSetPointerMode_v2(Handle* handle, int mode) {
  handle->pointer_mode = mode;
  return SUCCESS;
}

int cublasGetPointerMode_v2(Handle* handle, int* mode) {
  *mode = handle->pointer_mode;
  return SUCCESS;
}

int cublasSgemm_v2(Handle*, int transa, int transb, int m, int n, int k, const float* alpha, const float* a, int lda,
                   const float* b, int ldb, const float* beta, float* c, int ldc) {
  return multiply(transa != 0, transb != 0, m, n, k, *alpha, a, lda, b, ldb, *beta, c, ldc);
}

int cublasGemmEx(Handle*, int transa, int transb, int m, int n, int k, const void* alpha, const void* a, int a_type,
                 int lda, const void* b, int b_type, int ldb, const void* beta, void* c, int c_type, int ldc, int compute,
                 int algorithm) {
  bool known = a_type == FLOAT32 && b_type == FLOAT32 && c_type == FLOAT32 && algorithm == -1 &&
               (compute == COMPUTE_32F || compute == COMPUTE_32F_TF32);
  if (!known) {
    return INVALID_VALUE;
  }
  return multiply(transa != 0, transb != 0, m, n, k, *static_cast<const float*>(alpha), static_cast<const float*>(a), lda,
                  static_cast<const float*>(b), ldb, *static_cast<const float*>(beta), static_cast<float*>(c), ldc);
}

int cublasGemmStridedBatchedEx(Handle* handle, int transa, int transb, int m, int n, int k, const void* alpha,
                               const void* a, int a_type, int lda, long long a_stride, const void* b, int b_type, int ldb,
                               long long b_stride, const void* beta, void* c, int c_type, int ldc, long long c_stride,
                               int batches, int compute, int algorithm) {
  for (int batch = 0; batch < batches; batch++) {
    int status = cublasGemmEx(handle, transa, transb, m, n, k, alpha, static_cast<const float*>(a) + batch * a_stride,
                              a_type, lda, static_cast<const float*>(b) + batch * b_stride, b_type, ldb, beta,
                              static_cast<float*>(c) + batch * c_stride, c_type, ldc, compute, algorithm);
    if (status != SUCCESS) {
      return status;
    }
  }
  return SUCCESS;
}

const char* cublasGetStatusName(int status) { return status == SUCCESS ? "CUBLAS_STATUS_SUCCESS" : "another status"; }

const char* cublasGetStatusString(int status) { return status == SUCCESS ? "the stand-in succeeded" : "another status"; }

std::size_t cublasGetCudartVersion() { return 13010; }
}
