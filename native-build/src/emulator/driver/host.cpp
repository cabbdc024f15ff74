#include "emulator/driver/host.h"

#include <map>

#include "emulator/driver/memory.h"
#include "emulator/driver/state.h"
#include "emulator/memory.h"

namespace simt::driver {
namespace {

std::map<const unsigned char*, size_t>& registered() {
  static auto* all = new std::map<const unsigned char*, size_t>;
  return *all;
}

}  // namespace

bool is_registered(const void* address) {
  auto p = static_cast<const unsigned char*>(address);
  auto after = registered().upper_bound(p);
  return after != registered().begin() && p < std::prev(after)->first + std::prev(after)->second;
}

int check_host(const char* what, const void* address, size_t bytes) {
  if (!address) return complain(INVALID_VALUE, "%s is null", what);
  if (!is_device_address(address)) return SUCCESS;
  if (int result = check_device(what, address, bytes)) return result;
  return is_pinned(address) ? int(SUCCESS) : complain(INVALID_VALUE, "%s: %p is device memory", what, address);
}

SIMT_EXPORT int cuMemHostRegister_v2(void* address, size_t bytes, unsigned) {
  return call("cuMemHostRegister", Needs::CONTEXT, [&]() -> int {
    if (!address || !bytes) return INVALID_VALUE;
    if (is_pinned(address)) return HOST_MEMORY_ALREADY_REGISTERED;
    registered()[static_cast<unsigned char*>(address)] = bytes;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuMemHostUnregister(void* address) {
  return call("cuMemHostUnregister", Needs::RELEASING, [&]() -> int {
    return registered().erase(static_cast<unsigned char*>(address)) ? SUCCESS : HOST_MEMORY_NOT_REGISTERED;
  });
}

}  // namespace simt::driver
