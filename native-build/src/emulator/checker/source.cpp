#include "emulator/checker/source.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdio>
#include <cstring>
#include <map>

namespace simt::checker {
namespace {

std::string base(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

std::vector<Site>& sites() {
  static auto* all = new std::vector<Site>;
  return *all;
}

// binutils come with g++; without debug information or addr2line the address itself has to do.
std::string by_address(uintptr_t address) {
  Dl_info info;
  link_map* module = nullptr;
  char text[512];
  if (!dladdr1(reinterpret_cast<void*>(address), &info, reinterpret_cast<void**>(&module), RTLD_DL_LINKMAP)) return "?";
  uintptr_t offset = address - module->l_addr;
  std::snprintf(text, sizeof text, "addr2line -i -e '%s' %#lx 2>/dev/null", info.dli_fname, (unsigned long)offset);
  std::string result;
  if (FILE* lines = popen(text, "r")) {
    while (std::fgets(text, sizeof text, lines)) {
      std::string line = base(text);
      line.erase(line.find_last_not_of(" \n") + 1);
      if (size_t extra = line.find(" ("); extra != std::string::npos) line.erase(extra);
      result += (result.empty() ? "" : ", inlined at ") + line;
    }
    pclose(lines);
  }
  if (!result.empty() && result[0] != '?') return result;
  std::snprintf(text, sizeof text, "%s+%#lx", base(info.dli_fname).c_str(), (unsigned long)offset);
  return text;
}

}  // namespace

Where where(Site site) {
  static auto* known = new std::map<std::pair<const char*, int>, Where>;
  Where& found = (*known)[{site.file, site.line}];
  if (!found) {
    found = Where(sites().size()) << 1 | 1;
    sites().push_back(site);
  }
  return found;
}

std::string describe(Where where) {
  if (where & 1) {
    Site site = sites()[where >> 1];
    return base(site.file) + ':' + std::to_string(site.line);
  }
  return by_address(uintptr_t(where >> 1) - 1);  // the call itself stands before its return address
}

}  // namespace simt::checker
