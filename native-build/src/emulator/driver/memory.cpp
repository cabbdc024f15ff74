#include "emulator/driver/memory.h"

#include <map>

#include "emulator/driver/host.h"
#include "emulator/driver/state.h"
#include "emulator/driver/stream.h"
#include "emulator/memory.h"

namespace simt::driver {
namespace {

enum class Kind { DEVICE, PINNED };

// What this driver has given out, by address.
std::map<void*, Kind>& given() {
  static auto* all = new std::map<void*, Kind>;
  return *all;
}

int refused(const char* what, const void* address, size_t bytes) {
  const Allocation* near = allocation_at(address);
  if (!is_device_address(address) || !near)
    return complain(INVALID_VALUE, "%s: %p is no device address", what, address);
  long long offset = static_cast<const unsigned char*>(address) - near->data;
  return complain(INVALID_VALUE, "%s: %zu bytes at offset %lld of %zu bytes of %s memory", what, bytes, offset,
                  near->bytes, near->alive ? "device" : "freed");
}

void remove(void* address, Kind kind) {
  const Allocation* allocation = allocation_at(address);
  if (kind == Kind::DEVICE) {
    state().counters.allocations--;
    state().counters.allocatedBytes -= (long long)allocation->bytes;
  } else {
    state().counters.pinned--;
  }
  release(address);
  given().erase(address);
}

int free_given(const char* what, void* address, Kind kind) {
  if (!address) return SUCCESS;
  auto at = given().find(address);
  if (at == given().end() || at->second != kind) {
    const Allocation* near = allocation_at(address);
    bool again = near && near->data == address && !near->alive;
    return complain(INVALID_VALUE, "%p %s", address, again ? "is freed a second time" : what);
  }
  if (int result = unless_capturing()) return result;
  wait_for_all();  // as a device does: what is queued may use the memory
  std::string damage = damaged_memory(address);
  remove(address, kind);
  if (damage.empty()) return SUCCESS;
  break_context(ILLEGAL_ADDRESS);
  return complain(ILLEGAL_ADDRESS, "before this, %s", damage.c_str());
}

int allocate_pinned(void** address, size_t bytes) {
  if (int result = unless_capturing()) return result;
  if (bytes == 0) return INVALID_VALUE;
  *address = due(state().settings.failPinned) ? nullptr : allocate(bytes);
  if (!*address) return OUT_OF_MEMORY;
  given()[*address] = Kind::PINNED;
  state().counters.pinned++;
  return SUCCESS;
}

}  // namespace

int check_device(const char* what, const void* address, size_t bytes) {
  const Allocation* at = is_device_address(address) ? allocation_at(address) : nullptr;
  return at && at->alive && at->holds(address, bytes) ? SUCCESS : refused(what, address, bytes);
}

bool is_pinned(const void* address) {
  const Allocation* at = is_device_address(address) ? allocation_at(address) : nullptr;
  if (!at) return is_registered(address);
  auto found = given().find(at->data);
  return found != given().end() && found->second == Kind::PINNED;
}

void forget_memory() {
  while (!given().empty()) remove(given().begin()->first, given().begin()->second);
}

SIMT_EXPORT int cuMemAlloc_v2(DevicePointer* address, size_t bytes) {
  return call("cuMemAlloc", Needs::CONTEXT, [&]() -> int {
    if (int result = unless_capturing()) return result;
    if (bytes == 0) return INVALID_VALUE;
    if (due(state().settings.failAllocation)) return OUT_OF_MEMORY;
    size_t free = size_t(state().settings.memoryBytes - state().counters.allocatedBytes);
    void* memory = bytes <= free ? allocate(bytes) : nullptr;
    if (!memory) return OUT_OF_MEMORY;
    given()[memory] = Kind::DEVICE;
    state().counters.allocations++;
    state().counters.allocatedBytes += (long long)bytes;
    *address = reinterpret_cast<DevicePointer>(memory);
    return SUCCESS;
  });
}

SIMT_EXPORT int cuMemFree_v2(DevicePointer address) {
  return call("cuMemFree", Needs::RELEASING, [&] {
    return free_given("is no device memory", reinterpret_cast<void*>(address), Kind::DEVICE);
  });
}

SIMT_EXPORT int cuMemGetInfo_v2(size_t* free, size_t* total) {
  return call("cuMemGetInfo", Needs::CONTEXT, [&] {
    *total = size_t(state().settings.memoryBytes);
    *free = size_t(state().settings.memoryBytes - state().counters.allocatedBytes);
    return SUCCESS;
  });
}

SIMT_EXPORT int cuMemGetAddressRange_v2(DevicePointer* base, size_t* bytes, DevicePointer address) {
  return call("cuMemGetAddressRange", Needs::CONTEXT, [&]() -> int {
    auto p = reinterpret_cast<const void*>(address);
    const Allocation* at = is_device_address(p) ? allocation_at(p) : nullptr;
    if (!at || !at->alive || !at->holds(p, 0)) return NOT_FOUND;
    if (base) *base = reinterpret_cast<DevicePointer>(at->data);
    if (bytes) *bytes = at->bytes;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuPointerGetAttribute(void* data, int attribute, DevicePointer address) {
  return call("cuPointerGetAttribute", Needs::CONTEXT, [&]() -> int {
    auto p = reinterpret_cast<const void*>(address);
    const Allocation* at = is_device_address(p) ? allocation_at(p) : nullptr;
    if (!at || !at->alive || !at->holds(p, 1)) return INVALID_VALUE;
    switch (attribute) {
      case 1: *static_cast<void**>(data) = &state().primary; return SUCCESS;              // context
      case 2: *static_cast<unsigned*>(data) = is_pinned(p) ? 1 : 2; return SUCCESS;       // memory type
      case 3: *static_cast<DevicePointer*>(data) = address; return SUCCESS;               // device pointer
      case 9: *static_cast<int*>(data) = 0; return SUCCESS;                               // device
      case 11: *static_cast<const void**>(data) = at->data; return SUCCESS;               // range start
      case 12: *static_cast<size_t*>(data) = at->bytes; return SUCCESS;                   // range size
      default: return complain(NOT_SUPPORTED, "attribute %d is not modelled", attribute);
    }
  });
}

SIMT_EXPORT int cuMemAllocHost_v2(void** address, size_t bytes) {
  return call("cuMemAllocHost", Needs::CONTEXT, [&] { return allocate_pinned(address, bytes); });
}

SIMT_EXPORT int cuMemHostAlloc(void** address, size_t bytes, unsigned) {
  return call("cuMemHostAlloc", Needs::CONTEXT, [&] { return allocate_pinned(address, bytes); });
}

SIMT_EXPORT int cuMemFreeHost(void* address) {
  return call("cuMemFreeHost", Needs::RELEASING,
              [&] { return free_given("is no pinned memory", address, Kind::PINNED); });
}

SIMT_EXPORT int cuMemHostGetDevicePointer_v2(DevicePointer* device, void* address, unsigned) {
  return call("cuMemHostGetDevicePointer", Needs::CONTEXT, [&]() -> int {
    if (!is_pinned(address)) return complain(INVALID_VALUE, "%p is no pinned memory", address);
    *device = reinterpret_cast<DevicePointer>(address);
    return SUCCESS;
  });
}

}  // namespace simt::driver
