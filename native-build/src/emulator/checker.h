// What the emulator tells the access checker. In every other build these cost nothing.
#pragma once
#include "emulator/thread.h"

namespace simt::checker {

#ifdef SIMT_ACCESS_CHECKER
constexpr bool ENABLED = true;  // it has one memory of accesses: launches keep to one host thread
void launch_begins();
void cluster_begins(Cluster& cluster);
void block_ends(Block& block);
void warp_synchronised(Thread* lanes, unsigned mask);
void block_synchronised(Block& block);
void cluster_synchronised(Cluster& cluster);
void atomic_access(const void* address, size_t bytes, Site site);
void released(const void* address, size_t bytes);  // device memory
#else
constexpr bool ENABLED = false;
inline void launch_begins() {}
inline void cluster_begins(Cluster&) {}
inline void block_ends(Block&) {}
inline void warp_synchronised(Thread*, unsigned) {}
inline void block_synchronised(Block&) {}
inline void cluster_synchronised(Cluster&) {}
inline void atomic_access(const void*, size_t, Site) {}
inline void released(const void*, size_t) {}
#endif

}  // namespace simt::checker
