// Writes the emulator's images and manifest from the kernels that are linked into this program:
//   pursuit_packer <folder> <architecture>…
#include <fstream>
#include <iostream>
#include <set>
#include <string>
#include <vector>

#include "emulator/driver/image.h"

namespace {

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) {
    std::cerr << "cannot write " << path << '\n';
    std::exit(1);
  }
}

std::string quoted(const std::string& name) { return '"' + name + '"'; }

// Registers, shared memory and spills are a real compiler's business: here they are 0.
std::string manifest_entry(const simt::Entry& entry, const std::vector<std::string>& architectures) {
  std::string text = "{\"name\":" + quoted(entry.name) + ",\"family\":" + quoted(entry.family) +
                     ",\"threads\":" + std::to_string(entry.threads) + ",\"cluster\":" + std::to_string(entry.cluster) +
                     ",\"argumentBytes\":" + std::to_string(entry.argumentBytes) + ",\"architectures\":[";
  bool first = true;
  for (const std::string& each : architectures) {
    if (entry.cluster > 1 && std::stoi(each.substr(each.find('_') + 1)) < 90) continue;  // no clusters before 9.0
    text += std::string(first ? "" : ",") + "{\"arch\":" + quoted(each) +
            ",\"registers\":0,\"sharedBytes\":0,\"spillBytes\":0}";
    first = false;
  }
  return text + "]}";
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::cerr << "usage: " << arguments[0] << " <folder> <architecture>...\n";
    return 2;
  }
  std::string folder = arguments[1];
  std::vector<std::string> architectures(arguments + 2, arguments + count);
  std::set<std::string> families;
  std::string manifest = "{\"toolkit\":\"13.0\",\"entries\":[";
  for (const simt::Entry* entry : simt::entries()) {
    manifest += (families.empty() ? "\n" : ",\n") + manifest_entry(*entry, architectures);
    families.insert(entry->family);
  }
  write(folder + "/manifest.json", manifest + "\n]}\n");
  for (const std::string& family : families)
    write(folder + '/' + family + ".fatbin", simt::driver::image_text(family, architectures));
}
