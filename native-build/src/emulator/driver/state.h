// The emulated device and its one context.
#pragma once
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "emulator/driver/api.h"

namespace simt::driver {

// The device that is emulated, and the faults that are injected. Each is set by an environment variable before the
// library is loaded, or later by simtSet with the name given here.
struct Settings {
  // name in simtSet          environment variable      meaning
  long long driverVersion;      // SIMT_DRIVER_VERSION       13000 by default
  long long deviceCount;        // SIMT_DEVICES              0 or 1
  long long computeCapability;  // SIMT_COMPUTE_CAPABILITY   major * 10 + minor; 90 by default
  long long multiprocessors;    // SIMT_MULTIPROCESSORS
  long long l2Bytes;            // SIMT_L2_BYTES
  long long memoryBytes;        // SIMT_MEMORY_BYTES         of the device
  long long eager;              // SIMT_EAGER                1: queued work runs at once, not when it is waited for
  long long failAllocation;     // SIMT_FAIL_ALLOCATION      n: the n-th allocation from now fails; 0: none
  long long failPinned;         // SIMT_FAIL_PINNED          the same for pinned host memory
  long long failLaunch;         // SIMT_FAIL_LAUNCH          n: the n-th launch from now is refused (code 701)
  long long failKernel;         // SIMT_FAIL_KERNEL          n: the n-th kernel to run breaks the context
  long long failKernelCode;     // SIMT_FAIL_KERNEL_CODE     with this code; 719 by default
  long long failLoad;           // SIMT_FAIL_LOAD            n: the n-th module fails to load, for want of memory
  long long failProduct;        // SIMT_FAIL_PRODUCT         n: the n-th product of the emulated cuBLAS is refused
  long long failCall;           // SIMT_FAIL_CALL            n: the n-th call that needs the context, and frees nothing, does nothing (code 304)
  long long failFree;           // SIMT_FAIL_FREE            n: the n-th call that frees something does nothing (code 304)
};

// What lives, for tests that nothing leaks; simtGet gives them by these names.
struct Counters {
  long long allocations = 0, allocatedBytes = 0;  // alive
  long long pinned = 0, streams = 0, events = 0, modules = 0, graphs = 0, contexts = 0;
  long long launches = 0, kernels = 0, copies = 0, waits = 0;  // ever
};

struct Context {
  int retained = 0;
  int broken = SUCCESS;  // the sticky error
};

struct State {
  std::recursive_mutex mutex;
  Settings settings;
  Counters counters;
  Context primary;
  bool initialised = false;
  unsigned primaryFlags = 0;
  std::string complaint;  // the latest
};

State& state();

// The calling thread's stack of contexts; there is only the primary one, or null.
std::vector<Context*>& current_contexts();

// Counts an injected fault down; true when it is due.
bool due(long long& countdown);

// The context no longer works; whoever waits is told.
void break_context(int result);

}  // namespace simt::driver
