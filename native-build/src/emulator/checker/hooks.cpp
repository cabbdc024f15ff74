// The functions that g++ -fsanitize=thread calls at every access of a kernel. They take the place of that sanitizer's own
// runtime library, which knows nothing of blocks and barriers and is not linked.
#include "emulator/checker/hooks.h"

#include "emulator/checker/source.h"

using simt::checker::access;
using simt::checker::Kind;
using simt::checker::where;

#define SIMT_HERE where(__builtin_return_address(0))
#define SIMT_HOOKS(n)                                                                                    \
  void __tsan_read##n(void* p) { access(p, n, Kind::READ, SIMT_HERE); }                                  \
  void __tsan_write##n(void* p) { access(p, n, Kind::WRITE, SIMT_HERE); }                                \
  void __tsan_unaligned_read##n(void* p) { access(p, n, Kind::READ, SIMT_HERE); }                        \
  void __tsan_unaligned_write##n(void* p) { access(p, n, Kind::WRITE, SIMT_HERE); }                      \
  void __tsan_volatile_read##n(void* p) { access(p, n, Kind::READ, SIMT_HERE); }                         \
  void __tsan_volatile_write##n(void* p) { access(p, n, Kind::WRITE, SIMT_HERE); }

extern "C" {
SIMT_HOOKS(1)
SIMT_HOOKS(2)
SIMT_HOOKS(4)
SIMT_HOOKS(8)
SIMT_HOOKS(16)

void __tsan_read_range(void* p, unsigned long bytes) { access(p, bytes, Kind::READ, SIMT_HERE); }
void __tsan_write_range(void* p, unsigned long bytes) { access(p, bytes, Kind::WRITE, SIMT_HERE); }

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
}
