#include "emulator/registry.h"

#include <cstdio>
#include <cstdlib>
#include <map>

namespace simt {
namespace {
// Registrars of other files run before this file's own initialisers.
std::map<std::string, Entry>& table() {
  static std::map<std::string, Entry> entries;
  return entries;
}
}  // namespace

void enter(const Entry& entry) {
  if (!table().emplace(entry.name, entry).second) {
    std::fprintf(stderr, "SIMT emulator: two kernels are named %s\n", entry.name.c_str());
    std::abort();
  }
}

const Entry* find(const std::string& name) {
  auto at = table().find(name);
  return at == table().end() ? nullptr : &at->second;
}

std::vector<const Entry*> entries() {
  std::vector<const Entry*> all;
  for (auto& [name, entry] : table()) all.push_back(&entry);
  return all;
}

}  // namespace simt
