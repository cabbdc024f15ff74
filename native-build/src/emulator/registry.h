// The kernels of this program, as KERNEL and CLUSTER_KERNEL enter them before main.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace simt {

struct Entry {
  std::string name, family;  // the family is the source file's name without its ending
  unsigned threads, cluster;
  size_t argumentBytes;
  void* function;
  void (*invoke)(void* function, const void* arguments);
};

void enter(const Entry& entry);
const Entry* find(const std::string& name);
std::vector<const Entry*> entries();  // by name

// Nothing here is instrumented by the access checker's build: it runs for the emulator, not for a kernel.
template <class Arguments>
__attribute__((no_sanitize("thread"))) void invoke(void* function, const void* arguments) {
  reinterpret_cast<void (*)(Arguments)>(function)(*static_cast<const Arguments*>(arguments));
}

struct Registrar {
  template <class Arguments>
  Registrar(const char* name, const char* file, unsigned threads, unsigned cluster, void (*function)(Arguments)) {
    std::string family = file;
    family = family.substr(family.find_last_of('/') + 1);
    enter({name, family.substr(0, family.find('.')), threads, cluster, sizeof(Arguments),
           reinterpret_cast<void*>(function), &invoke<Arguments>});
  }
};

}  // namespace simt
