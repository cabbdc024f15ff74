// Runs one cluster of blocks at a time: all its threads are fibers, taken in an order that a seed decides.
#pragma once
#include <chrono>
#include <string>
#include <vector>

#include "emulator/arena.h"
#include "emulator/collectives.h"
#include "emulator/fiber.h"
#include "emulator/launch.h"
#include "emulator/thread.h"

namespace simt {

class Machine;

// Lanes of a warp that wait for each other: same operation, mask and place.
struct Gathering {
  WarpOperation operation;
  unsigned mask, arrived;
  Site site;
};

struct Warp {
  Thread* lanes;   // its first thread
  unsigned alive;  // mask of lanes that have not exited
  std::vector<Gathering> gatherings;
};

struct Cluster {
  Machine* machine;
  Block* blocks;
  unsigned size;
  uint64_t linear;  // its number in the launch
  unsigned alive, arrived;
  Site site;
};

class Machine {
 public:
  Machine() = default;

  // Runs the cluster whose first block is `first`; on a failure the remaining threads are abandoned.
  Failure run(const Launch& launch, uint3 first, uint64_t linear, uint64_t seed);

  // What a running thread does to the machine.
  void suspend();  // until somebody makes it ready
  void yield();
  void make_ready(Thread* thread);
  [[noreturn]] void fail(Fault fault, const char* format, ...) __attribute__((format(printf, 3, 4)));
  uint64_t random();
  bool in_order() const { return seed_ == 0; }

  Thread* thread(const Block& block, unsigned linear);
  size_t stack_of(const Thread* thread) const { return size_t(thread - threads_.data()); }
  const Stacks& stacks() const { return stacks_; }
  const std::vector<Arena>& arenas() const { return arenas_; }

 private:
  void prepare(const Launch& launch, uint3 first, uint64_t linear);
  void switch_to(Thread* next);
  Thread* next();
  void exit_thread();
  [[noreturn]] void fail_deadlocked();
  std::string waiting() const;
  static void start();

  Stacks stacks_;
  std::vector<Thread> threads_;
  std::vector<Warp> warps_;
  std::vector<Block> blocks_;
  std::vector<Arena> arenas_;
  std::vector<Thread*> ready_;
  Cluster cluster_{};
  const Launch* launch_ = nullptr;
  size_t running_ = 0;  // threads that have not exited
  uint64_t seed_ = 0, random_ = 1, switches_ = 0;
  std::chrono::steady_clock::time_point deadline_;
  Failure failure_;
  bool deadlocked_ = false;

  void* hostStack_ = nullptr;
  const void* hostBottom_ = nullptr;  // of the stack that started the launch, for the address sanitizer
  size_t hostBytes_ = 0;
};

// A thread exits: whoever waited for it alone goes on.
void leave(Thread& thread);

// The machine of the thread that runs now.
Machine& machine();

}  // namespace simt
