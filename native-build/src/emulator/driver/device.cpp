// Initialisation, the one device and its facts.
#include <cstdio>
#include <cstring>

#include "emulator/driver/state.h"

namespace simt::driver {
namespace {

constexpr int DEVICE = 0;

int device_call(const char* name, int device, const std::function<int()>& body) {
  return call(name, Needs::INITIALISED, [&] { return device == DEVICE ? body() : int(INVALID_DEVICE); });
}

}  // namespace

// Shared memory that a block may ask for, beyond the 48 KB that it always gets.
int shared_bytes_per_block() {
  switch (state().settings.computeCapability) {
    case 80:
    case 87: return 163 << 10;
    case 86:
    case 89:
    case 120:
    case 121: return 99 << 10;
    case 90:
    case 100:
    case 103: return 227 << 10;
    default: return 48 << 10;
  }
}

// CUdevice_attribute by its number; -1 for one that is not modelled.
static long long attribute(int number) {
  const Settings& s = state().settings;
  switch (number) {
    case 1: return 1024;                            // threads a block
    case 2:
    case 3: return 1024;                            // block x, y
    case 4: return 64;                              // block z
    case 5: return 0x7fffffff;                      // grid x
    case 6:
    case 7: return 65535;                           // grid y, z
    case 8: return 48 << 10;                        // shared memory a block gets
    case 9: return 64 << 10;                        // constant memory
    case 10: return 32;                             // warp
    case 11: return 0x7fffffff;                     // pitch
    case 12: return 65536;                          // registers a block
    case 13: return 1000000;                        // clock, kHz
    case 15: return 1;                              // copies overlap kernels
    case 16: return s.multiprocessors;
    case 17:
    case 18: return 0;                              // run-time limit, integrated
    case 19: return 1;                              // maps host memory
    case 20: return 0;                              // compute mode: default
    case 31: return 1;                              // concurrent kernels
    case 32:
    case 33:
    case 34:
    case 35: return 0;                              // ECC, PCI bus, PCI device, TCC
    case 36: return 1000000;                        // memory clock, kHz
    case 37: return 64;                             // memory bus, bits
    case 38: return s.l2Bytes;
    case 39: return 2048;                           // threads a multiprocessor
    case 40: return 1;                              // copy engines
    case 41: return 1;                              // unified addressing
    case 50: return 0;                              // PCI domain
    case 75: return s.computeCapability / 10;
    case 76: return s.computeCapability % 10;
    case 78: return 0;                              // stream priorities
    case 81: return shared_bytes_per_block() + 1024;  // shared memory of a multiprocessor
    case 82: return 65536;                          // registers of a multiprocessor
    case 83:
    case 84: return 0;                              // managed memory, multi-GPU board
    case 95: return 0;                              // cooperative launch
    case 97: return shared_bytes_per_block();
    case 106: return 32;                            // blocks of a multiprocessor
    case 111: return 1024;                          // shared memory that a block costs beside its own
    case 115: return 0;                             // memory pools
    case 120: return s.computeCapability >= 90;     // cluster launch
    default: return -1;
  }
}

SIMT_EXPORT int cuInit(unsigned flags) {
  return call("cuInit", Needs::NOTHING, [&]() -> int {
    if (flags) return INVALID_VALUE;
    if (state().settings.deviceCount <= 0) return NO_DEVICE;
    state().initialised = true;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuDriverGetVersion(int* version) {
  return call("cuDriverGetVersion", Needs::NOTHING, [&] {
    *version = int(state().settings.driverVersion);
    return SUCCESS;
  });
}

SIMT_EXPORT int cuDeviceGetCount(int* count) {
  return call("cuDeviceGetCount", Needs::INITIALISED, [&] {
    *count = int(state().settings.deviceCount);
    return SUCCESS;
  });
}

SIMT_EXPORT int cuDeviceGet(int* device, int ordinal) {
  return call("cuDeviceGet", Needs::INITIALISED, [&]() -> int {
    if (ordinal < 0 || ordinal >= state().settings.deviceCount) return INVALID_DEVICE;
    *device = DEVICE;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuDeviceGetName(char* name, int bytes, int device) {
  return device_call("cuDeviceGetName", device, [&] {
    if (bytes > 0) std::snprintf(name, size_t(bytes), "SIMT emulator");
    return SUCCESS;
  });
}

SIMT_EXPORT int cuDeviceGetUuid(unsigned char* uuid, int device) {
  return device_call("cuDeviceGetUuid", device, [&] {
    std::memcpy(uuid, "SIMT emulator\0\0\0", 16);
    return SUCCESS;
  });
}

SIMT_EXPORT int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  return device_call("cuDeviceTotalMem", device, [&] {
    *bytes = size_t(state().settings.memoryBytes);
    return SUCCESS;
  });
}

SIMT_EXPORT int cuDeviceComputeCapability(int* major, int* minor, int device) {
  return device_call("cuDeviceComputeCapability", device, [&] {
    *major = int(attribute(75));
    *minor = int(attribute(76));
    return SUCCESS;
  });
}

SIMT_EXPORT int cuDeviceGetAttribute(int* value, int number, int device) {
  return device_call("cuDeviceGetAttribute", device, [&]() -> int {
    long long found = attribute(number);
    if (found < 0) return complain(NOT_SUPPORTED, "attribute %d is not modelled", number);
    *value = int(found);
    return SUCCESS;
  });
}

}  // namespace simt::driver
