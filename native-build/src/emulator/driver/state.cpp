#include "emulator/driver/state.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "emulator/launch.h"
#include "emulator/unmodelled.h"

namespace simt::driver {
namespace {

struct Setting {
  const char* name;
  const char* variable;
  long long Settings::*field;
  long long otherwise;
};

constexpr Setting SETTINGS[] = {
    {"driverVersion", "SIMT_DRIVER_VERSION", &Settings::driverVersion, 13000},
    {"deviceCount", "SIMT_DEVICES", &Settings::deviceCount, 1},
    {"computeCapability", "SIMT_COMPUTE_CAPABILITY", &Settings::computeCapability, 90},
    {"multiprocessors", "SIMT_MULTIPROCESSORS", &Settings::multiprocessors, 4},
    {"l2Bytes", "SIMT_L2_BYTES", &Settings::l2Bytes, 2 << 20},
    {"memoryBytes", "SIMT_MEMORY_BYTES", &Settings::memoryBytes, 8ll << 30},
    {"eager", "SIMT_EAGER", &Settings::eager, 0},
    {"failAllocation", "SIMT_FAIL_ALLOCATION", &Settings::failAllocation, 0},
    {"failPinned", "SIMT_FAIL_PINNED", &Settings::failPinned, 0},
    {"failLaunch", "SIMT_FAIL_LAUNCH", &Settings::failLaunch, 0},
    {"failKernel", "SIMT_FAIL_KERNEL", &Settings::failKernel, 0},
    {"failKernelCode", "SIMT_FAIL_KERNEL_CODE", &Settings::failKernelCode, LAUNCH_FAILED},
    {"failLoad", "SIMT_FAIL_LOAD", &Settings::failLoad, 0},
    {"failProduct", "SIMT_FAIL_PRODUCT", &Settings::failProduct, 0},
    {"failCall", "SIMT_FAIL_CALL", &Settings::failCall, 0},
    {"failFree", "SIMT_FAIL_FREE", &Settings::failFree, 0},
};

struct Counter {
  const char* name;
  long long Counters::*field;
};

constexpr Counter COUNTERS[] = {
    {"allocations", &Counters::allocations}, {"allocatedBytes", &Counters::allocatedBytes},
    {"pinned", &Counters::pinned},           {"streams", &Counters::streams},
    {"events", &Counters::events},           {"modules", &Counters::modules},
    {"graphs", &Counters::graphs},           {"contexts", &Counters::contexts},
    {"launches", &Counters::launches},       {"kernels", &Counters::kernels},
    {"copies", &Counters::copies},           {"waits", &Counters::waits},
};

void read_environment(Settings& settings) {
  for (const Setting& each : SETTINGS) {
    const char* text = std::getenv(each.variable);
    settings.*each.field = text && *text ? std::atoll(text) : each.otherwise;
  }
}

thread_local const char* runningCall = "";

}  // namespace

State& state() {
  static State* only = [] {  // never destroyed: JVM threads may call while the process exits
    State* made = new State;
    read_environment(made->settings);
    return made;
  }();
  return *only;
}

std::vector<Context*>& current_contexts() {
  static thread_local std::vector<Context*> stack;
  return stack;
}

bool due(long long& countdown) { return countdown > 0 && --countdown == 0; }

void break_context(int result) {
  if (state().primary.broken == SUCCESS) state().primary.broken = result;
}

int call(const char* name, Needs needs, const std::function<int()>& body) {
  State& s = state();
  std::lock_guard lock(s.mutex);
  const char* outer = runningCall;
  runningCall = name;
  int result = SUCCESS;
  if (needs != Needs::NOTHING && !s.initialised)
    result = NOT_INITIALIZED;
  else if ((needs == Needs::CONTEXT || needs == Needs::RELEASING) &&
           (current_contexts().empty() || !current_contexts().back()))
    result = complain(INVALID_CONTEXT, "no context is current");
  else if (needs == Needs::CONTEXT && s.primary.broken)
    result = s.primary.broken;
  else if ((needs == Needs::CONTEXT && due(s.settings.failCall)) ||
           (needs == Needs::RELEASING && due(s.settings.failFree)))
    result = injected(OPERATING_SYSTEM, "");
  else
    result = body();
  if (needs == Needs::RELEASING && result == SUCCESS) result = s.primary.broken;
  runningCall = outer;
  return result;
}

int complain(int result, const char* format, ...) {
  char text[4096];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  state().complaint = std::string(runningCall) + ": " + text;
  std::fprintf(stderr, "SIMT emulator: %s\n", state().complaint.c_str());
  return result;
}

int injected(int result, const std::string& where) {
  state().complaint = std::string(runningCall) + ": " + where + "a fault was injected";
  return result;
}

int not_modelled(const char* name) { return simt_refuse(name, NOT_SUPPORTED); }

// ---- The control functions, which no real driver has ----

// Changes a setting, or the order of threads ("seed"), or with "defaults" all settings; 0 where there is no such name.
SIMT_EXPORT int simtSet(const char* name, long long value) {
  std::lock_guard lock(state().mutex);
  if (!std::strcmp(name, "defaults")) {
    read_environment(state().settings);
    return 1;
  }
  if (!std::strcmp(name, "seed")) {
    options().seeds = {uint64_t(value)};
    return 1;
  }
  for (const Setting& each : SETTINGS) {
    if (std::strcmp(name, each.name)) continue;
    state().settings.*each.field = value;
    return 1;
  }
  return 0;
}

// A setting or counter; -1 where there is no such name.
SIMT_EXPORT long long simtGet(const char* name) {
  std::lock_guard lock(state().mutex);
  for (const Setting& each : SETTINGS)
    if (!std::strcmp(name, each.name)) return state().settings.*each.field;
  for (const Counter& each : COUNTERS)
    if (!std::strcmp(name, each.name)) return state().counters.*each.field;
  return -1;
}

// What was complained of last; empty where nothing was. Valid until the next complaint.
SIMT_EXPORT const char* simtComplaint() { return state().complaint.c_str(); }

}  // namespace simt::driver
