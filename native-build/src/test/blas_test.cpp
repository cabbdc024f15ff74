// The emulated cuBLAS: products in every type and layout, and what it refuses.
#include <cmath>

#include "emulator/bits16.h"
#include "test/driver_calls.h"
#include "test/harness.h"

extern "C" {
int cublasCreate_v2(void**);
int cublasDestroy_v2(void*);
int cublasSetStream_v2(void*, void*);
int cublasSetWorkspace_v2(void*, void*, size_t);
int cublasSetMathMode(void*, int);
int cublasSgemm_v2(void*, int, int, int, int, int, const float*, const float*, int, const float*, int, const float*,
                   float*, int);
int cublasGemmEx(void*, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int, const void*,
                 void*, int, int, int, int);
int cublasSgemmBatched();
}

namespace {

constexpr int SUCCESS = 0, INVALID_VALUE = 7, EXECUTION_FAILED = 13, NOT_SUPPORTED = 15;
constexpr int F32 = 0, F16 = 2, BF16 = 14, COMPUTE_32F = 68, FAST_TF32 = 77;

struct Session {
  void *blas, *stream;
  Session() {
    void* context;
    simtSet("defaults", 0);
    cuInit(0);
    cuDevicePrimaryCtxRetain(&context, 0);
    cuCtxPushCurrent_v2(context);
    EXPECT_EQUAL(cuStreamCreate(&stream, 1), 0);
    EXPECT_EQUAL(cublasCreate_v2(&blas), SUCCESS);
    EXPECT_EQUAL(cublasSetStream_v2(blas, stream), SUCCESS);
  }
  ~Session() {
    cublasDestroy_v2(blas);
    cuCtxPopCurrent_v2(nullptr);
    cuDevicePrimaryCtxRelease_v2(0);
  }
};

// Small integers: every sum is exact, in every type.
std::vector<float> integers(size_t count) {
  std::vector<float> values(count);
  for (float& value : values) value = float(int(test::random()() % 9) - 4);
  return values;
}

template <class T>
std::vector<T> stored(const std::vector<float>& values, int type) {
  std::vector<T> result;
  for (float value : values)
    result.push_back(T(type == F32 ? value : type == BF16 ? simt::float_to_bf16(value) : simt::float_to_f16(value)));
  return result;
}

template <class T>
void every_layout(int type) {
  Session session;
  const int m = 5, n = 7, k = 19, stride = 23;
  for (int transposes = 0; transposes < 4; transposes++) {
    bool ta = transposes & 1, tb = transposes & 2;
    std::vector<float> a = integers(size_t(stride) * stride), b = integers(size_t(stride) * stride),
                       c = integers(size_t(stride) * stride), expected = c;
    const float alpha = 2, beta = 3;
    for (int i = 0; i < m; i++)
      for (int j = 0; j < n; j++) {
        float sum = 0;
        for (int l = 0; l < k; l++)
          sum += a[size_t(ta ? i * stride + l : l * stride + i)] * b[size_t(tb ? l * stride + j : j * stride + l)];
        expected[size_t(j * stride + i)] = alpha * sum + beta * c[size_t(j * stride + i)];
      }
    test::Device<T> da(stored<T>(a, type)), db(stored<T>(b, type));
    test::Device<float> dc(c);
    EXPECT_EQUAL(cublasGemmEx(session.blas, ta, tb, m, n, k, &alpha, da.data(), type, stride, db.data(), type, stride,
                              &beta, dc.data(), F32, stride, COMPUTE_32F, -1),
                 SUCCESS);
    EXPECT_EQUAL(dc.read(), c);  // queued
    EXPECT_EQUAL(cuStreamSynchronize(session.stream), 0);
    EXPECT_EQUAL(dc.read(), expected);
  }
}

int product(const Session& session, test::Device<float>& a, test::Device<float>& b, test::Device<float>& c, int n) {
  const float one = 1, zero = 0;
  return cublasSgemm_v2(session.blas, 0, 0, n, n, n, &one, a.data(), n, b.data(), n, &zero, c.data(), n);
}

}  // namespace

TEST(products_of_float32) { every_layout<float>(F32); }
TEST(products_of_bfloat16) { every_layout<uint16_t>(BF16); }
TEST(products_of_float16) { every_layout<uint16_t>(F16); }

TEST(tf32_rounds_its_factors) {
  Session session;
  test::Device<float> a({1 + 0x1p-10f + 0x1p-12f}), b({1}), c({NAN});
  const float one = 1, zero = 0;
  EXPECT_EQUAL(cublasGemmEx(session.blas, 0, 0, 1, 1, 1, &one, a.data(), F32, 1, b.data(), F32, 1, &zero, c.data(), F32,
                            1, FAST_TF32, -1),
               SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(session.stream), 0);
  EXPECT_EQUAL(c.read()[0], 1 + 0x1p-10f);
  EXPECT_EQUAL(product(session, a, b, c, 1), SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(session.stream), 0);
  EXPECT_EQUAL(c.read()[0], 1 + 0x1p-10f + 0x1p-12f);
  EXPECT_EQUAL(cublasSetMathMode(session.blas, 3), SUCCESS);
  EXPECT_EQUAL(product(session, a, b, c, 1), SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(session.stream), 0);
  EXPECT_EQUAL(c.read()[0], 1 + 0x1p-10f);
}

TEST(products_keep_within_allocations) {
  Session session;
  test::Device<float> a(16), b(15), c(16);
  EXPECT_EQUAL(product(session, a, b, c, 4), INVALID_VALUE);
  EXPECT_CONTAINS(std::string(simtComplaint()), "the factor B: 64 bytes at offset 0 of 60 bytes");
  EXPECT_EQUAL(product(session, a, a, c, 4), SUCCESS);
}

TEST(products_are_captured_with_a_workspace) {
  Session session;
  test::Device<float> a({2}), b({3}), c({0});
  test::Device<char> workspace(1024);
  void *graph, *executable;
  EXPECT_EQUAL(cuStreamBeginCapture_v2(session.stream, 1), 0);
  EXPECT_EQUAL(product(session, a, b, c, 1), EXECUTION_FAILED);
  EXPECT_EQUAL(cublasSetWorkspace_v2(session.blas, workspace.data(), 1024), SUCCESS);
  EXPECT_EQUAL(product(session, a, b, c, 1), SUCCESS);
  EXPECT_EQUAL(product(session, c, b, a, 1), SUCCESS);
  EXPECT_EQUAL(cuStreamEndCapture(session.stream, &graph), 0);
  EXPECT_EQUAL(cuGraphInstantiateWithFlags(&executable, graph, 0), 0);
  EXPECT_EQUAL(cuGraphLaunch(executable, session.stream), 0);
  EXPECT_EQUAL(cuGraphLaunch(executable, session.stream), 0);
  EXPECT_EQUAL(cuStreamSynchronize(session.stream), 0);
  EXPECT_EQUAL(a.read()[0], 162.0f);
}

TEST(what_is_not_modelled_is_refused) {
  Session session;
  test::Device<float> a({2}), b({3}), c({0});
  const float one = 1, zero = 0;
  EXPECT_EQUAL(cublasSgemmBatched(), NOT_SUPPORTED);
  EXPECT_EQUAL(cublasGemmEx(session.blas, 0, 0, 1, 1, 1, &one, a.data(), F32, 1, b.data(), F32, 1, &zero, c.data(), F32,
                            1, 64, -1),
               NOT_SUPPORTED);
  EXPECT_EQUAL(cublasGemmEx(session.blas, 0, 0, 1, 1, 1, &one, a.data(), BF16, 1, b.data(), F16, 1, &zero, c.data(),
                            F32, 1, COMPUTE_32F, -1),
               NOT_SUPPORTED);
  EXPECT_EQUAL(cublasSgemm_v2(session.blas, 0, 0, 2, 1, 1, &one, a.data(), 1, b.data(), 1, &zero, c.data(), 2),
               INVALID_VALUE);
  simtSet("failProduct", 1);
  EXPECT_EQUAL(product(session, a, b, c, 1), EXECUTION_FAILED);
  EXPECT_EQUAL(product(session, a, b, c, 1), SUCCESS);
}

TEST(destroyed_handle_is_noticed) {
  Session session;
  void* other;
  EXPECT_EQUAL(cublasCreate_v2(&other), SUCCESS);
  EXPECT_EQUAL(cublasDestroy_v2(other), SUCCESS);
  EXPECT_EQUAL(cublasSetMathMode(other, 0), 1);
}
