#include "emulator/collectives.h"

#include <cstring>

#include "emulator/checker.h"
#include "emulator/machine.h"
#include "emulator/sites.h"

namespace simt {
namespace {

const char* name_of(WarpOperation operation) {
  switch (operation) {
    case WarpOperation::SYNC: return "__syncwarp";
    case WarpOperation::SHUFFLE: return "__shfl_sync";
    case WarpOperation::SHUFFLE_XOR: return "__shfl_xor_sync";
    case WarpOperation::SHUFFLE_UP: return "__shfl_up_sync";
    case WarpOperation::SHUFFLE_DOWN: return "__shfl_down_sync";
    case WarpOperation::BALLOT: return "__ballot_sync";
    case WarpOperation::ANY: return "__any_sync";
    case WarpOperation::ALL: return "__all_sync";
    case WarpOperation::MATCH_ANY: return "__match_any_sync";
    case WarpOperation::MAX:
    case WarpOperation::MAX_SIGNED: return "__reduce_max_sync";
    case WarpOperation::MIN:
    case WarpOperation::MIN_SIGNED: return "__reduce_min_sync";
    case WarpOperation::ADD: return "__reduce_add_sync";
    case WarpOperation::AND: return "__reduce_and_sync";
    case WarpOperation::OR: return "__reduce_or_sync";
    case WarpOperation::XOR: return "__reduce_xor_sync";
  }
  return "?";
}

const char* name_of(BlockOperation operation) {
  switch (operation) {
    case BlockOperation::SYNC: return "__syncthreads";
    case BlockOperation::OR: return "__syncthreads_or";
    case BlockOperation::AND: return "__syncthreads_and";
    case BlockOperation::COUNT: return "__syncthreads_count";
  }
  return "?";
}

const char* base(const char* file) {
  const char* slash = std::strrchr(file, '/');
  return slash ? slash + 1 : file;
}

bool same(Site a, Site b) { return a.line == b.line && (a.file == b.file || std::strcmp(a.file, b.file) == 0); }

void wait_in(State state, const char* name, Site site) {
  current->state = state;
  current->waitsIn = name;
  current->site = site;
}

// The lane that a shuffle reads; a lane of its own where the source would lie outside of its segment.
unsigned source_lane(WarpOperation operation, const Thread& thread) {
  unsigned lane = thread.lane, width = thread.width, by = thread.selector, segment = lane & ~(width - 1);
  switch (operation) {
    case WarpOperation::SHUFFLE: return segment | (by & (width - 1));
    case WarpOperation::SHUFFLE_UP: return lane - segment >= by ? lane - by : lane;
    case WarpOperation::SHUFFLE_DOWN: return lane - segment + by < width ? lane + by : lane;
    default: return (lane ^ by) < segment + width ? lane ^ by : lane;
  }
}

uint64_t reduced(WarpOperation operation, uint64_t a, uint64_t b) {
  switch (operation) {
    case WarpOperation::MAX: return a > b ? a : b;
    case WarpOperation::MIN: return a < b ? a : b;
    case WarpOperation::MAX_SIGNED: return int32_t(a) > int32_t(b) ? a : b;
    case WarpOperation::MIN_SIGNED: return int32_t(a) < int32_t(b) ? a : b;
    case WarpOperation::ADD: return uint32_t(a + b);
    case WarpOperation::AND: return a & b;
    case WarpOperation::XOR: return a ^ b;
    default: return a | b;
  }
}

// Gives each lane of `mask` its result and makes all of them ready but the running one.
void complete(Warp& warp, WarpOperation operation, unsigned mask, Thread* self) {
  Thread* lanes = warp.lanes;
  uint64_t accumulated = 0;
  bool first = true;
  for (unsigned rest = mask; rest; rest &= rest - 1) {
    unsigned lane = unsigned(__builtin_ctz(rest));
    uint64_t value = lanes[lane].operand;
    if (operation == WarpOperation::BALLOT || operation == WarpOperation::ALL) value = uint64_t(value != 0) << lane;
    if (operation == WarpOperation::ANY) value = value != 0;
    accumulated = first ? value : reduced(operation, accumulated, value);
    first = false;
  }
  if (operation == WarpOperation::ALL) accumulated = accumulated == mask;
  if (operation == WarpOperation::SYNC) checker::warp_synchronised(lanes, mask);

  for (unsigned rest = mask; rest; rest &= rest - 1) {
    Thread& thread = lanes[__builtin_ctz(rest)];
    thread.result = accumulated;
    if (operation >= WarpOperation::SHUFFLE && operation <= WarpOperation::SHUFFLE_DOWN) {
      unsigned source = source_lane(operation, thread);
      if (!(mask >> source & 1))
        machine().fail(Fault::LAUNCH_FAILED, "%s at %s:%d: lane %u reads lane %u, which does not take part (mask %#x)",
                       name_of(operation), base(thread.site.file), thread.site.line, thread.lane, source, mask);
      thread.result = lanes[source].operand;
    }
    if (operation == WarpOperation::MATCH_ANY) {
      thread.result = 0;
      for (unsigned others = mask; others; others &= others - 1) {
        unsigned lane = unsigned(__builtin_ctz(others));
        if (lanes[lane].operand == thread.operand) thread.result |= 1u << lane;
      }
    }
  }
  for (unsigned rest = mask; rest;) {
    Thread* thread = &lanes[31 - __builtin_clz(rest)];  // the highest first: in order, the lowest then runs first
    rest ^= 1u << thread->lane;
    if (thread == self)
      thread->state = State::READY;
    else
      machine().make_ready(thread);
  }
}

void release_block(Block& block, Thread* self) {
  unsigned result = 0;
  switch (block.operation) {
    case BlockOperation::SYNC: break;
    case BlockOperation::OR: result = block.trueCount > 0; break;
    case BlockOperation::AND: result = block.trueCount == block.arrived; break;
    case BlockOperation::COUNT: result = block.trueCount; break;
  }
  block.arrived = block.trueCount = 0;
  if (block.orders) checker::block_synchronised(block);
  for (unsigned i = block.launch->threads; i > 0; i--) {
    Thread* thread = machine().thread(block, i - 1);
    if (thread->state != State::IN_BLOCK) continue;
    thread->result = result;
    if (thread == self)
      thread->state = State::READY;
    else
      machine().make_ready(thread);
  }
}

void release_cluster(Cluster& cluster, Thread* self) {
  cluster.arrived = 0;
  checker::cluster_synchronised(cluster);
  for (unsigned rank = cluster.size; rank > 0; rank--) {
    Block& block = cluster.blocks[rank - 1];
    for (unsigned i = block.launch->threads; i > 0; i--) {
      Thread* thread = machine().thread(block, i - 1);
      if (thread->state != State::IN_CLUSTER) continue;
      if (thread == self)
        thread->state = State::READY;
      else
        machine().make_ready(thread);
    }
  }
}

}  // namespace

uint64_t warp_collective(WarpOperation operation, unsigned mask, uint64_t value, unsigned selector, unsigned width,
                         Site site) {
  if (operation == WarpOperation::SYNC && sites::skipped(site)) return 0;
  Thread* self = current;
  Warp& warp = *self->warp;
  if (!(mask >> self->lane & 1))
    machine().fail(Fault::LAUNCH_FAILED, "%s at %s:%d: the mask %#x does not name the calling lane %u",
                   name_of(operation), base(site.file), site.line, mask, self->lane);
  if (width == 0 || width > 32 || (width & (width - 1)))
    machine().fail(Fault::LAUNCH_FAILED, "%s at %s:%d: the width %u is no power of two up to 32", name_of(operation),
                   base(site.file), site.line, width);
  wait_in(State::IN_WARP, name_of(operation), site);
  self->operand = value;
  self->selector = selector;
  self->width = width;

  size_t at = warp.gatherings.size();
  for (size_t i = 0; i < warp.gatherings.size(); i++) {
    const Gathering& other = warp.gatherings[i];
    if (other.operation == operation && other.mask == mask && same(other.site, site)) {
      at = i;
      continue;
    }
    // Each would wait for the other for ever. (Where only one waits for the other, the other may still come.)
    if ((other.mask >> self->lane & 1) && (other.arrived & mask))
      machine().fail(Fault::LAUNCH_FAILED,
                     "divergence in a warp: lane %u calls %s at %s:%d with mask %#x, while lanes %#x wait in %s at "
                     "%s:%d with mask %#x",
                     self->lane, name_of(operation), base(site.file), site.line, mask, other.arrived,
                     name_of(other.operation), base(other.site.file), other.site.line, other.mask);
  }
  if (at == warp.gatherings.size()) warp.gatherings.push_back({operation, mask, 0, site});
  Gathering& gathering = warp.gatherings[at];
  gathering.arrived |= 1u << self->lane;
  if (gathering.arrived == (mask & warp.alive)) {
    unsigned arrived = gathering.arrived;
    warp.gatherings.erase(warp.gatherings.begin() + ptrdiff_t(at));
    complete(warp, operation, arrived, self);
  } else {
    machine().suspend();
  }
  return self->result;
}

int block_barrier(BlockOperation operation, bool predicate, Site site) {
  bool skipped = sites::skipped(site);
  if (operation == BlockOperation::SYNC && skipped) return 0;
  Thread* self = current;
  Block& block = *self->block;
  if (block.arrived == 0) {
    block.operation = operation;
    block.orders = !skipped;
    block.site = site;
  } else if (block.operation != operation || !same(block.site, site)) {
    machine().fail(Fault::LAUNCH_FAILED,
                   "divergence in a block: this thread calls %s at %s:%d, while %u threads wait in %s at %s:%d",
                   name_of(operation), base(site.file), site.line, block.arrived, name_of(block.operation),
                   base(block.site.file), block.site.line);
  }
  wait_in(State::IN_BLOCK, name_of(operation), site);
  block.arrived++;
  block.trueCount += predicate;
  if (block.arrived == block.alive)
    release_block(block, self);
  else
    machine().suspend();
  return int(self->result);
}

void cluster_barrier(Site site) {
  if (sites::skipped(site)) return;
  Thread* self = current;
  Cluster& cluster = *self->block->cluster;
  if (cluster.arrived == 0)
    cluster.site = site;
  else if (!same(cluster.site, site))
    machine().fail(Fault::LAUNCH_FAILED,
                   "divergence in a cluster: this thread calls cluster_sync at %s:%d, while %u threads wait at %s:%d",
                   base(site.file), site.line, cluster.arrived, base(cluster.site.file), cluster.site.line);
  wait_in(State::IN_CLUSTER, "cluster_sync", site);
  if (++cluster.arrived == cluster.alive)
    release_cluster(cluster, self);
  else
    machine().suspend();
}

void leave(Thread& thread) {
  Warp& warp = *thread.warp;
  Block& block = *thread.block;
  Cluster& cluster = *block.cluster;
  warp.alive &= ~(1u << thread.lane);
  block.alive--;
  cluster.alive--;
  for (size_t i = 0; i < warp.gatherings.size(); i++) {
    Gathering gathering = warp.gatherings[i];
    if (gathering.arrived != (gathering.mask & warp.alive)) continue;
    warp.gatherings.erase(warp.gatherings.begin() + ptrdiff_t(i--));
    complete(warp, gathering.operation, gathering.arrived, nullptr);
  }
  if (block.alive > 0 && block.arrived == block.alive) release_block(block, nullptr);
  if (cluster.alive > 0 && cluster.arrived == cluster.alive) release_cluster(cluster, nullptr);
}

unsigned cluster_rank() { return current->block->rank; }

void* cluster_map(void* own, unsigned rank, Site site) {
  Block& block = *current->block;
  Cluster& cluster = *block.cluster;
  size_t offset = size_t(static_cast<unsigned char*>(own) - block.shared);
  if (offset > block.launch->sharedBytes)
    machine().fail(Fault::ILLEGAL_ADDRESS, "cluster_map at %s:%d: the address is not in the block's shared memory",
                   base(site.file), site.line);
  if (rank >= cluster.size)
    machine().fail(Fault::ILLEGAL_ADDRESS, "cluster_map at %s:%d: rank %u in a cluster of %u", base(site.file),
                   site.line, rank, cluster.size);
  Block& peer = cluster.blocks[rank];
  if (peer.alive == 0)
    machine().fail(Fault::ILLEGAL_ADDRESS, "cluster_map at %s:%d: the block of rank %u has exited", base(site.file),
                   site.line, rank);
  return peer.shared + offset;
}

void* shared_memory(size_t offset, size_t bytes, size_t alignment, Site site) {
  Block& block = *current->block;
  if (offset > block.launch->sharedBytes || bytes > block.launch->sharedBytes - offset)
    machine().fail(Fault::ILLEGAL_ADDRESS,
                   "shared memory at %s:%d: %zu bytes at offset %zu, but the launch asked for %zu bytes in all",
                   base(site.file), site.line, bytes, offset, block.launch->sharedBytes);
  check_aligned(block.shared + offset, alignment, site);
  return block.shared + offset;
}

void before_atomic(const void* address, size_t bytes, Site site) {
  check_aligned(address, bytes, site);
  Machine& m = machine();
  if (!m.in_order() && m.random() % 32 == 0) m.yield();
  checker::atomic_access(address, bytes, site);
}

void misaligned(const void* address, size_t alignment, Site site) {
  machine().fail(Fault::MISALIGNED_ADDRESS, "the address %p at %s:%d is no multiple of %zu", address, base(site.file),
                 site.line, alignment);
}

}  // namespace simt
