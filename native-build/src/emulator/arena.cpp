#include "emulator/arena.h"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace simt {
namespace {
constexpr unsigned char CANARY = 0xa5;
}

Arena::Arena(size_t bytes) : bytes_(bytes) {
  size_t whole = (MARGIN + bytes + MARGIN + 127) / 128 * 128;
  block_ = static_cast<unsigned char*>(std::aligned_alloc(128, whole));
  if (!block_) throw std::bad_alloc();
  data_ = block_ + MARGIN;
  std::memset(block_, CANARY, MARGIN);
  std::memset(data_ + bytes, CANARY, MARGIN);
#ifdef __SANITIZE_ADDRESS__
  __asan_poison_memory_region(block_, whole);
#endif
}

Arena::Arena(Arena&& other) noexcept
    : block_(std::exchange(other.block_, nullptr)), data_(other.data_), bytes_(other.bytes_) {}

Arena::~Arena() {
#ifdef __SANITIZE_ADDRESS__
  if (block_) __asan_unpoison_memory_region(block_, MARGIN + bytes_ + MARGIN);
#endif
  std::free(block_);
}

void Arena::open(uint64_t random) {
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(data_, bytes_);
#endif
  if (random % 2 == 0) {
    std::memset(data_, 0xff, bytes_);
    return;
  }
  for (size_t i = 0; i < bytes_; i += sizeof random) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    std::memcpy(data_ + i, &random, bytes_ - i < sizeof random ? bytes_ - i : sizeof random);
  }
}

void Arena::close() {
  std::memset(data_, 0xff, bytes_);
#ifdef __SANITIZE_ADDRESS__
  __asan_poison_memory_region(data_, bytes_);
#endif
}

__attribute__((no_sanitize("address"))) bool Arena::intact() const {
  for (size_t i = 0; i < MARGIN; i++)
    if (block_[i] != CANARY || data_[bytes_ + i] != CANARY) return false;
  return true;
}

}  // namespace simt
