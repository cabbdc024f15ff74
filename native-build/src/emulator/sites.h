// For the mutation test: barriers are noted by place, and one of them can be left out, as if its line were empty. A barrier
// that also tells threads something (__syncthreads_or) then still tells it, but orders no memory.
#pragma once
#include <set>
#include <string>

#include "emulator/thread.h"

namespace simt::sites {

// SIMT_SKIP=selection.cu:120 leaves out what stands there.
struct Watch {
  bool noting = false;
  int skippedLine = 0;
  std::string skippedFile;
  std::set<std::string> noted;  // as file:line
};
Watch& watch();

extern bool watching;  // whether any of this is asked for

// Notes the barrier; whether it is left out.
bool skipped_slowly(Site site);
inline bool skipped(Site site) { return watching && skipped_slowly(site); }

}  // namespace simt::sites
