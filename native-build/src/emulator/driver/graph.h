// Captured work that can be launched again.
#pragma once
#include <vector>

#include "emulator/driver/stream.h"

namespace simt::driver {

void* make_graph(std::vector<Operation> operations);
void forget_graphs();

}  // namespace simt::driver
