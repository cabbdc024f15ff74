#include "test/harness.h"

#include <cstdio>
#include <cstring>
#include <functional>

namespace test {
namespace {
struct Registered {
  const char* name;
  Body body;
};
std::vector<Registered>& cases() {
  static std::vector<Registered> all;
  return all;
}
std::mt19937 generator;
}  // namespace

Case::Case(const char* name, Body body) { cases().push_back({name, body}); }

std::mt19937& random() { return generator; }

bool quick() {
#if defined(__SANITIZE_ADDRESS__) || defined(SIMT_ACCESS_CHECKER)
  return true;
#else
  return false;
#endif
}

simt::Failure launch(const std::string& kernel, dim3 grid, unsigned threads, size_t sharedBytes, const void* arguments,
                     size_t argumentBytes) {
  const simt::Entry* entry = simt::find(kernel);
  if (!entry) throw Failed("there is no kernel " + kernel);
  if (entry->argumentBytes != argumentBytes)
    throw Failed("kernel " + kernel + " takes " + std::to_string(entry->argumentBytes) + " bytes of arguments, not " +
                 std::to_string(argumentBytes));
  if (entry->threads != threads)
    throw Failed("kernel " + kernel + " is made for " + std::to_string(entry->threads) + " threads, not " +
                 std::to_string(threads));
  return simt::launch(*entry, grid, {threads, 1, 1}, sharedBytes, arguments);
}

namespace {
// Without arguments: all cases; otherwise those whose name contains one of the arguments.
int run_all(int count, char** arguments) {
  unsigned failed = 0, ran = 0;
  for (const Registered& each : cases()) {
    bool chosen = count < 2;
    for (int i = 1; i < count; i++) chosen |= std::strstr(each.name, arguments[i]) != nullptr;
    if (!chosen) continue;
    ran++;
    generator.seed(unsigned(simt::options().seed * 2654435761u ^ std::hash<std::string>{}(each.name)));
    try {
      each.body();
      if (std::string damage = simt::damaged_memory(); !damage.empty()) throw Failed(damage);
    } catch (const std::exception& e) {
      failed++;
      std::printf("FAILED %s (SIMT_SEED=%llu): %s\n", each.name, (unsigned long long)simt::options().seed, e.what());
    }
  }
  std::printf("%u of %u cases passed\n", ran - failed, ran);
  return failed || !ran;
}
}  // namespace
}  // namespace test

int main(int count, char** arguments) { return test::run_all(count, arguments); }
