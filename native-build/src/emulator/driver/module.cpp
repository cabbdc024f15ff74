#include "emulator/driver/module.h"

#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include "emulator/driver/image.h"
#include "emulator/driver/state.h"
#include "emulator/driver/stream.h"
#include "emulator/launch.h"
#include "emulator/memory.h"

namespace simt::driver {

int shared_bytes_per_block();

namespace {

constexpr int SHARED_WITHOUT_ASKING = 48 << 10;

struct Module;

struct Function {
  const Entry* entry;
  Module* module;
  int sharedAllowed = SHARED_WITHOUT_ASKING;
};

struct Module {
  bool alive = true;
  Image image;
  std::vector<std::unique_ptr<Function>> functions;
};

// Never deleted, so that a handle of an unloaded module is recognised.
std::vector<std::unique_ptr<Module>>& modules() {
  static auto* all = new std::vector<std::unique_ptr<Module>>;
  return *all;
}

Module* module_of(void* handle) {
  for (auto& module : modules()) {
    if (module.get() != handle) continue;
    if (module->alive) return module.get();
    complain(INVALID_HANDLE, "the module %p has been unloaded", handle);
    return nullptr;
  }
  complain(INVALID_HANDLE, "%p is no module", handle);
  return nullptr;
}

Function* function_of(void* handle) {
  for (auto& module : modules())
    for (auto& function : module->functions) {
      if (function.get() != handle) continue;
      if (module->alive) return function.get();
      complain(INVALID_HANDLE, "the module of kernel %s has been unloaded", function->entry->name.c_str());
      return nullptr;
    }
  complain(INVALID_HANDLE, "%p is no function", handle);
  return nullptr;
}

int load(void** handle, const char* data) {
  if (int result = unless_capturing()) return result;
  if (due(state().settings.failLoad)) return OUT_OF_MEMORY;
  auto module = std::make_unique<Module>();
  if (int result = parse_image(data, module->image)) return result;
  int capability = int(state().settings.computeCapability);
  if (!covers(module->image.architectures, capability))
    return complain(NO_BINARY_FOR_GPU, "the image of family %s has no code for compute capability %d.%d",
                    module->image.family.c_str(), capability / 10, capability % 10);
  state().counters.modules++;
  modules().push_back(std::move(module));
  *handle = modules().back().get();
  return SUCCESS;
}

// What a launch needs once it runs, and again whenever a graph repeats it.
struct Ready {
  const Entry* entry;
  dim3 grid, block;
  size_t sharedBytes;
  std::vector<unsigned char> arguments;
};

// Calls `check` with every 8 bytes of the arguments that look like a device address, and where they stand.
template <class Check>
int each_pointer(const Ready& ready, Check check) {
  for (size_t at = 0; at + sizeof(void*) <= ready.arguments.size(); at += sizeof(void*)) {
    void* p;
    std::memcpy(&p, &ready.arguments[at], sizeof p);
    if (!is_device_address(p)) continue;
    if (int result = check(p, at)) return result;
  }
  return SUCCESS;
}

// Every pointer is one to memory that is allocated.
int check_arguments(const Ready& ready) {
  return each_pointer(ready, [&](void* p, size_t at) -> int {
    const Allocation* allocation = allocation_at(p);
    bool inside = allocation && allocation->holds(p, 0);
    if (inside && allocation->alive) return SUCCESS;
    return complain(ILLEGAL_ADDRESS, "kernel %s: the pointer at byte %zu of its arguments is %s",
                    ready.entry->name.c_str(), at, inside ? "freed memory" : "in no allocation");
  });
}

// A kernel that misses its mark writes around what it was given. (To look at every allocation would take longer than the
// kernel; the others are looked at when they are freed.)
int check_damage(const Ready& ready) {
  return each_pointer(ready, [&](void* p, size_t) -> int {
    std::string damage = damaged_memory(p);
    if (damage.empty()) return SUCCESS;
    return complain(ILLEGAL_ADDRESS, "during or before kernel %s %s", ready.entry->name.c_str(), damage.c_str());
  });
}

int run(const Ready& ready) {
  State& s = state();
  if (due(s.settings.failKernel))
    return injected(int(s.settings.failKernelCode), "kernel " + ready.entry->name + ": ");
  if (int result = check_arguments(ready)) return result;
  s.counters.kernels++;
  Failure failure = launch(*ready.entry, ready.grid, ready.block, ready.sharedBytes, ready.arguments.data());
  if (failure) return complain(int(failure.fault), "%s", failure.message.c_str());
  return check_damage(ready);
}

int check_shape(const Function& function, const Ready& ready) {
  const Entry& entry = *ready.entry;
  dim3 g = ready.grid, b = ready.block;
  const char* name = entry.name.c_str();
  if (!g.x || !g.y || !g.z || g.x > 0x7fffffff || g.y > 65535 || g.z > 65535)
    return complain(INVALID_VALUE, "kernel %s: a grid of %u x %u x %u", name, g.x, g.y, g.z);
  if (!b.x || !b.y || !b.z || b.x > 1024 || b.y > 1024 || b.z > 64 || b.x * b.y * b.z > 1024)
    return complain(INVALID_VALUE, "kernel %s: a block of %u x %u x %u", name, b.x, b.y, b.z);
  if (b.x * b.y * b.z > entry.threads)
    return complain(LAUNCH_OUT_OF_RESOURCES, "kernel %s is compiled for at most %u threads, not %u", name,
                    entry.threads, b.x * b.y * b.z);
  if (ready.sharedBytes > size_t(function.sharedAllowed))
    return complain(INVALID_VALUE, "kernel %s: %zu bytes of shared memory, of which %d are allowed", name,
                    ready.sharedBytes, function.sharedAllowed);
  if (g.x % entry.cluster)
    return complain(INVALID_CLUSTER_SIZE, "kernel %s: %u blocks in clusters of %u", name, g.x, entry.cluster);
  return SUCCESS;
}

int enqueue_launch(void* handle, dim3 grid, dim3 block, unsigned sharedBytes, void* stream, void** parameters,
                   void** extra) {
  Function* function = function_of(handle);
  if (!function || !stream_of(stream)) return INVALID_HANDLE;
  if (extra) return not_modelled("cuLaunchKernel with extra");
  if (!parameters || !parameters[0]) return complain(INVALID_VALUE, "the arguments are missing");
  const Entry& entry = *function->entry;
  auto from = static_cast<const unsigned char*>(parameters[0]);
  auto ready = std::make_shared<Ready>(
      Ready{&entry, grid, block, sharedBytes, std::vector<unsigned char>(from, from + entry.argumentBytes)});
  if (int result = check_shape(*function, *ready)) return result;
  if (int result = check_arguments(*ready)) {
    break_context(result);
    return result;
  }
  if (due(state().settings.failLaunch))
    return injected(LAUNCH_OUT_OF_RESOURCES, "kernel " + entry.name + ": ");
  state().counters.launches++;
  return enqueue(stream, [ready] { return run(*ready); });
}

}  // namespace

void forget_modules() {
  for (auto& module : modules()) {
    if (module->alive) state().counters.modules--;
    module->alive = false;
  }
}

SIMT_EXPORT int cuModuleLoadData(void** handle, const void* image) {
  return call("cuModuleLoadData", Needs::CONTEXT, [&] { return load(handle, static_cast<const char*>(image)); });
}

SIMT_EXPORT int cuModuleLoadDataEx(void** handle, const void* image, unsigned, int*, void**) {
  return call("cuModuleLoadDataEx", Needs::CONTEXT, [&] { return load(handle, static_cast<const char*>(image)); });
}

SIMT_EXPORT int cuModuleLoadFatBinary(void** handle, const void* image) {
  return call("cuModuleLoadFatBinary", Needs::CONTEXT, [&] { return load(handle, static_cast<const char*>(image)); });
}

SIMT_EXPORT int cuModuleLoad(void** handle, const char* path) {
  return call("cuModuleLoad", Needs::CONTEXT, [&]() -> int {
    constexpr int FILE_NOT_FOUND = 301;
    std::ifstream file(path, std::ios::binary);
    if (!file) return FILE_NOT_FOUND;
    std::ostringstream contents;
    contents << file.rdbuf();
    return load(handle, contents.str().c_str());
  });
}

SIMT_EXPORT int cuModuleUnload(void* handle) {
  return call("cuModuleUnload", Needs::RELEASING, [&]() -> int {
    Module* module = module_of(handle);
    if (!module) return INVALID_HANDLE;
    wait_for_all();
    module->alive = false;
    state().counters.modules--;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuModuleGetFunction(void** handle, void* moduleHandle, const char* name) {
  return call("cuModuleGetFunction", Needs::CONTEXT, [&]() -> int {
    Module* module = module_of(moduleHandle);
    if (!module) return INVALID_HANDLE;
    for (const Entry* entry : module->image.entries) {
      if (entry->name != name) continue;
      if (entry->cluster > 1 && state().settings.computeCapability < 90) break;  // no such entry in these images
      module->functions.push_back(std::make_unique<Function>(Function{entry, module}));
      *handle = module->functions.back().get();
      return SUCCESS;
    }
    return complain(NOT_FOUND, "the image of family %s has no kernel %s for this device",
                    module->image.family.c_str(), name);
  });
}

SIMT_EXPORT int cuFuncGetModule(void** module, void* handle) {
  return call("cuFuncGetModule", Needs::CONTEXT, [&]() -> int {
    Function* function = function_of(handle);
    if (!function) return INVALID_HANDLE;
    *module = function->module;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuFuncGetAttribute(int* value, int attribute, void* handle) {
  return call("cuFuncGetAttribute", Needs::CONTEXT, [&]() -> int {
    Function* function = function_of(handle);
    if (!function) return INVALID_HANDLE;
    switch (attribute) {
      case 0: *value = int(function->entry->threads); return SUCCESS;  // threads a block
      case 1:
      case 2:
      case 3: *value = 0; return SUCCESS;   // static shared, constant and local bytes
      case 4: *value = 32; return SUCCESS;  // registers: a plain number, for nothing here depends on it
      case 5:
      case 6: *value = int(state().settings.computeCapability); return SUCCESS;  // PTX and binary version
      case 8: *value = function->sharedAllowed; return SUCCESS;
      default: return complain(NOT_SUPPORTED, "attribute %d is not modelled", attribute);
    }
  });
}

SIMT_EXPORT int cuFuncSetAttribute(void* handle, int attribute, int value) {
  return call("cuFuncSetAttribute", Needs::CONTEXT, [&]() -> int {
    constexpr int MAX_DYNAMIC_SHARED = 8, CARVEOUT = 9;
    Function* function = function_of(handle);
    if (!function) return INVALID_HANDLE;
    if (attribute == CARVEOUT) return value >= -1 && value <= 100 ? SUCCESS : INVALID_VALUE;
    if (attribute != MAX_DYNAMIC_SHARED) return complain(NOT_SUPPORTED, "attribute %d is not modelled", attribute);
    if (value < 0 || value > shared_bytes_per_block())
      return complain(INVALID_VALUE, "%d bytes of shared memory, of which the device has %d", value,
                      shared_bytes_per_block());
    function->sharedAllowed = value;
    return SUCCESS;
  });
}

// As on a device whose registers are never what limits: threads, shared memory and 32 blocks a multiprocessor.
SIMT_EXPORT int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void* handle, int threads, size_t sharedBytes) {
  return call("cuOccupancyMaxActiveBlocksPerMultiprocessor", Needs::CONTEXT, [&]() -> int {
    Function* function = function_of(handle);
    if (!function) return INVALID_HANDLE;
    if (threads <= 0) return INVALID_VALUE;
    int all = shared_bytes_per_block() + 1024, byShared = int(size_t(all) / (sharedBytes + 1024)), byThreads = 2048 / threads;
    int least = byShared < byThreads ? byShared : byThreads;
    bool possible = threads <= int(function->entry->threads) && sharedBytes <= size_t(function->sharedAllowed);
    *blocks = !possible ? 0 : least < 32 ? least : 32;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuLaunchKernel(void* function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                               unsigned blockY, unsigned blockZ, unsigned sharedBytes, void* stream, void** parameters,
                               void** extra) {
  return call("cuLaunchKernel", Needs::CONTEXT, [&] {
    return enqueue_launch(function, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes, stream, parameters,
                          extra);
  });
}

SIMT_EXPORT int cuProfilerStart() {
  return call("cuProfilerStart", Needs::CONTEXT, [] { return SUCCESS; });
}

SIMT_EXPORT int cuProfilerStop() {
  return call("cuProfilerStop", Needs::CONTEXT, [] { return SUCCESS; });
}

}  // namespace simt::driver
