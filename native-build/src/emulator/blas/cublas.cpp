// libcublas.so.12 over the emulated driver: what the CUDA backend calls of cuBLAS. Products are queued as kernels are.
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#include "emulator/blas/product.h"
#include "emulator/driver/queue.h"

#define SIMT_EXPORT extern "C" __attribute__((visibility("default")))

namespace simt::blas {
namespace {

// cublasStatus_t
enum Status : int {
  SUCCESS = 0,
  NOT_INITIALIZED = 1,
  INVALID_VALUE = 7,
  EXECUTION_FAILED = 13,
  INTERNAL_ERROR = 14,
  NOT_SUPPORTED = 15,
};

constexpr int VERSION = 120600;
constexpr int TF32_MATH = 3, COMPUTE_32F = 68;
constexpr size_t TOUCHED = 4096;  // of a workspace, at either end

struct Handle {
  bool alive = true;
  void* stream = nullptr;
  void* workspace = nullptr;
  size_t workspaceBytes = 0;
  int mathMode = 0, pointerMode = 0, atomicsMode = 0;
};

std::mutex mutex;

// Never deleted, so that a destroyed handle is recognised.
std::vector<std::unique_ptr<Handle>>& handles() {
  static auto* all = new std::vector<std::unique_ptr<Handle>>;
  return *all;
}

int complain(int status, const char* format, ...) __attribute__((format(printf, 2, 3)));
int complain(int status, const char* format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  std::fprintf(stderr, "SIMT emulator: cuBLAS: %s\n", text);
  return status;
}

Handle* handle_of(void* p) {
  std::lock_guard lock(mutex);
  for (auto& handle : handles()) {
    if (handle.get() != p) continue;
    if (handle->alive) return handle.get();
    complain(0, "the handle %p has been destroyed", p);
    return nullptr;
  }
  complain(0, "%p is no handle", p);
  return nullptr;
}

template <class Body>
int with(void* p, Body body) {
  Handle* handle = handle_of(p);
  return handle ? body(*handle) : int(NOT_INITIALIZED);
}

// A queued product, and what it uses besides its operands.
struct Queued {
  Product product;
  void* workspace;
  size_t workspaceBytes;
};

int check(const char* what, const Operand& x, int64_t rows, int64_t columns) {
  if (rows == 0 || columns == 0) return 0;
  return simtCheckDevice(what, x.data, size_t((columns - 1) * x.stride + rows) * bytes_of(x.type));
}

int check_all(const Queued& q) {
  const Product& p = q.product;
  if (int result = check("the factor A", p.a, p.a.transposed ? p.k : p.m, p.a.transposed ? p.m : p.k)) return result;
  if (int result = check("the factor B", p.b, p.b.transposed ? p.n : p.k, p.b.transposed ? p.k : p.n)) return result;
  if (int result = check("the product", p.c, p.m, p.n)) return result;
  return q.workspaceBytes ? simtCheckDevice("the workspace", q.workspace, q.workspaceBytes) : 0;
}

int run(void* data) {
  constexpr int ILLEGAL_ADDRESS = 700;
  Queued& q = *static_cast<Queued*>(data);
  if (check_all(q)) return ILLEGAL_ADDRESS;
  // The workspace is cuBLAS's to write to: whoever keeps something there shall notice.
  auto workspace = static_cast<unsigned char*>(q.workspace);
  size_t touched = q.workspaceBytes < TOUCHED ? q.workspaceBytes : TOUCHED;
  if (touched) {
    std::memset(workspace, 0xff, touched);
    std::memset(workspace + q.workspaceBytes - touched, 0xff, touched);
  }
  multiply(q.product);
  return 0;
}

bool transposes(int operation, bool& result) {
  result = operation != 0;
  return operation == 0 || operation == 1;  // 2 is the conjugate transpose
}

int enqueue(Handle& handle, Product product, int operationA, int operationB) {
  if (!transposes(operationA, product.a.transposed) || !transposes(operationB, product.b.transposed))
    return complain(NOT_SUPPORTED, "operations %d and %d", operationA, operationB);
  int64_t rowsA = product.a.transposed ? product.k : product.m, rowsB = product.b.transposed ? product.n : product.k;
  auto atLeast = [](int64_t rows) { return rows > 1 ? rows : 1; };
  if (product.m < 0 || product.n < 0 || product.k < 0 || product.a.stride < atLeast(rowsA) ||
      product.b.stride < atLeast(rowsB) || product.c.stride < atLeast(product.m))
    return complain(INVALID_VALUE, "m %lld, n %lld, k %lld, leading dimensions %lld, %lld, %lld", (long long)product.m,
                    (long long)product.n, (long long)product.k, (long long)product.a.stride,
                    (long long)product.b.stride, (long long)product.c.stride);
  if (product.m == 0 || product.n == 0) return SUCCESS;
  if (simtContext()) return complain(EXECUTION_FAILED, "no context is current, or it is broken");
  if (simtDue("failProduct")) return EXECUTION_FAILED;
  int state = simtStreamState(handle.stream);
  if (state == 0) return EXECUTION_FAILED;
  if (state == 2 && !handle.workspaceBytes)
    return complain(EXECUTION_FAILED, "a captured product needs a workspace that was set");
  auto queued = std::make_unique<Queued>(Queued{product, handle.workspace, handle.workspaceBytes});
  if (check_all(*queued)) return INVALID_VALUE;
  int result = simtEnqueue(handle.stream, &run, queued.release(), [](void* data) { delete static_cast<Queued*>(data); });
  return result ? int(EXECUTION_FAILED) : int(SUCCESS);
}

// alpha and beta are floats in host memory.
int scalars(const Handle& handle, const void* alpha, const void* beta, Product& product) {
  if (!alpha || !beta) return complain(INVALID_VALUE, "alpha or beta is null");
  if (handle.pointerMode != 0) return complain(NOT_SUPPORTED, "alpha and beta in device memory are not modelled");
  std::memcpy(&product.alpha, alpha, sizeof(float));
  std::memcpy(&product.beta, beta, sizeof(float));
  return SUCCESS;
}

Operand operand(int type, const void* data, int64_t stride) {
  return {Type(type), const_cast<void*>(data), stride, false};
}

bool known(int type) { return type == int(Type::F32) || type == int(Type::F16) || type == int(Type::BF16); }

// The rounding that a compute type asks for; false for one that is not modelled.
bool rounding_of(int computeType, Rounding& rounding) {
  switch (computeType) {
    case COMPUTE_32F:
    case 69: rounding = Rounding::NONE; return true;  // 32F, and pedantic
    case 74: rounding = Rounding::F16; return true;
    case 75: rounding = Rounding::BF16; return true;
    case 77: rounding = Rounding::TF32; return true;
    default: return false;
  }
}

int gemm(void* p, int operationA, int operationB, int64_t m, int64_t n, int64_t k, const float* alpha, const float* a,
         int64_t lda, const float* b, int64_t ldb, const float* beta, float* c, int64_t ldc) {
  return with(p, [&](Handle& handle) -> int {
    Rounding rounding = handle.mathMode == TF32_MATH ? Rounding::TF32 : Rounding::NONE;
    Product product{m, n, k, operand(0, a, lda), operand(0, b, ldb), operand(0, c, ldc), rounding, 0, 0};
    if (int status = scalars(handle, alpha, beta, product)) return status;
    return enqueue(handle, product, operationA, operationB);
  });
}

int gemm_ex(void* p, int operationA, int operationB, int64_t m, int64_t n, int64_t k, const void* alpha, const void* a,
            int typeA, int64_t lda, const void* b, int typeB, int64_t ldb, const void* beta, void* c, int typeC,
            int64_t ldc, int computeType) {
  return with(p, [&](Handle& handle) -> int {
    Rounding rounding;
    bool same = typeA == typeB && (typeC == typeA || typeC == int(Type::F32));
    if (!known(typeA) || !same || !rounding_of(computeType, rounding) ||
        (rounding != Rounding::NONE && typeA != int(Type::F32)))
      return complain(NOT_SUPPORTED, "cublasGemmEx of types %d, %d, %d with compute type %d", typeA, typeB, typeC,
                      computeType);
    if (handle.mathMode == TF32_MATH && computeType == COMPUTE_32F && typeA == int(Type::F32)) rounding = Rounding::TF32;
    Product product{m, n, k, operand(typeA, a, lda), operand(typeB, b, ldb), operand(typeC, c, ldc), rounding, 0, 0};
    if (int status = scalars(handle, alpha, beta, product)) return status;
    return enqueue(handle, product, operationA, operationB);
  });
}

}  // namespace

SIMT_EXPORT int cublasCreate_v2(void** p) {
  if (simtContext()) return complain(NOT_INITIALIZED, "no context is current, or it is broken");
  std::lock_guard lock(mutex);
  handles().push_back(std::make_unique<Handle>());
  *p = handles().back().get();
  return SUCCESS;
}

SIMT_EXPORT int cublasDestroy_v2(void* p) {
  return with(p, [](Handle& handle) {
    handle.alive = false;
    return SUCCESS;
  });
}

SIMT_EXPORT int cublasGetVersion_v2(void* p, int* version) {
  return with(p, [&](Handle&) {
    *version = VERSION;
    return SUCCESS;
  });
}

SIMT_EXPORT int cublasGetProperty(int type, int* value) {
  if (type < 0 || type > 2) return INVALID_VALUE;
  *value = type == 0 ? VERSION / 10000 : type == 1 ? VERSION / 100 % 100 : VERSION % 100;
  return SUCCESS;
}

SIMT_EXPORT size_t cublasGetCudartVersion() { return 12060; }

SIMT_EXPORT const char* cublasGetStatusName(int status) {
  switch (status) {
    case SUCCESS: return "CUBLAS_STATUS_SUCCESS";
    case NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
    case EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case INTERNAL_ERROR: return "CUBLAS_STATUS_INTERNAL_ERROR";
    case NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "unrecognized error code";
  }
}

SIMT_EXPORT const char* cublasGetStatusString(int status) { return cublasGetStatusName(status); }

SIMT_EXPORT int cublasSetStream_v2(void* p, void* stream) {
  return with(p, [&](Handle& handle) {
    if (!simtStreamState(stream)) return INVALID_VALUE;
    handle.stream = stream;
    handle.workspace = nullptr;  // as cuBLAS does: its own, until one is set again
    handle.workspaceBytes = 0;
    return SUCCESS;
  });
}

SIMT_EXPORT int cublasGetStream_v2(void* p, void** stream) {
  return with(p, [&](Handle& handle) {
    *stream = handle.stream;
    return SUCCESS;
  });
}

SIMT_EXPORT int cublasSetWorkspace_v2(void* p, void* workspace, size_t bytes) {
  return with(p, [&](Handle& handle) -> int {
    if (bytes && reinterpret_cast<uintptr_t>(workspace) % 256)
      return complain(INVALID_VALUE, "the workspace is not aligned to 256 bytes");
    if (bytes && simtCheckDevice("the workspace", workspace, bytes)) return INVALID_VALUE;
    handle.workspace = workspace;
    handle.workspaceBytes = bytes;
    return SUCCESS;
  });
}

#define SIMT_MODE(name, field, most)                          \
  SIMT_EXPORT int cublasSet##name(void* p, int mode) {        \
    return with(p, [&](Handle& handle) -> int {               \
      if (mode < 0 || mode > (most)) return INVALID_VALUE;    \
      handle.field = mode;                                    \
      return SUCCESS;                                         \
    });                                                       \
  }                                                           \
  SIMT_EXPORT int cublasGet##name(void* p, int* mode) {       \
    return with(p, [&](Handle& handle) {                      \
      *mode = handle.field;                                   \
      return SUCCESS;                                         \
    });                                                       \
  }
SIMT_MODE(MathMode, mathMode, 16 + 3)
SIMT_MODE(PointerMode_v2, pointerMode, 1)
SIMT_MODE(AtomicsMode, atomicsMode, 1)
#undef SIMT_MODE

SIMT_EXPORT int cublasSgemm_v2(void* p, int operationA, int operationB, int m, int n, int k, const float* alpha,
                               const float* a, int lda, const float* b, int ldb, const float* beta, float* c, int ldc) {
  return gemm(p, operationA, operationB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

SIMT_EXPORT int cublasSgemm_v2_64(void* p, int operationA, int operationB, int64_t m, int64_t n, int64_t k,
                                  const float* alpha, const float* a, int64_t lda, const float* b, int64_t ldb,
                                  const float* beta, float* c, int64_t ldc) {
  return gemm(p, operationA, operationB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

SIMT_EXPORT int cublasGemmEx(void* p, int operationA, int operationB, int m, int n, int k, const void* alpha,
                             const void* a, int typeA, int lda, const void* b, int typeB, int ldb, const void* beta,
                             void* c, int typeC, int ldc, int computeType, int) {
  return gemm_ex(p, operationA, operationB, m, n, k, alpha, a, typeA, lda, b, typeB, ldb, beta, c, typeC, ldc,
                 computeType);
}

SIMT_EXPORT int cublasGemmEx_64(void* p, int operationA, int operationB, int64_t m, int64_t n, int64_t k,
                                const void* alpha, const void* a, int typeA, int64_t lda, const void* b, int typeB,
                                int64_t ldb, const void* beta, void* c, int typeC, int64_t ldc, int computeType, int) {
  return gemm_ex(p, operationA, operationB, m, n, k, alpha, a, typeA, lda, b, typeB, ldb, beta, c, typeC, ldc,
                 computeType);
}

}  // namespace simt::blas
