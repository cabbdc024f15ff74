// The primary context: retained and released, current on a thread or not.
#include "emulator/driver/memory.h"
#include "emulator/driver/module.h"
#include "emulator/driver/state.h"
#include "emulator/driver/stream.h"

namespace simt::driver {
namespace {

void destroy_contents() {
  forget_streams();
  forget_modules();
  forget_memory();
  state().primary.broken = SUCCESS;
}

// Null is allowed: it makes no context current.
bool known(Context* context) { return !context || (context == &state().primary && context->retained > 0); }

}  // namespace

SIMT_EXPORT int cuDevicePrimaryCtxRetain(Context** context, int device) {
  return call("cuDevicePrimaryCtxRetain", Needs::INITIALISED, [&]() -> int {
    if (device != 0) return INVALID_DEVICE;
    state().primary.retained++;
    state().counters.contexts++;
    *context = &state().primary;
    return SUCCESS;
  });
}

// The last release destroys what the context holds, and with it a broken context's error.
SIMT_EXPORT int cuDevicePrimaryCtxRelease_v2(int device) {
  return call("cuDevicePrimaryCtxRelease", Needs::INITIALISED, [&]() -> int {
    if (device != 0) return INVALID_DEVICE;
    if (state().primary.retained == 0) return complain(INVALID_CONTEXT, "the context is not retained");
    state().counters.contexts--;
    if (--state().primary.retained == 0) destroy_contents();
    return SUCCESS;
  });
}

SIMT_EXPORT int cuDevicePrimaryCtxReset_v2(int device) {
  return call("cuDevicePrimaryCtxReset", Needs::INITIALISED, [&]() -> int {
    if (device != 0) return INVALID_DEVICE;
    destroy_contents();
    return SUCCESS;
  });
}

SIMT_EXPORT int cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
  return call("cuDevicePrimaryCtxGetState", Needs::INITIALISED, [&]() -> int {
    if (device != 0) return INVALID_DEVICE;
    *flags = state().primaryFlags;
    *active = state().primary.retained > 0;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuDevicePrimaryCtxSetFlags_v2(int device, unsigned flags) {
  return call("cuDevicePrimaryCtxSetFlags", Needs::INITIALISED, [&]() -> int {
    if (device != 0) return INVALID_DEVICE;
    state().primaryFlags = flags;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuCtxPushCurrent_v2(Context* context) {
  return call("cuCtxPushCurrent", Needs::INITIALISED, [&]() -> int {
    if (!context || !known(context)) return complain(INVALID_CONTEXT, "this is no context");
    current_contexts().push_back(context);
    return SUCCESS;
  });
}

SIMT_EXPORT int cuCtxPopCurrent_v2(Context** context) {
  return call("cuCtxPopCurrent", Needs::INITIALISED, [&]() -> int {
    auto& stack = current_contexts();
    if (stack.empty()) return complain(INVALID_CONTEXT, "no context is current");
    if (context) *context = stack.back();
    stack.pop_back();
    return SUCCESS;
  });
}

SIMT_EXPORT int cuCtxSetCurrent(Context* context) {
  return call("cuCtxSetCurrent", Needs::INITIALISED, [&]() -> int {
    if (!known(context)) return complain(INVALID_CONTEXT, "this is no context");
    auto& stack = current_contexts();
    if (!stack.empty()) stack.pop_back();
    if (context) stack.push_back(context);
    return SUCCESS;
  });
}

SIMT_EXPORT int cuCtxGetCurrent(Context** context) {
  return call("cuCtxGetCurrent", Needs::INITIALISED, [&] {
    *context = current_contexts().empty() ? nullptr : current_contexts().back();
    return SUCCESS;
  });
}

SIMT_EXPORT int cuCtxGetDevice(int* device) {
  return call("cuCtxGetDevice", Needs::CONTEXT, [&] {
    *device = 0;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuCtxGetFlags(unsigned* flags) {
  return call("cuCtxGetFlags", Needs::CONTEXT, [&] {
    *flags = state().primaryFlags;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuCtxGetApiVersion(Context* context, unsigned* version) {
  return call("cuCtxGetApiVersion", Needs::INITIALISED, [&]() -> int {
    if (!known(context)) return INVALID_CONTEXT;
    *version = 3020;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  return call("cuCtxGetStreamPriorityRange", Needs::CONTEXT, [&] {
    if (least) *least = 0;
    if (greatest) *greatest = 0;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuCtxSynchronize() {
  return call("cuCtxSynchronize", Needs::CONTEXT, [] { return wait_for_all(); });
}

}  // namespace simt::driver
