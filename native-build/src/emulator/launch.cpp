#include "emulator/launch.h"

#include <cstdlib>
#include <cstring>
#include <memory>

#include "emulator/checker.h"
#include "emulator/machine.h"

namespace simt {
namespace {

uint64_t number(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text && *text ? std::strtoull(text, nullptr, 10) : otherwise;
}

Machine& machine_of_host_thread() {
  // Never destroyed: a kernel may run while the process exits.
  static thread_local Machine* own = new Machine;
  return *own;
}

}  // namespace

Options& options() {
  static Options all{number("SIMT_SEED", 1), unsigned(number("SIMT_THREADS", 2)), unsigned(number("SIMT_SECONDS", 120))};
  return all;
}

Failure launch(const Entry& entry, dim3 grid, dim3 block, size_t sharedBytes, const void* arguments) {
  // Aligned as the device's own argument memory is, and out of the kernel's reach.
  std::unique_ptr<unsigned char[]> copy(new unsigned char[entry.argumentBytes]);
  std::memcpy(copy.get(), arguments, entry.argumentBytes);
  Launch launch{&entry, grid, block, sharedBytes, block.x * block.y * block.z, copy.get()};
  checker::launch_begins();
  uint64_t linear = 0;
  for (unsigned z = 0; z < grid.z; z++)
    for (unsigned y = 0; y < grid.y; y++)
      for (unsigned x = 0; x < grid.x; x += entry.cluster)
        if (Failure failure = machine_of_host_thread().run(launch, {x, y, z}, linear++, options().seed)) return failure;
  return {};
}

}  // namespace simt
