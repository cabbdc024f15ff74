#include "emulator/driver/image.h"

#include <cstdio>
#include <cstring>
#include <sstream>

#include "emulator/driver/api.h"

namespace simt::driver {
namespace {

constexpr const char* MAGIC = "pursuit SIMT image 1";
constexpr size_t LONGEST_LINE = 512;

std::string entry_line(const Entry& entry) {
  return "entry " + entry.name + " threads " + std::to_string(entry.threads) + " cluster " +
         std::to_string(entry.cluster) + " arguments " + std::to_string(entry.argumentBytes);
}

// The next line of printable characters; false where there is none.
bool next_line(const char*& data, std::string& line) {
  line.clear();
  for (; line.size() <= LONGEST_LINE; data++) {
    if (*data == '\n') {
      data++;
      return true;
    }
    if (*data < ' ' || *data > '~') return false;
    line += *data;
  }
  return false;
}

bool take(std::string& line, const char* word) {
  size_t length = std::strlen(word);
  if (line.compare(0, length, word) != 0) return false;
  line.erase(0, length);
  return true;
}

int foreign(const char* data) {
  constexpr unsigned char FATBIN[] = {0x50, 0xed, 0x55, 0xba}, ELF[] = {0x7f, 'E', 'L', 'F'};
  if (!std::memcmp(data, FATBIN, 4) || !std::memcmp(data, ELF, 4))
    return complain(NO_BINARY_FOR_GPU, "this is an image for a real device");
  return complain(INVALID_IMAGE, "this is no image for the emulator");
}

}  // namespace

std::string image_text(const std::string& family, const std::vector<std::string>& architectures) {
  std::string text = std::string(MAGIC) + "\nfamily " + family + "\narchitectures";
  for (const std::string& each : architectures) text += ' ' + each;
  text += '\n';
  size_t count = 0;
  for (const Entry* entry : entries()) {
    if (entry->family != family) continue;
    text += entry_line(*entry) + '\n';
    count++;
  }
  return text + "end " + std::to_string(count) + '\n';
}

int parse_image(const char* data, Image& image) {
  for (size_t i = 0; MAGIC[i]; i++)
    if (data[i] != MAGIC[i]) return i < 4 ? foreign(data) : complain(INVALID_IMAGE, "the image is truncated or damaged");
  std::string line;
  if (!next_line(data, line) || line != MAGIC || !next_line(data, line) || !take(line, "family "))
    return complain(INVALID_IMAGE, "the image is truncated or damaged");
  image.family = line;
  if (!next_line(data, line) || !take(line, "architectures "))
    return complain(INVALID_IMAGE, "the image is truncated or damaged");
  std::istringstream words(line);
  for (std::string word; words >> word;) image.architectures.push_back(word);
  while (next_line(data, line)) {
    if (line == "end " + std::to_string(image.entries.size())) return SUCCESS;
    std::istringstream fields(line);
    std::string word, name;
    fields >> word >> name;
    const Entry* entry = find(name);
    if (word != "entry" || (entry && line != entry_line(*entry)))
      return complain(INVALID_IMAGE, "the image of family %s is damaged or of another build: %s", image.family.c_str(),
                      line.c_str());
    if (!entry) return complain(INVALID_IMAGE, "the image names %s, which this library does not have", name.c_str());
    image.entries.push_back(entry);
  }
  return complain(INVALID_IMAGE, "the image of family %s is truncated or damaged", image.family.c_str());
}

bool covers(const std::vector<std::string>& architectures, int capability) {
  for (const std::string& each : architectures) {
    int built = 0;
    if (std::sscanf(each.c_str(), "compute_%d", &built) == 1 && built <= capability) return true;
    if (std::sscanf(each.c_str(), "sm_%d", &built) == 1 && built <= capability && built / 10 == capability / 10)
      return true;
  }
  return false;
}

}  // namespace simt::driver
