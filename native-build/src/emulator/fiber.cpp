#include "emulator/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

asm(R"(
.text
.globl simt_switch
.hidden simt_switch
.type simt_switch, @function
simt_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size simt_switch, . - simt_switch
)");

namespace simt {

Stacks::~Stacks() {
  if (memory_) munmap(memory_, count_ * (BYTES + GUARD));
}

void Stacks::reserve(size_t count) {
  if (count <= count_) return;
  if (memory_) munmap(memory_, count_ * (BYTES + GUARD));
  count_ = count;
  void* memory = mmap(nullptr, count * (BYTES + GUARD), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("SIMT emulator: no memory for the stacks of a block's threads");
    std::abort();
  }
  memory_ = static_cast<char*>(memory);
  for (size_t i = 0; i < count; i++) mprotect(bottom(i) - GUARD, GUARD, PROT_NONE);
}

char* Stacks::bottom(size_t index) const { return memory_ + index * (BYTES + GUARD) + GUARD; }

bool Stacks::contains(size_t index, const void* address) const {
  const char* p = static_cast<const char*>(address);
  return p >= bottom(index) && p < bottom(index) + BYTES;
}

void* Stacks::prepare(size_t index, void (*start)()) {
#ifdef __SANITIZE_ADDRESS__
  __asan_unpoison_memory_region(bottom(index), BYTES);
#endif
  // Tops at different offsets within a page, or all stacks would compete for the same cache lines.
  char* top = bottom(index) + BYTES - index % 64 * 128;
  void** frame = reinterpret_cast<void**>(top);
  *--frame = nullptr;  // where a return address would be: ends every backtrace, and aligns the stack as after a call
  *--frame = reinterpret_cast<void*>(start);
  for (int i = 0; i < 6; i++) *--frame = nullptr;
  return frame;
}

}  // namespace simt
