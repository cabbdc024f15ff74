// What the hooks of instrumented code call.
#pragma once
#include "emulator/checker/shadow.h"

namespace simt::checker {

void access(const void* address, size_t bytes, Kind kind, Where at);

}  // namespace simt::checker
