#include "emulator/machine.h"

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <map>
#include <tuple>

#include "emulator/checker.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

namespace simt {

__thread Thread* current __attribute__((tls_model("initial-exec")));

namespace {
uint64_t mixed(uint64_t seed, uint64_t cluster) {
  uint64_t x = (seed + 1) * 0x9e3779b97f4a7c15u ^ (cluster + 1) * 0xbf58476d1ce4e5b9u;
  x ^= x >> 31;
  return x | 1;
}

// "0-31" for threads 0 … 31, "0-31,64" and so on.
std::string ranges(const std::vector<unsigned>& ascending) {
  std::string text;
  for (size_t i = 0; i < ascending.size();) {
    size_t j = i;
    while (j + 1 < ascending.size() && ascending[j + 1] == ascending[j] + 1) j++;
    if (!text.empty()) text += ',';
    text += std::to_string(ascending[i]);
    if (j > i) text += '-' + std::to_string(ascending[j]);
    i = j + 1;
  }
  return text;
}
}  // namespace

Machine& machine() { return *current->block->cluster->machine; }

uint64_t Machine::random() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_;
}

Thread* Machine::thread(const Block& block, unsigned linear) {
  return &threads_[size_t(block.rank) * launch_->threads + linear];
}

void Machine::prepare(const Launch& launch, uint3 first, uint64_t linear) {
  unsigned perBlock = launch.threads, warpsPerBlock = (perBlock + 31) / 32, size = launch.entry->cluster;
  size_t all = size_t(perBlock) * size;
  launch_ = &launch;
  stacks_.reserve(all);
  threads_.resize(all);
  blocks_.resize(size);
  warps_.resize(size_t(warpsPerBlock) * size);
  if (arenas_.size() != size || arenas_[0].bytes() != launch.sharedBytes) {
    arenas_.clear();
    for (unsigned i = 0; i < size; i++) arenas_.emplace_back(launch.sharedBytes);
  }
  ready_.clear();
  cluster_ = {this, blocks_.data(), size, linear, unsigned(all), 0, {}};
  running_ = all;
  failure_ = {};
  deadlocked_ = false;

  for (unsigned rank = 0; rank < size; rank++) {
    arenas_[rank].open(in_order() ? 0 : random());
    Block& block = blocks_[rank];
    block = {};
    block.index = {first.x + rank, first.y, first.z};
    block.rank = rank;
    block.shared = arenas_[rank].data();
    block.launch = &launch;
    block.cluster = &cluster_;
    block.alive = perBlock;
    for (unsigned i = 0; i < perBlock; i++) {
      size_t index = size_t(rank) * perBlock + i;
      Thread& thread = threads_[index];
      thread = {};
      thread.index = {i % launch.block.x, i / launch.block.x % launch.block.y, i / (launch.block.x * launch.block.y)};
      thread.linear = i;
      thread.lane = i % 32;
      thread.block = &block;
      thread.warp = &warps_[size_t(rank) * warpsPerBlock + i / 32];
      thread.state = State::READY;
      thread.stackPointer = stacks_.prepare(index, &Machine::start);
      if (thread.lane == 0) {
        unsigned lanes = perBlock - i < 32 ? perBlock - i : 32;
        thread.warp->lanes = &thread;
        thread.warp->alive = lanes == 32 ? ~0u : (1u << lanes) - 1;
        thread.warp->gatherings.clear();
      }
    }
  }
  for (size_t i = all; i > 0; i--) ready_.push_back(&threads_[i - 1]);
}

Failure Machine::run(const Launch& launch, uint3 first, uint64_t linear, uint64_t seed) {
  seed_ = seed;
  random_ = mixed(seed, linear);
  deadline_ = std::chrono::steady_clock::now() + std::chrono::seconds(options().seconds);
  prepare(launch, first, linear);
  checker::cluster_begins(cluster_);
  current = nullptr;
  switch_to(next());
  current = nullptr;
  if (deadlocked_) failure_.message += waiting();
  for (Arena& arena : arenas_) {
    if (!failure_ && !arena.intact())
      failure_ = {Fault::ILLEGAL_ADDRESS, std::string("kernel ") + launch.entry->name +
                                              " wrote outside of its " + std::to_string(arena.bytes()) +
                                              " bytes of shared memory, in block (" + std::to_string(first.x) + ", " +
                                              std::to_string(first.y) + ", " + std::to_string(first.z) + ")" +
                                              (launch.entry->cluster > 1 ? " or a later one of its cluster" : "")};
  }
  if (failure_) arenas_.clear();
  return failure_;
}

void Machine::start() {
  Machine& self = machine();
#ifdef __SANITIZE_ADDRESS__
  const void* bottom;
  size_t bytes;
  __sanitizer_finish_switch_fiber(nullptr, &bottom, &bytes);
  if (!self.hostBottom_) {  // the first to start comes from the stack that called run
    self.hostBottom_ = bottom;
    self.hostBytes_ = bytes;
  }
#endif
  const Launch& launch = *current->block->launch;
  launch.entry->invoke(launch.entry->function, launch.arguments);
  self.exit_thread();
}

// `to` null is the stack that called run.
void Machine::switch_to(Thread* to) {
  Thread* from = current;
  if (from == to) return;
  current = to;
#ifdef __SANITIZE_ADDRESS__
  void* fake = nullptr;
  bool ends = from && (from->state == State::DONE || failure_);
  if (!from) hostBottom_ = nullptr;
  __sanitizer_start_switch_fiber(ends ? nullptr : &fake, to ? stacks_.bottom(stack_of(to)) : hostBottom_,
                                 to ? stacks_.bytes() : hostBytes_);
#endif
  simt_switch(from ? &from->stackPointer : &hostStack_, to ? to->stackPointer : hostStack_);
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

Thread* Machine::next() {
  if (ready_.empty()) return nullptr;
  // Bursts: who became ready last runs on, so that one warp gets far ahead of the others.
  bool last = in_order() || (seed_ % 2 == 0 && random() % 8 != 0);
  if (!last) std::swap(ready_[(random() >> 32) * ready_.size() >> 32], ready_.back());
  Thread* thread = ready_.back();
  ready_.pop_back();
  return thread;
}

void Machine::make_ready(Thread* thread) {
  thread->state = State::READY;
  ready_.push_back(thread);
}

void Machine::suspend() {
  if (++switches_ % 65536 == 0 && std::chrono::steady_clock::now() > deadline_)
    fail(Fault::LAUNCH_TIMEOUT, "the launch ran for more than %u seconds", options().seconds);
  Thread* to = next();
  if (!to) fail_deadlocked();
  switch_to(to);
}

void Machine::yield() {
  make_ready(current);
  suspend();
}

void Machine::exit_thread() {
  Thread* thread = current;
  Block& block = *thread->block;
  thread->state = State::DONE;
  running_--;
  leave(*thread);  // whoever waited for this thread alone goes on
  if (block.alive == 0) {
    checker::block_ends(block);
    arenas_[block.rank].close();
  }
  if (running_ == 0) switch_to(nullptr);
  Thread* to = next();
  if (!to) fail_deadlocked();
  switch_to(to);
}

void Machine::fail(Fault fault, const char* format, ...) {
  char text[2048];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const Thread& thread = *current;
  char where[256];
  std::snprintf(where, sizeof where, "kernel %s, block (%u, %u, %u), thread (%u, %u, %u): ",
                launch_->entry->name.c_str(), thread.block->index.x, thread.block->index.y, thread.block->index.z,
                thread.index.x, thread.index.y, thread.index.z);
  failure_ = {fault, std::string(where) + text};
  switch_to(nullptr);
  __builtin_unreachable();
}

void Machine::fail_deadlocked() {
  // The text is put together by run: this stack is abandoned, and what it holds would leak.
  deadlocked_ = true;
  fail(Fault::LAUNCH_FAILED, "deadlock, no thread can run: ");
}

std::string Machine::waiting() const {
  std::map<std::tuple<unsigned, std::string, std::string, int>, std::vector<unsigned>> groups;
  for (const Thread& thread : threads_) {
    bool done = thread.state == State::DONE;
    groups[{thread.block->rank, done ? "" : thread.waitsIn, done ? "" : thread.site.file, done ? 0 : thread.site.line}]
        .push_back(thread.linear);
  }
  std::string text;
  size_t shown = 0;
  for (const auto& [key, linear] : groups) {
    if (++shown > 12) return text + "; and others";
    const auto& [rank, name, file, line] = key;
    if (shown > 1) text += "; ";
    if (cluster_.size > 1) text += "rank " + std::to_string(rank) + ", ";
    text += "threads " + ranges(linear);
    text += name.empty() ? " have exited"
                         : " wait in " + name + " at " + file.substr(file.find_last_of('/') + 1) + ":" + std::to_string(line);
  }
  return text;
}

}  // namespace simt
