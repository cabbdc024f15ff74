// Arrays as large as the address space allows.
#pragma once
#include <sys/mman.h>

#include "test/harness.h"

namespace test {

// Memory of which only what is touched exists.
template <class T>
class Vast {
 public:
  explicit Vast(std::size_t count) : bytes_(count * sizeof(T)) {
    void* mapped = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED) throw Failed("no address space");
    data_ = static_cast<T*>(mapped);
  }
  Vast(const Vast&) = delete;
  Vast& operator=(const Vast&) = delete;
  ~Vast() { munmap(data_, bytes_); }
  T* data() { return data_; }

 private:
  T* data_;
  std::size_t bytes_;
};

}  // namespace test
