// Places in the kernels' source, for reports.
#pragma once
#include <string>

#include "emulator/checker/shadow.h"

namespace simt::checker {

// Of an instrumented access, by the address to which its hook returns.
inline Where where(const void* returnAddress) { return Where(reinterpret_cast<uintptr_t>(returnAddress)) << 1; }

// Of an access that the emulator makes for a kernel.
Where where(Site site);

// "selection.cu:120", or with what it was inlined into: "keys.cuh:31, inlined at selection.cu:120".
std::string describe(Where where);

}  // namespace simt::checker
