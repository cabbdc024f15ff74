// The shared memory of one block: exactly as long as the launch asked for, so that whatever passes its end is noticed.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simt {

class Arena {
 public:
  explicit Arena(size_t bytes);
  Arena(Arena&& other) noexcept;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  unsigned char* data() const { return data_; }
  size_t bytes() const { return bytes_; }

  // Fills it with what must not be relied on: all ones, or other bits from `random`.
  void open(uint64_t random);

  // After this the memory holds nothing; under a sanitizer an access is an error.
  void close();

  // Whether the bytes around it, which belong to nobody, are as they were.
  bool intact() const;

 private:
  static constexpr size_t MARGIN = 256;

  unsigned char* block_;
  unsigned char* data_;
  size_t bytes_;
};

}  // namespace simt
