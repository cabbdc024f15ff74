// The access checker: every access of a kernel to memory is judged. Shared memory must have been written before it is read,
// and belong to a block that still runs; device memory must be allocated; and in both, no two accesses may meet of which
// one is a write, unless a barrier lies between them or both are atomic. A thread's own stack is its own, the program's
// constants may be read, and nothing else may be touched at all.
#include "emulator/checker.h"

#include <link.h>

#include <algorithm>
#include <cstdio>
#include <unordered_map>

#include "emulator/checker/clocks.h"
#include "emulator/checker/hooks.h"
#include "emulator/checker/shadow.h"
#include "emulator/checker/source.h"
#include "emulator/machine.h"
#include "emulator/memory.h"

namespace simt::checker {
namespace {

constexpr size_t PAGE = 4096;
constexpr size_t NEAR = 256;  // so close to a block's shared memory an access was meant for it

struct Page {
  uintptr_t begin, end;  // of the allocation that the page belongs to
  Shadow shadow{PAGE};
};

struct Checker {
  Clocks clocks;
  Judge judge{clocks};
  uint32_t firstRun = 1;  // of the launch
  std::vector<Shadow> arenas;
  std::vector<Accesses> visits;  // of each arena: the latest access by another block of its cluster
  std::unordered_map<uintptr_t, std::unique_ptr<Page>> pages;
  uintptr_t lastNumber = 0;
  Page* lastPage = nullptr;
  std::vector<std::pair<uintptr_t, uintptr_t>> segments;  // of the program and its libraries
};

Checker& checker() {
  static auto* only = new Checker;
  return *only;
}

// ---- Reports ----

// The fiber is left for good: the text must not be a string of its own, which would leak.
template <class Text>
[[noreturn]] void refuse(Fault fault, Text text) {
  char kept[1024];
  std::snprintf(kept, sizeof kept, "%s", std::string(text()).c_str());
  machine().fail(fault, "%s", kept);
}

std::string doing(Kind kind, size_t bytes) {
  const char* verb = kind == Kind::READ ? "reads " : kind == Kind::WRITE ? "writes " : "changes atomically ";
  return verb + std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
}

std::string thread_of(const Accesses& other) {
  std::string thread = "thread " + std::to_string(other.warp * LANES + other.lane);
  if (other.run != checker().clocks.run()) return thread + " of another block";
  if (other.rank != current->block->rank) return thread + " of the block of rank " + std::to_string(other.rank);
  return thread;
}

const char* what_lacks(const Accesses& other) {
  if (other.run != checker().clocks.run()) return "and nothing orders the two within one launch";
  if (other.rank != current->block->rank) return "and no cluster_sync lies between";
  if (other.warp != current->linear / LANES) return "and no __syncthreads lies between";
  return "and neither __syncwarp nor __syncthreads lies between";
}

[[noreturn]] void race(const char* memory, size_t offset, size_t bytes, Kind kind, Where at, const Conflict& conflict) {
  refuse(Fault::LAUNCH_FAILED, [&] {
    return "race: it " + doing(kind, bytes) + " at offset " + std::to_string(offset) + " of " + memory + " in " +
           describe(at) + ", after " + conflict.earlier + " by " + thread_of(conflict.with) + " in " +
           describe(conflict.with.where) + ", " + what_lacks(conflict.with);
  });
}

[[noreturn]] void wrong(Fault fault, size_t offset, size_t bytes, Kind kind, Where at, const char* memory) {
  refuse(fault, [&] {
    return "it " + doing(kind, bytes) + " at offset " + std::to_string((long long)offset) + " of " + memory + ", in " + describe(at);
  });
}

// ---- Shared memory ----

void access_shared(Block& owner, size_t offset, size_t bytes, Kind kind, Where at) {
  Checker& c = checker();
  size_t whole = owner.launch->sharedBytes;
  if (owner.alive == 0)
    wrong(Fault::ILLEGAL_ADDRESS, offset, bytes, kind, at, "the shared memory of a block that has exited");
  if (bytes > whole - offset)
    wrong(Fault::ILLEGAL_ADDRESS, offset, bytes, kind, at, "shared memory, beyond its end");
  Moment moment = c.clocks.now(*current);
  if (owner.rank != moment.rank) c.visits[owner.rank] = single(moment, at);
  Shadow& shadow = c.arenas[owner.rank];
  uint32_t first = c.clocks.run();
  for (size_t begin = offset, end = offset + bytes; begin < end;) {
    size_t part = std::min(end, begin / 4 * 4 + 4) - begin;
    Cell& cell = shadow.word(begin);
    if (kind != Kind::WRITE && !Judge::written(cell, begin % 4, unsigned(part), first))
      wrong(Fault::LAUNCH_FAILED, begin, part, kind, at, "shared memory, which nobody has written");
    Conflict conflict = c.judge.access(cell, begin % 4, unsigned(part), kind, moment, at, first);
    if (conflict.found) race("shared memory", begin, part, kind, at, conflict);
    begin += part;
  }
}

// ---- Device memory ----

// Null where no allocation is alive.
Page* page_of(uintptr_t address) {
  Checker& c = checker();
  uintptr_t number = address / PAGE;
  if (number == c.lastNumber && c.lastPage) return c.lastPage;
  auto& page = c.pages[number];
  if (!page) {
    const Allocation* allocation = allocation_at(reinterpret_cast<void*>(address));
    if (!allocation || !allocation->alive) return nullptr;
    uintptr_t begin = reinterpret_cast<uintptr_t>(allocation->data);
    page.reset(new Page{begin, begin + allocation->bytes});
  }
  c.lastNumber = number;
  c.lastPage = page.get();
  return page.get();
}

[[noreturn]] void outside(uintptr_t address, size_t bytes, Kind kind, Where at) {
  refuse(Fault::ILLEGAL_ADDRESS, [&] {
    std::string text = "it " + doing(kind, bytes) + " outside of every allocation";
    if (const Allocation* near = allocation_at(reinterpret_cast<void*>(address)))
      text += ", at offset " + std::to_string((long long)(address - reinterpret_cast<uintptr_t>(near->data))) + " of " +
              std::to_string(near->bytes) + " bytes of " + (near->alive ? "device" : "freed") + " memory";
    return text + ", in " + describe(at);
  });
}

void access_device(uintptr_t address, size_t bytes, Kind kind, Where at) {
  Checker& c = checker();
  Moment moment = c.clocks.now(*current);
  for (uintptr_t begin = address, end = address + bytes; begin < end;) {
    uintptr_t part = std::min<uintptr_t>(end, begin / 4 * 4 + 4) - begin;
    Page* page = page_of(begin);
    if (!page || begin < page->begin || begin + part > page->end) outside(address, bytes, kind, at);
    Conflict conflict =
        c.judge.access(page->shadow.word(begin % PAGE), begin % 4, unsigned(part), kind, moment, at, c.firstRun);
    if (conflict.found) race("device memory", begin - page->begin, part, kind, at, conflict);
    begin += part;
  }
}

// ---- Everything else ----

int note_segments(dl_phdr_info* info, size_t, void*) {
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const auto& header = info->dlpi_phdr[i];
    uintptr_t begin = info->dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD) checker().segments.push_back({begin, begin + header.p_memsz});
  }
  return 0;
}

bool in_a_program(uintptr_t address) {
  auto& segments = checker().segments;
  if (segments.empty()) dl_iterate_phdr(&note_segments, nullptr);
  return std::any_of(segments.begin(), segments.end(),
                     [=](auto segment) { return address >= segment.first && address < segment.second; });
}

[[noreturn]] void foreign(const void* address, size_t bytes, Kind kind, Where at) {
  refuse(Fault::ILLEGAL_ADDRESS, [&] {
    Machine& m = machine();
    const Block& block = *current->block;
    std::string where = "outside of all memory that a kernel has";
    for (unsigned rank = 0; rank < block.cluster->size; rank++)
      for (unsigned i = 0; i < block.launch->threads; i++)
        if (m.stacks().contains(m.stack_of(m.thread(block.cluster->blocks[rank], i)), address))
          where = "on the stack of thread " + std::to_string(i);
    return "it " + doing(kind, bytes) + ' ' + where + ", in " + describe(at);
  });
}

}  // namespace

void access(const void* address, size_t bytes, Kind kind, Where at) {
  if (!current || bytes == 0) return;
  Machine& m = machine();
  if (m.stacks().contains(m.stack_of(current), address)) return;
  const Block& block = *current->block;
  for (unsigned i = 0; i < block.cluster->size; i++) {
    Block& owner = block.cluster->blocks[(block.rank + i) % block.cluster->size];
    size_t offset = size_t(static_cast<const unsigned char*>(address) - owner.shared);
    if (offset < block.launch->sharedBytes) return access_shared(owner, offset, bytes, kind, at);
    if (offset + NEAR < block.launch->sharedBytes + 2 * NEAR)
      wrong(Fault::ILLEGAL_ADDRESS, offset, bytes, kind, at, "shared memory, beyond its end");
  }
  if (is_device_address(address)) return access_device(reinterpret_cast<uintptr_t>(address), bytes, kind, at);
  if (kind != Kind::READ || !in_a_program(reinterpret_cast<uintptr_t>(address))) foreign(address, bytes, kind, at);
}

void launch_begins() {
  checker().firstRun = checker().clocks.run() + 1;
  checker().judge.forget();
}

void cluster_begins(Cluster& cluster) {
  Checker& c = checker();
  c.clocks.begin(cluster);
  size_t bytes = cluster.blocks[0].launch->sharedBytes;
  if (c.arenas.size() < cluster.size || c.arenas[0].bytes() != bytes) {
    c.arenas.clear();
    c.visits.assign(cluster.size, Accesses());
    for (unsigned i = 0; i < cluster.size; i++) c.arenas.emplace_back(bytes);
  }
}

// A peer that has looked in since the last cluster_sync might as well have come too late.
void block_ends(Block& block) {
  Checker& c = checker();
  if (c.visits.size() <= block.rank) return;
  const Accesses& visit = c.visits[block.rank];
  if (visit.run != c.clocks.run() || visit.clusterEpoch != c.clocks.now(*current).clusterEpoch) return;
  refuse(Fault::ILLEGAL_ADDRESS, [&] {
    return "the block exits, although " + thread_of(visit) + " has accessed its shared memory in " +
           describe(visit.where) + ", and no cluster_sync lies between";
  });
}

void warp_synchronised(Thread* lanes, unsigned mask) { checker().clocks.warp_synchronised(lanes, mask); }
void block_synchronised(Block& block) { checker().clocks.block_synchronised(block); }
void cluster_synchronised(Cluster&) { checker().clocks.cluster_synchronised(); }

void atomic_access(const void* address, size_t bytes, Site site) { access(address, bytes, Kind::ATOMIC, where(site)); }

void released(const void* address, size_t bytes) {
  Checker& c = checker();
  uintptr_t begin = reinterpret_cast<uintptr_t>(address);
  for (uintptr_t number = begin / PAGE; number <= (begin + bytes) / PAGE && !c.pages.empty(); number++)
    c.pages.erase(number);
  c.lastPage = nullptr;
}

}  // namespace simt::checker
