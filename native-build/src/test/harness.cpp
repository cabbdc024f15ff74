#include "test/harness.h"

#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>

#include "emulator/sites.h"

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

bool quick() { return simt::SANITIZED || simt::CHECKED || simt::sites::watching; }

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

// Whether the case passes; says why not.
bool run_one(const Registered& each) {
  generator.seed(unsigned(simt::options().seeds[0] * 2654435761u ^ std::hash<std::string>{}(each.name)));
  try {
    each.body();
    if (std::string damage = simt::damaged_memory(); !damage.empty()) throw Failed(damage);
    return true;
  } catch (const std::exception& e) {
    std::string seeds;
    for (uint64_t seed : simt::options().seeds) seeds += (seeds.empty() ? "" : ",") + std::to_string(seed);
    std::printf("FAILED %s (SIMT_SEED=%s): %s\n", each.name, seeds.c_str(), e.what());
    return false;
  }
}

int run_some(int count, char** names) {
  unsigned passed = 0, ran = 0;
  for (const Registered& each : cases()) {
    bool chosen = count == 0;
    for (int i = 0; i < count; i++) chosen |= !std::strcmp(each.name, names[i]);
    if (!chosen) continue;
    ran++;
    passed += run_one(each);
  }
  std::printf("%u of %u cases passed\n", passed, ran);
  return passed < ran || !ran;
}

// For the mutation test: the barriers that each case reaches, as lines "file:line case milliseconds".
int list_barriers() {
  simt::sites::watching = true;
  auto& watch = simt::sites::watch();
  watch.noting = true;
  for (const Registered& each : cases()) {
    watch.noted.clear();
    std::clock_t begin = std::clock();
    if (!run_one(each)) return 1;
    long milliseconds = (std::clock() - begin) * 1000 / CLOCKS_PER_SEC;
    for (const std::string& site : watch.noted) std::printf("%s %s %ld\n", site.c_str(), each.name, milliseconds);
  }
  return 0;
}

}  // namespace
}  // namespace test

// Runs the cases whose names are given, or all; or, with --barriers, tells what each reaches.
int main(int count, char** arguments) {
  if (count == 2 && !std::strcmp(arguments[1], "--barriers")) return test::list_barriers();
  return test::run_some(count - 1, arguments + 1);
}
