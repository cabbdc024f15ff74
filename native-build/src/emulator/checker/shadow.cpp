#include "emulator/checker/shadow.h"

namespace simt::checker {
namespace {

bool same_thread(const Accesses& set, const Moment& moment) {
  return set.rank == moment.rank && set.warp == moment.warp && set.lane == moment.lane;
}

// Puts `moment` in the place of the latest access; what the set sums up stays.
void renew(Accesses& set, const Moment& moment, Where where) {
  set.run = moment.run;
  set.epoch = moment.epoch;
  set.clusterEpoch = moment.clusterEpoch;
  set.clock = moment.clock;
  set.rank = uint16_t(moment.rank);
  set.warp = uint8_t(moment.warp);
  set.lane = uint8_t(moment.lane);
  set.where = where;
}

}  // namespace

Accesses single(const Moment& moment, Where where) {
  Accesses made;
  renew(made, moment, where);
  return made;
}

bool Judge::lanes_passed(const Accesses& set, const Moment& moment) const {
  for (uint32_t rest = set.lanes & ~(1u << moment.lane); rest; rest &= rest - 1) {
    uint32_t lane = uint32_t(__builtin_ctz(rest));
    if (!clocks_.passed(moment, lane, clock_of(set, lane))) return false;
  }
  return true;
}

uint32_t Judge::clock_of(const Accesses& set, uint32_t lane) const {
  return set.clocks ? lists_[set.clocks - 1].clock[lane] : set.clock;
}

bool Judge::ordered(const Accesses& earlier, const Moment& moment, uint32_t first) const {
  if (earlier.run < first) return true;
  if (earlier.level == Accesses::CLUSTERS || earlier.run != moment.run) return false;
  if (earlier.clusterEpoch < moment.clusterEpoch) return true;
  if (earlier.level == Accesses::BLOCKS_OF_A_CLUSTER || earlier.rank != moment.rank) return false;
  if (earlier.epoch < moment.epoch) return true;
  if (earlier.level == Accesses::WARPS_OF_A_BLOCK || earlier.warp != moment.warp) return false;
  if (earlier.level == Accesses::LANES_OF_A_WARP) return lanes_passed(earlier, moment);
  return earlier.lane == moment.lane || clocks_.passed(moment, earlier.lane, earlier.clock);
}

// What follows every access of a set replaces it: whatever is ordered after this one is ordered after those.
void Judge::add(Accesses& set, const Moment& moment, Where where, uint32_t first) {
  if (ordered(set, moment, first)) {
    set = single(moment, where);
    return;
  }
  Accesses::Level level = set.run != moment.run     ? Accesses::CLUSTERS
                          : set.rank != moment.rank ? Accesses::BLOCKS_OF_A_CLUSTER
                          : set.warp != moment.warp ? Accesses::WARPS_OF_A_BLOCK
                                                    : Accesses::LANES_OF_A_WARP;
  if (level > set.level) {
    if (level == Accesses::LANES_OF_A_WARP) set.lanes = 1u << set.lane;
    set.level = level;
  }
  if (set.level == Accesses::LANES_OF_A_WARP) add_lane(set, moment);
  renew(set, moment, where);
}

void Judge::add_lane(Accesses& set, const Moment& moment) {
  if (!set.clocks && set.clock != moment.clock) {
    List list;
    for (uint32_t& clock : list.clock) clock = set.clock;
    lists_.push_back(list);
    set.clocks = uint32_t(lists_.size());
  }
  if (set.clocks) lists_[set.clocks - 1].clock[moment.lane] = moment.clock;
  set.lanes |= 1u << moment.lane;
}

Conflict Judge::one(Cell& cell, Kind kind, const Moment& moment, Where where, uint32_t first) {
  if (!ordered(cell.write, moment, first)) return {true, "a write", cell.write};
  if (kind != Kind::ATOMIC && !ordered(cell.atomics, moment, first)) return {true, "an atomic access", cell.atomics};
  if (kind != Kind::READ && !ordered(cell.reads, moment, first)) return {true, "a read", cell.reads};
  switch (kind) {
    case Kind::READ:
      // Most reads repeat one of the same moment.
      if (cell.reads.level == Accesses::ONE && cell.reads.run == moment.run && same_thread(cell.reads, moment) &&
          cell.reads.epoch == moment.epoch && cell.reads.clock == moment.clock)
        break;
      add(cell.reads, moment, where, first);
      break;
    case Kind::ATOMIC: add(cell.atomics, moment, where, first); break;
    case Kind::WRITE:
      cell.write = single(moment, where);
      cell.reads = cell.atomics = Accesses();
      break;
  }
  return {};
}

Accesses Judge::copy(const Accesses& set) {
  Accesses made = set;
  if (set.clocks) {
    lists_.push_back(List(lists_[set.clocks - 1]));
    made.clocks = uint32_t(lists_.size());
  }
  return made;
}

void Judge::split(Cell& cell) {
  cell.bytes.reset(new Cell[4]);
  for (size_t i = 0; i < 4; i++) {
    cell.bytes[i].write = cell.write;
    cell.bytes[i].reads = copy(cell.reads);
    cell.bytes[i].atomics = copy(cell.atomics);
  }
}

Conflict Judge::access(Cell& cell, unsigned offset, unsigned bytes, Kind kind, const Moment& moment, Where where,
                       uint32_t first) {
  if (bytes < 4 && !cell.bytes) split(cell);
  if (!cell.bytes) return one(cell, kind, moment, where, first);
  for (unsigned i = offset; i < offset + bytes; i++)
    if (Conflict conflict = one(cell.bytes[i], kind, moment, where, first); conflict.found) return conflict;
  return {};
}

bool Judge::written(const Cell& cell, unsigned offset, unsigned bytes, uint32_t first) {
  if (!cell.bytes) return cell.write.run >= first || cell.atomics.run >= first;
  for (unsigned i = offset; i < offset + bytes; i++)
    if (cell.bytes[i].write.run < first && cell.bytes[i].atomics.run < first) return false;
  return true;
}

}  // namespace simt::checker
