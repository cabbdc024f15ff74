// What every file of the emulated driver shares: result codes, and the frame around each call.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace simt::driver {

// CUresult, as far as the emulator gives it.
enum Result : int {
  SUCCESS = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_IMAGE = 200,
  INVALID_CONTEXT = 201,
  NO_BINARY_FOR_GPU = 209,
  OPERATING_SYSTEM = 304,
  INVALID_HANDLE = 400,
  ILLEGAL_STATE = 401,
  NOT_FOUND = 500,
  NOT_READY = 600,
  ILLEGAL_ADDRESS = 700,
  LAUNCH_OUT_OF_RESOURCES = 701,
  PRIMARY_CONTEXT_ACTIVE = 708,
  HOST_MEMORY_ALREADY_REGISTERED = 712,
  HOST_MEMORY_NOT_REGISTERED = 713,
  LAUNCH_FAILED = 719,
  NOT_SUPPORTED = 801,
  STREAM_CAPTURE_UNSUPPORTED = 900,
  STREAM_CAPTURE_INVALIDATED = 901,
  STREAM_CAPTURE_UNMATCHED = 903,
  STREAM_CAPTURE_UNJOINED = 904,
  STREAM_CAPTURE_IMPLICIT = 906,
  STREAM_CAPTURE_WRONG_THREAD = 908,
  INVALID_CLUSTER_SIZE = 912,
  UNKNOWN = 999,
};

using DevicePointer = unsigned long long;

// What must hold before a call's body runs. Releasing calls run although an earlier error broke the context, so that
// nothing stays behind, and return that error.
enum class Needs { NOTHING, INITIALISED, CONTEXT, RELEASING };

// Runs a call's body alone, after the checks; every exported function is one of these.
int call(const char* name, Needs needs, const std::function<int()>& body);

// One line on stderr about what was done wrong, as "SIMT emulator: <call>: …"; returns `result`.
int complain(int result, const char* format, ...) __attribute__((format(printf, 2, 3)));

// A fault that a test has asked for, so that stderr is silent about it; `where` ends in ": ". Returns `result`.
int injected(int result, const std::string& where);

// For what the real driver has and the emulator has not: says so once for each name.
int not_modelled(const char* name);

}  // namespace simt::driver

#define SIMT_EXPORT extern "C" __attribute__((visibility("default")))
