// The emulated driver: what it does, what it refuses, what it notices.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <numeric>
#include <thread>

#include "emulator/driver/image.h"
#include "test/driver_calls.h"
#include "test/emulator_kernels.h"
#include "test/harness.h"

namespace {

constexpr int SUCCESS = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NO_DEVICE = 100, INVALID_IMAGE = 200,
              INVALID_CONTEXT = 201, NO_BINARY_FOR_GPU = 209, INVALID_HANDLE = 400, NOT_FOUND = 500, NOT_READY = 600,
              ILLEGAL_ADDRESS = 700, LAUNCH_OUT_OF_RESOURCES = 701, LAUNCH_FAILED = 719, NOT_SUPPORTED = 801,
              STREAM_CAPTURE_UNSUPPORTED = 900, STREAM_CAPTURE_INVALIDATED = 901, STREAM_CAPTURE_UNJOINED = 904;
constexpr unsigned NON_BLOCKING = 1;

// The primary context, current for one test case, which must leave nothing behind.
struct Session {
  Session() {
    simtSet("defaults", 0);
    EXPECT_EQUAL(cuInit(0), SUCCESS);
    void* context;
    EXPECT_EQUAL(cuDevicePrimaryCtxRetain(&context, 0), SUCCESS);
    EXPECT_EQUAL(cuCtxPushCurrent_v2(context), SUCCESS);
  }
  ~Session() {
    simtSet("defaults", 0);
    cuCtxPopCurrent_v2(nullptr);
    cuDevicePrimaryCtxRelease_v2(0);
  }
};

CUdeviceptr allocated(size_t bytes) {
  CUdeviceptr address = 0;
  EXPECT_EQUAL(cuMemAlloc_v2(&address, bytes), SUCCESS);
  return address;
}

int* pinned(size_t count) {
  void* address = nullptr;
  EXPECT_EQUAL(cuMemAllocHost_v2(&address, count * sizeof(int)), SUCCESS);
  return static_cast<int*>(address);
}

void* stream(unsigned flags = NON_BLOCKING) {
  void* made = nullptr;
  EXPECT_EQUAL(cuStreamCreate(&made, flags), SUCCESS);
  return made;
}

std::string image() { return simt::driver::image_text("emulator_kernels", {"compute_80", "sm_90"}); }

void* function(const char* name) {
  void *module, *found;
  EXPECT_EQUAL(cuModuleLoadData(&module, image().c_str()), SUCCESS);
  EXPECT_EQUAL(cuModuleGetFunction(&found, module, name), SUCCESS);
  return found;
}

int launch(void* function, unsigned blocks, unsigned threads, void* stream, VectorArguments arguments,
           unsigned sharedBytes = 0) {
  void* parameters[] = {&arguments};
  return cuLaunchKernel(function, blocks, 1, 1, threads, 1, 1, sharedBytes, stream, parameters, nullptr);
}

VectorArguments increment(CUdeviceptr in, CUdeviceptr out, int count) {
  return {reinterpret_cast<const int*>(in), reinterpret_cast<int*>(out), count, 0};
}

std::vector<int> downloaded(CUdeviceptr from, size_t count) {
  std::vector<int> values(count);
  EXPECT_EQUAL(cuMemcpyDtoH_v2(values.data(), from, count * sizeof(int)), SUCCESS);
  return values;
}

std::string complaint() { return simtComplaint(); }

// What `body` writes to stderr.
std::string on_stderr(const std::function<void()>& body) {
  std::FILE* file = std::tmpfile();
  EXPECT(file);
  int before = dup(STDERR_FILENO);
  dup2(fileno(file), STDERR_FILENO);
  body();
  dup2(before, STDERR_FILENO);
  close(before);
  std::rewind(file);
  std::string text;
  for (int c; (c = std::fgetc(file)) != EOF;) text += char(c);
  std::fclose(file);
  return text;
}

}  // namespace

TEST(device_gives_its_facts) {
  Session session;
  int value;
  char name[64];
  EXPECT_EQUAL(cuDriverGetVersion(&value), SUCCESS);
  EXPECT_EQUAL(value, 13000);
  EXPECT_EQUAL(cuDeviceGetName(name, 64, 0), SUCCESS);
  EXPECT_EQUAL(std::string(name), "SIMT emulator");
  EXPECT_EQUAL(cuDeviceGetAttribute(&value, 97, 0), SUCCESS);
  EXPECT_EQUAL(value, 227 << 10);
  simtSet("computeCapability", 86);
  EXPECT_EQUAL(cuDeviceGetAttribute(&value, 97, 0), SUCCESS);
  EXPECT_EQUAL(value, 99 << 10);
  EXPECT_EQUAL(cuDeviceGetAttribute(&value, 76, 0), SUCCESS);
  EXPECT_EQUAL(value, 6);
}

TEST(no_device_and_old_driver) {
  simtSet("deviceCount", 0);
  EXPECT_EQUAL(cuInit(0), NO_DEVICE);
  simtSet("driverVersion", 12020);
  int version;
  EXPECT_EQUAL(cuDriverGetVersion(&version), SUCCESS);
  EXPECT_EQUAL(version, 12020);
  simtSet("defaults", 0);
}

TEST(call_without_a_context) {
  EXPECT_EQUAL(cuInit(0), SUCCESS);
  CUdeviceptr address;
  EXPECT_EQUAL(cuMemAlloc_v2(&address, 4), INVALID_CONTEXT);
}

TEST(not_modelled_call_is_refused_by_name) {
  CUdeviceptr address;
  std::string said = on_stderr([&] { EXPECT_EQUAL(cuMemAllocManaged(&address, 4, 1), NOT_SUPPORTED); });
  EXPECT_EQUAL(said, std::string("SIMT emulator: cuMemAllocManaged is not modelled\n"));
  // Once will do: the next call of that name is refused in silence.
  said = on_stderr([&] { EXPECT_EQUAL(cuMemAllocManaged(&address, 4, 1), NOT_SUPPORTED); });
  EXPECT_EQUAL(said, std::string());
}

TEST(not_modelled_parameters_are_refused_by_name) {
  Session session;
  void* f = function("emulator_increment");
  int value;
  EXPECT_EQUAL(cuFuncSetAttribute(f, 9999, 1), NOT_SUPPORTED);
  EXPECT_EQUAL(complaint(), std::string("cuFuncSetAttribute: attribute 9999 is not modelled"));
  EXPECT_EQUAL(cuDeviceGetAttribute(&value, 9999, 0), NOT_SUPPORTED);
  EXPECT_EQUAL(complaint(), std::string("cuDeviceGetAttribute: attribute 9999 is not modelled"));
}

TEST(copies_keep_within_allocations) {
  Session session;
  std::vector<int> values{1, 2, 3, 4};
  CUdeviceptr memory = allocated(16);
  EXPECT_EQUAL(cuMemcpyHtoD_v2(memory, values.data(), 16), SUCCESS);
  EXPECT_EQUAL(downloaded(memory, 4), values);
  EXPECT_EQUAL(cuMemcpyHtoD_v2(memory + 4, values.data(), 16), INVALID_VALUE);
  EXPECT_CONTAINS(complaint(), "16 bytes at offset 4 of 16 bytes of device memory");
  EXPECT_EQUAL(cuMemcpyHtoD_v2(memory - 4, values.data(), 8), INVALID_VALUE);
  EXPECT_EQUAL(cuMemsetD32_v2(memory + 2, 0, 1), INVALID_VALUE);
  EXPECT_EQUAL(cuMemFree_v2(memory), SUCCESS);
  EXPECT_EQUAL(cuMemcpyHtoD_v2(memory, values.data(), 16), INVALID_VALUE);
  EXPECT_CONTAINS(complaint(), "of freed memory");
  EXPECT_EQUAL(cuMemFree_v2(memory), INVALID_VALUE);
  EXPECT_CONTAINS(complaint(), "freed a second time");
}

TEST(memory_has_a_limit) {
  Session session;
  simtSet("memoryBytes", 1000);
  CUdeviceptr memory = allocated(600), more = 0;
  EXPECT_EQUAL(cuMemAlloc_v2(&more, 600), OUT_OF_MEMORY);
  size_t free, total;
  EXPECT_EQUAL(cuMemGetInfo_v2(&free, &total), SUCCESS);
  EXPECT_EQUAL(free, size_t(400));
  EXPECT_EQUAL(cuMemFree_v2(memory), SUCCESS);
  EXPECT_EQUAL(simtGet("allocatedBytes"), 0ll);
}

TEST(queued_work_waits_to_be_waited_for) {
  Session session;
  void* s = stream();
  CUdeviceptr memory = allocated(4);
  int* host = pinned(1);
  *host = 1;
  EXPECT_EQUAL(cuMemcpyHtoDAsync_v2(memory, host, 4, s), SUCCESS);
  *host = 2;  // too early: the copy has not run, and takes this
  EXPECT_EQUAL(cuStreamSynchronize(s), SUCCESS);
  EXPECT_EQUAL(downloaded(memory, 1)[0], 2);
  int pageable = 3;
  EXPECT_EQUAL(cuMemcpyHtoDAsync_v2(memory, &pageable, 4, s), SUCCESS);
  pageable = 4;  // allowed: pageable memory is read before the call returns
  EXPECT_EQUAL(cuStreamSynchronize(s), SUCCESS);
  EXPECT_EQUAL(downloaded(memory, 1)[0], 3);
  EXPECT_EQUAL(cuMemsetD32Async(memory, 5, 1, s), SUCCESS);
  EXPECT_EQUAL(downloaded(memory, 1)[0], 3);  // the null stream does not wait for a non-blocking one
  EXPECT_EQUAL(cuStreamQuery(s), NOT_READY);
  EXPECT_EQUAL(cuStreamQuery(s), SUCCESS);
  EXPECT_EQUAL(downloaded(memory, 1)[0], 5);
}

TEST(null_stream_waits_for_blocking_streams) {
  Session session;
  void* s = stream(0);
  CUdeviceptr memory = allocated(4);
  EXPECT_EQUAL(cuMemsetD32Async(memory, 7, 1, s), SUCCESS);
  EXPECT_EQUAL(downloaded(memory, 1)[0], 7);
}

TEST(events_order_streams) {
  Session session;
  void *first = stream(), *second = stream(), *event;
  EXPECT_EQUAL(cuEventCreate(&event, 0), SUCCESS);
  CUdeviceptr memory = allocated(4);
  int* host = pinned(1);
  EXPECT_EQUAL(cuMemsetD32Async(memory, 6, 1, first), SUCCESS);
  EXPECT_EQUAL(cuEventRecord(event, first), SUCCESS);
  EXPECT_EQUAL(cuMemsetD32Async(memory, 9, 1, first), SUCCESS);
  EXPECT_EQUAL(cuStreamWaitEvent(second, event, 0), SUCCESS);
  EXPECT_EQUAL(cuMemcpyDtoHAsync_v2(host, memory, 4, second), SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(second), SUCCESS);
  EXPECT_EQUAL(*host, 6);
  EXPECT_EQUAL(cuEventQuery(event), SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(first), SUCCESS);
  EXPECT_EQUAL(downloaded(memory, 1)[0], 9);
}

TEST(destroyed_handles_are_noticed) {
  Session session;
  void *s = stream(), *event;
  CUdeviceptr memory = allocated(4);
  EXPECT_EQUAL(cuStreamDestroy_v2(s), SUCCESS);
  EXPECT_EQUAL(cuMemsetD32Async(memory, 7, 1, s), INVALID_HANDLE);
  EXPECT_CONTAINS(complaint(), "has been destroyed");
  EXPECT_EQUAL(cuStreamDestroy_v2(s), INVALID_HANDLE);
  EXPECT_EQUAL(cuEventCreate(&event, 0), SUCCESS);
  EXPECT_EQUAL(cuEventDestroy_v2(event), SUCCESS);
  EXPECT_EQUAL(cuEventSynchronize(event), INVALID_HANDLE);
  EXPECT_EQUAL(cuStreamSynchronize(&session), INVALID_HANDLE);
}

TEST(memory_freed_while_a_copy_is_queued_is_used_first) {
  Session session;
  void* s = stream();
  CUdeviceptr memory = allocated(4);
  int* host = pinned(1);
  EXPECT_EQUAL(cuMemsetD32Async(memory, 8, 1, s), SUCCESS);
  EXPECT_EQUAL(cuMemcpyDtoHAsync_v2(host, memory, 4, s), SUCCESS);
  EXPECT_EQUAL(cuMemFree_v2(memory), SUCCESS);
  EXPECT_EQUAL(*host, 8);
}

TEST(kernels_run) {
  Session session;
  void *f = function("emulator_increment"), *s = stream();
  std::vector<int> values(100);
  std::iota(values.begin(), values.end(), 0);
  CUdeviceptr memory = allocated(400);
  EXPECT_EQUAL(cuMemcpyHtoD_v2(memory, values.data(), 400), SUCCESS);
  for (int i = 0; i < 3; i++) EXPECT_EQUAL(launch(f, 2, 64, s, increment(memory, memory, 100)), SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(s), SUCCESS);
  for (int& value : values) value += 3;
  EXPECT_EQUAL(downloaded(memory, 100), values);
}

TEST(launches_are_checked) {
  Session session;
  void *f = function("emulator_increment"), *cluster = function("emulator_cluster_sum");
  CUdeviceptr memory = allocated(400);
  VectorArguments a = increment(memory, memory, 100);
  EXPECT_EQUAL(launch(f, 2, 65, nullptr, a), LAUNCH_OUT_OF_RESOURCES);
  EXPECT_EQUAL(launch(f, 0, 64, nullptr, a), INVALID_VALUE);
  EXPECT_EQUAL(launch(f, 2, 64, nullptr, a, (48 << 10) + 1), INVALID_VALUE);
  EXPECT_EQUAL(cuFuncSetAttribute(f, 8, (227 << 10) + 1), INVALID_VALUE);
  EXPECT_EQUAL(cuFuncSetAttribute(f, 8, 227 << 10), SUCCESS);
  EXPECT_EQUAL(launch(f, 2, 64, nullptr, a, 227 << 10), SUCCESS);
  EXPECT_EQUAL(launch(cluster, 6, 32, nullptr, a, 4), 912);
}

TEST(kernel_with_a_freed_pointer_breaks_the_context) {
  {
    Session session;
    void* f = function("emulator_increment");
    CUdeviceptr memory = allocated(400), other = allocated(400);
    EXPECT_EQUAL(cuMemFree_v2(memory), SUCCESS);
    EXPECT_EQUAL(launch(f, 2, 64, nullptr, increment(memory, other, 100)), ILLEGAL_ADDRESS);
    EXPECT_CONTAINS(complaint(), "the pointer at byte 0 of its arguments is freed memory");
    EXPECT_EQUAL(cuCtxSynchronize(), ILLEGAL_ADDRESS);
    EXPECT_EQUAL(cuMemFree_v2(other), ILLEGAL_ADDRESS);  // sticky, and freed all the same
    EXPECT_EQUAL(simtGet("allocations"), 0ll);
  }
  Session again;  // a new context
  EXPECT_EQUAL(cuCtxSynchronize(), SUCCESS);
}

// In these two the address sanitizer ends the program at the access itself, or knows nothing of it.
TEST(kernel_that_writes_past_an_allocation) {
  if (simt::SANITIZED) return;
  Session session;
  void* f = function("emulator_increment");
  CUdeviceptr in = allocated(400), out = allocated(396);
  EXPECT_EQUAL(launch(f, 2, 64, nullptr, increment(in, out, 100)), ILLEGAL_ADDRESS);
  EXPECT_CONTAINS(complaint(), simt::CHECKED ? "outside of every allocation"
                                             : "wrote outside of the 396 bytes of device memory");
  EXPECT_EQUAL(cuCtxSynchronize(), ILLEGAL_ADDRESS);
}

TEST(damage_around_other_memory_is_noticed_when_that_is_freed) {
  if (simt::SANITIZED) return;
  Session session;
  CUdeviceptr memory = allocated(400);
  reinterpret_cast<volatile unsigned char*>(memory)[400] = 7;
  EXPECT_EQUAL(cuMemFree_v2(memory), ILLEGAL_ADDRESS);
  EXPECT_CONTAINS(complaint(), "wrote outside of the 400 bytes of device memory");
  EXPECT_EQUAL(simtGet("allocations"), 0ll);
}

TEST(failing_kernel_is_reported_at_the_wait) {
  Session session;
  void *f = function("emulator_wrong"), *s = stream();
  CUdeviceptr memory = allocated(400);
  VectorArguments a = increment(memory, memory, 64);
  a.mode = 2;
  EXPECT_EQUAL(launch(f, 1, 64, s, a), SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(s), LAUNCH_FAILED);
  EXPECT_CONTAINS(complaint(), "kernel emulator_wrong, block (0, 0, 0)");
  EXPECT_EQUAL(cuMemsetD32Async(memory, 1, 1, s), LAUNCH_FAILED);
}

TEST(graph_is_captured_and_launched_again) {
  Session session;
  void *f = function("emulator_increment"), *s = stream(), *graph, *executable;
  CUdeviceptr memory = allocated(400);
  int* host = pinned(100);
  EXPECT_EQUAL(cuMemsetD32_v2(memory, 0, 100), SUCCESS);
  EXPECT_EQUAL(cuStreamBeginCapture_v2(s, 1), SUCCESS);
  EXPECT_EQUAL(launch(f, 2, 64, s, increment(memory, memory, 100)), SUCCESS);
  EXPECT_EQUAL(launch(f, 2, 64, s, increment(memory, memory, 100)), SUCCESS);
  EXPECT_EQUAL(cuMemcpyDtoHAsync_v2(host, memory, 400, s), SUCCESS);
  EXPECT_EQUAL(cuStreamEndCapture(s, &graph), SUCCESS);
  size_t nodes = 0;
  EXPECT_EQUAL(cuGraphGetNodes(graph, nullptr, &nodes), SUCCESS);
  EXPECT_EQUAL(nodes, size_t(3));
  EXPECT_EQUAL(downloaded(memory, 1)[0], 0);  // nothing has run
  EXPECT_EQUAL(cuGraphInstantiateWithFlags(&executable, graph, 0), SUCCESS);
  EXPECT_EQUAL(cuGraphDestroy(graph), SUCCESS);
  for (int i = 0; i < 3; i++) EXPECT_EQUAL(cuGraphLaunch(executable, s), SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(s), SUCCESS);
  EXPECT_EQUAL(host[99], 6);
  EXPECT_EQUAL(cuGraphExecDestroy(executable), SUCCESS);
  EXPECT_EQUAL(cuGraphLaunch(executable, s), INVALID_VALUE);
}

TEST(capture_forbids_allocating_and_waiting) {
  Session session;
  void *s = stream(), *graph;
  CUdeviceptr memory = 0;
  EXPECT_EQUAL(cuStreamBeginCapture_v2(s, 1), SUCCESS);
  EXPECT_EQUAL(cuMemAlloc_v2(&memory, 4), STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQUAL(cuStreamEndCapture(s, &graph), STREAM_CAPTURE_INVALIDATED);
  EXPECT_EQUAL(cuStreamBeginCapture_v2(s, 1), SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(s), STREAM_CAPTURE_UNSUPPORTED);
  EXPECT_EQUAL(cuStreamEndCapture(s, &graph), STREAM_CAPTURE_INVALIDATED);
}

TEST(capture_ends_on_its_thread_unless_it_is_relaxed) {
  Session session;
  constexpr int THREAD_LOCAL = 1, RELAXED = 2, WRONG_THREAD = 908;
  void *s = stream(), *graph, *context;
  EXPECT_EQUAL(cuDevicePrimaryCtxRetain(&context, 0), SUCCESS);
  auto end_elsewhere = [&] {
    int result = -1;
    std::thread([&] {
      cuCtxPushCurrent_v2(context);
      result = cuStreamEndCapture(s, &graph);
      cuCtxPopCurrent_v2(nullptr);
    }).join();
    return result;
  };
  EXPECT_EQUAL(cuStreamBeginCapture_v2(s, THREAD_LOCAL), SUCCESS);
  EXPECT_EQUAL(end_elsewhere(), WRONG_THREAD);
  EXPECT_EQUAL(cuStreamEndCapture(s, &graph), SUCCESS);
  EXPECT_EQUAL(cuStreamBeginCapture_v2(s, RELAXED), SUCCESS);
  EXPECT_EQUAL(end_elsewhere(), SUCCESS);
  EXPECT_EQUAL(cuDevicePrimaryCtxRelease_v2(0), SUCCESS);
}

TEST(capture_spreads_by_events_and_must_join) {
  Session session;
  void *first = stream(), *second = stream(), *fork, *join, *graph;
  CUdeviceptr memory = allocated(8);
  EXPECT_EQUAL(cuEventCreate(&fork, 0), SUCCESS);
  EXPECT_EQUAL(cuEventCreate(&join, 0), SUCCESS);
  for (bool joined : {true, false}) {
    EXPECT_EQUAL(cuStreamBeginCapture_v2(first, 1), SUCCESS);
    EXPECT_EQUAL(cuEventRecord(fork, first), SUCCESS);
    EXPECT_EQUAL(cuStreamWaitEvent(second, fork, 0), SUCCESS);
    EXPECT_EQUAL(cuMemsetD32Async(memory, 1, 1, second), SUCCESS);
    if (joined) {
      EXPECT_EQUAL(cuEventRecord(join, second), SUCCESS);
      EXPECT_EQUAL(cuStreamWaitEvent(first, join, 0), SUCCESS);
    }
    EXPECT_EQUAL(cuStreamEndCapture(first, &graph), joined ? SUCCESS : STREAM_CAPTURE_UNJOINED);
    EXPECT_EQUAL(cuStreamQuery(second), SUCCESS);  // captures no longer
  }
}

TEST(images_are_checked) {
  Session session;
  void* module;
  std::string good = image();
  for (size_t length = 0; length < good.size(); length++)
    EXPECT_EQUAL(cuModuleLoadData(&module, good.substr(0, length).c_str()), INVALID_IMAGE);
  EXPECT_EQUAL(cuModuleLoadData(&module, "// .version 8.0"), INVALID_IMAGE);
  EXPECT_EQUAL(cuModuleLoadData(&module, "\x50\xed\x55\xba\x01\x00\x10\x00"), NO_BINARY_FOR_GPU);
  std::string other = good;
  other.replace(other.find("threads 64"), 10, "threads 96");
  EXPECT_EQUAL(cuModuleLoadData(&module, other.c_str()), INVALID_IMAGE);
  std::string newer = simt::driver::image_text("emulator_kernels", {"compute_100", "sm_100"});
  EXPECT_EQUAL(cuModuleLoadData(&module, newer.c_str()), NO_BINARY_FOR_GPU);
  EXPECT_EQUAL(simtGet("modules"), 0ll);
}

TEST(functions_belong_to_their_module) {
  Session session;
  void *module, *found;
  EXPECT_EQUAL(cuModuleLoadData(&module, image().c_str()), SUCCESS);
  EXPECT_EQUAL(cuModuleGetFunction(&found, module, "no_such_kernel"), NOT_FOUND);
  EXPECT_EQUAL(cuModuleGetFunction(&found, module, "emulator_cluster_sum"), SUCCESS);
  EXPECT_EQUAL(cuModuleUnload(module), SUCCESS);
  EXPECT_EQUAL(launch(found, 4, 32, nullptr, {}, 4), INVALID_HANDLE);
  simtSet("computeCapability", 86);
  EXPECT_EQUAL(cuModuleLoadData(&module, image().c_str()), SUCCESS);
  EXPECT_EQUAL(cuModuleGetFunction(&found, module, "emulator_cluster_sum"), NOT_FOUND);
}

TEST(faults_are_injected_where_they_are_asked_for) {
  Session session;
  void *f = function("emulator_increment"), *module;
  CUdeviceptr memory = 0;
  simtSet("failAllocation", 2);
  EXPECT_EQUAL(cuMemAlloc_v2(&memory, 400), SUCCESS);
  CUdeviceptr more = 0;
  EXPECT_EQUAL(cuMemAlloc_v2(&more, 400), OUT_OF_MEMORY);
  EXPECT_EQUAL(cuMemAlloc_v2(&more, 400), SUCCESS);
  VectorArguments a = increment(memory, memory, 100);
  simtSet("failLaunch", 1);
  EXPECT_EQUAL(launch(f, 2, 64, nullptr, a), LAUNCH_OUT_OF_RESOURCES);
  EXPECT_EQUAL(launch(f, 2, 64, nullptr, a), SUCCESS);
  simtSet("failLoad", 1);
  EXPECT_EQUAL(cuModuleLoadData(&module, image().c_str()), OUT_OF_MEMORY);
  void* s = stream();
  simtSet("failCall", 2);
  EXPECT_EQUAL(cuMemsetD32Async(memory, 1, 1, s), SUCCESS);
  EXPECT_EQUAL(cuMemsetD32Async(memory, 2, 1, s), 304);
  EXPECT_EQUAL(complaint(), std::string("cuMemsetD32Async: a fault was injected"));
  EXPECT_EQUAL(cuStreamSynchronize(s), SUCCESS);
  EXPECT_EQUAL(downloaded(memory, 1)[0], 1);
  simtSet("failFree", 1);
  EXPECT_EQUAL(cuMemFree_v2(more), 304);
  EXPECT_EQUAL(cuMemFree_v2(more), SUCCESS);
  simtSet("failKernel", 2);
  EXPECT_EQUAL(launch(f, 2, 64, s, a), SUCCESS);
  EXPECT_EQUAL(launch(f, 2, 64, s, a), SUCCESS);
  EXPECT_EQUAL(cuStreamSynchronize(s), LAUNCH_FAILED);
  EXPECT_EQUAL(cuMemAlloc_v2(&more, 400), LAUNCH_FAILED);
}

TEST(error_codes_have_names) {
  const char* name;
  EXPECT_EQUAL(cuGetErrorName(700, &name), SUCCESS);
  EXPECT_EQUAL(std::string(name), "CUDA_ERROR_ILLEGAL_ADDRESS");
  EXPECT_EQUAL(cuGetErrorName(12345, &name), INVALID_VALUE);
}
