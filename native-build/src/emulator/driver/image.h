// The emulator's own kernel image: a text that names entries of this library. In place of machine code it says of what
// kind they are, so that an image of another build is noticed.
//
//   pursuit SIMT image 1
//   family selection
//   architectures compute_80 sm_80 sm_86
//   entry topk_stream_f32 threads 512 cluster 1 arguments 64
//   end 1
#pragma once
#include <string>
#include <vector>

#include "emulator/registry.h"

namespace simt::driver {

struct Image {
  std::string family;
  std::vector<std::string> architectures;
  std::vector<const Entry*> entries;
};

std::string image_text(const std::string& family, const std::vector<std::string>& architectures);

// Success, or the code for a truncated, foreign or outdated image. The length of `data` is not known, as in the real
// driver's call: it is read no further than one line beyond what makes sense.
int parse_image(const char* data, Image& image);

// Whether one of the architectures, such as sm_90 or compute_80, has code for a device of this compute capability.
bool covers(const std::vector<std::string>& architectures, int capability);

}  // namespace simt::driver
