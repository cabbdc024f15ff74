// Launching kernels on the emulator.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "emulator/registry.h"
#include "emulator/thread.h"

namespace simt {

// The driver's code of what a kernel did wrong.
enum class Fault { NONE = 0, ILLEGAL_ADDRESS = 700, LAUNCH_TIMEOUT = 702, MISALIGNED_ADDRESS = 716, LAUNCH_FAILED = 719 };

struct Failure {
  Fault fault = Fault::NONE;
  std::string message;
  explicit operator bool() const { return fault != Fault::NONE; }
};

// How launches run; read once from the environment, settable by tests.
struct Options {
  // SIMT_SEED, one or several, such as 0,1,2: launches take them in turn. 0 runs threads in their order, odd ones at random,
  // even ones in random bursts.
  std::vector<uint64_t> seeds = {1};
  unsigned hostThreads = 2;  // SIMT_THREADS: 1 or 2
  unsigned seconds = 120;    // SIMT_SECONDS: a launch that takes longer has failed
};
Options& options();

// What this emulator was built with.
extern const bool SANITIZED, CHECKED;

// Runs all blocks. Results, failures included, depend on the seed but not on the number of host threads.
Failure launch(const Entry& entry, dim3 grid, dim3 block, size_t sharedBytes, const void* arguments);

}  // namespace simt
