#include "emulator/driver/queue.h"

#include <cstring>
#include <memory>

#include "emulator/driver/memory.h"
#include "emulator/driver/state.h"
#include "emulator/driver/stream.h"

namespace simt::driver {

SIMT_EXPORT int simtCheckDevice(const char* what, const void* address, size_t bytes) {
  return call("a product", Needs::NOTHING, [&] { return check_device(what, address, bytes); });
}

SIMT_EXPORT int simtEnqueue(void* stream, int (*run)(void*), void* data, void (*release)(void*)) {
  return call("a product", Needs::CONTEXT, [&] {
    return enqueue(stream, [run, kept = std::shared_ptr<void>(data, release)] { return run(kept.get()); });
  });
}

SIMT_EXPORT int simtStreamState(void* handle) {
  int state = 0;
  call("a product", Needs::NOTHING, [&] {
    Stream* stream = stream_of(handle);
    state = !stream ? 0 : stream->capture ? 2 : 1;
    return SUCCESS;
  });
  return state;
}

SIMT_EXPORT int simtContext() {
  return call("a product", Needs::CONTEXT, [] { return SUCCESS; });
}

SIMT_EXPORT int simtDue(const char* name) {
  std::lock_guard lock(state().mutex);
  return !std::strcmp(name, "failProduct") && due(state().settings.failProduct);
}

}  // namespace simt::driver
