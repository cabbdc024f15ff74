// kernel-listing FILE: writes what the kernels' declarations say, as JSON. ptxas tells the rest of the manifest.

#include <cstdio>

#include "emulator/registry.h"

int main(int count, char** arguments) {
  std::FILE* out = count == 2 ? std::fopen(arguments[1], "w") : nullptr;
  if (out == nullptr) {
    std::fprintf(stderr, "kernel-listing FILE: the file cannot be written\n");
    return 2;
  }
  std::fprintf(out, "{\"entries\": [");
  const char* separator = "";
  for (const simt::Entry* entry : simt::entries()) {
    std::fprintf(out, "%s\n  {\"name\": \"%s\", \"family\": \"%s\", \"threads\": %u, \"cluster\": %u, \"argumentBytes\": %zu}",
                 separator, entry->name.c_str(), entry->family.c_str(), entry->threads, entry->cluster,
                 entry->argumentBytes);
    separator = ",";
  }
  std::fprintf(out, "\n]}\n");
  return std::fclose(out) == 0 ? 0 : 1;
}
