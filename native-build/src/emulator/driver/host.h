// Host memory as the driver sees it: pinned, registered or pageable.
#pragma once
#include <cstddef>

namespace simt::driver {

// Given out by cuMemAllocHost, or registered.
bool is_pinned(const void* address);
bool is_registered(const void* address);

// Success where a copy may touch `bytes` bytes of host memory from `address` on. Of pageable memory nothing is known.
int check_host(const char* what, const void* address, size_t bytes);

}  // namespace simt::driver
