// What a running kernel sees of the machine: its thread, block and launch. Every CUDA thread is a fiber of one OS thread.
#pragma once
#include <cstddef>
#include <cstdint>

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x = 1, y = 1, z = 1;
};

namespace simt {

// A place in kernel source; two threads that meet in a collective must come from the same one.
struct Site {
  const char* file;
  int line;
};

struct Entry;
struct Warp;
struct Cluster;

// One launch, shared by its blocks.
struct Launch {
  const Entry* entry;
  dim3 grid, block;
  size_t sharedBytes;
  unsigned threads;  // of a block
  void* arguments;   // the launch's own copy
};

enum class State : uint8_t { READY, IN_WARP, IN_BLOCK, IN_CLUSTER, DONE };

enum class BlockOperation : uint8_t { SYNC, OR, AND, COUNT };

struct Block {
  uint3 index;
  unsigned rank;          // in the cluster
  unsigned char* shared;  // the arena: exactly launch->sharedBytes
  const Launch* launch;
  Cluster* cluster;
  unsigned alive, arrived;
  unsigned trueCount;  // predicates that held at the barrier now filling
  bool orders;         // whether that barrier orders memory
  BlockOperation operation;
  Site site;
};

struct Thread {
  void* stackPointer;
  uint3 index;
  unsigned linear, lane;
  Block* block;
  Warp* warp;
  State state;
  const char* waitsIn;  // the collective's name
  Site site;
  uint64_t operand, result;
  unsigned selector, width;  // of a shuffle
};

// The thread that runs now; null outside of a launch. Initial-exec, for it is read at every threadIdx.
extern __thread Thread* current __attribute__((tls_model("initial-exec")));

}  // namespace simt
