// Device memory: host memory whose every allocation is known, with bytes around it that nobody may touch.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace simt {

struct Allocation {
  unsigned char* data;
  size_t bytes;
  bool alive;  // freed allocations are remembered, and their addresses are not given out again
  bool holds(const void* address, size_t length) const {
    size_t offset = size_t(static_cast<const unsigned char*>(address) - data);
    return offset <= bytes && length <= bytes - offset;
  }
};

// Aligned to 256 bytes and filled with ones; null where the machine has no memory left.
void* allocate(size_t bytes);

// False where `address` is not what allocate gave, or was released before.
bool release(void* address);

// The allocation, alive or freed, in or nearest below whose reserved range the address lies; null where there is none.
const Allocation* allocation_at(const void* address);

// What lies within an allocation's reserved range was meant as a device address.
bool is_device_address(const void* address);

// Names an allocation whose surroundings have been written to; empty where all are as they were.
std::string damaged_memory();

// The same of the allocation in which the address lies, alone.
std::string damaged_memory(const void* address);

}  // namespace simt
