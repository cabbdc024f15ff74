// Device and pinned memory of the emulated driver.
#pragma once
#include <cstddef>

#include "emulator/driver/api.h"

namespace simt::driver {

// Success where `bytes` bytes from `address` on are one allocation's, alive; else complains.
int check_device(const char* what, const void* address, size_t bytes);

void forget_memory();

}  // namespace simt::driver
