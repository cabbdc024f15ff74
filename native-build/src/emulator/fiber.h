// Stacks and the switch between them. A switch saves the callee-saved registers and nothing else: no system call.
#pragma once
#include <cstddef>

namespace simt {

// Equal stacks in one mapping, each with an inaccessible page below it.
class Stacks {
 public:
  Stacks() = default;
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;
  ~Stacks();

  void reserve(size_t count);

  // A stack pointer that, once switched to, runs `start`, which never returns.
  void* prepare(size_t index, void (*start)());

  char* bottom(size_t index) const;
  size_t bytes() const { return BYTES; }
  bool contains(size_t index, const void* address) const;

 private:
#ifdef __SANITIZE_ADDRESS__
  static constexpr size_t BYTES = 256 * 1024;  // redzones make frames several times larger
#else
  static constexpr size_t BYTES = 64 * 1024;
#endif
  static constexpr size_t GUARD = 4096;

  char* memory_ = nullptr;
  size_t count_ = 0;
};

// Leaves the running stack, whose pointer goes to *save, for the one that `load` points into.
extern "C" void simt_switch(void** save, void* load);

}  // namespace simt
