// For each name that a library of JCuda imports, a function that refuses, unless a real one of that name is linked too: a
// symbol that were missing would end the JVM. CMake writes the lists from *.symbols.
#pragma once
#include <cstdio>
#include <mutex>
#include <set>
#include <string>

// Says so once for each name.
inline int simt_refuse(const char* name, int code) {
  static std::mutex mutex;
  static auto* named = new std::set<std::string>;
  std::lock_guard lock(mutex);
  if (named->insert(name).second) std::fprintf(stderr, "SIMT emulator: %s is not modelled\n", name);
  return code;
}

#define SIMT_REFUSED(name, code) \
  extern "C" __attribute__((visibility("default"), weak)) int name() { return simt_refuse(#name, code); }
