// What the access checker has to tell apart: one mistake a case, and its right twin.
#pragma once

enum class Order {
  BLOCK_BARRIER,         // right
  NO_BLOCK_BARRIER,      // another warp reads what was written
  WARP_BARRIER,          // right
  NO_WARP_BARRIER,       // another lane reads what was written
  SHUFFLE_ONLY,          // a shuffle orders no memory
  PART_OF_A_WARP,        // right: the lanes that exchange data are named
  OTHER_PART_OF_A_WARP,  // __syncwarp names other lanes
  THROUGH_A_THIRD_LANE,  // right: two __syncwarps in a row
  WRITE_AFTER_READ,      // no barrier before the next round's write
  SAME_VALUE,            // all threads write the same
  BYTES_OF_A_WORD,       // right: each thread its own byte
  SHARED_BYTE,           // two threads the same byte of a word
  ATOMICS,               // right: atomics, a barrier, then a read
  READ_AMONG_ATOMICS,    // no barrier between
  NEVER_WRITTEN,         // shared memory is read before anybody wrote it
  ACROSS_BLOCKS,         // a block reads what another has written
  BLOCKS_WRITE_ONE_WORD,
  BLOCKS_COUNT,          // right: atomics on device memory
  PAST_AN_ALLOCATION,
  FOREIGN_STACK,         // a pointer to another thread's local variable
  CONSTANT_TABLE,        // right: constants may be read
};

enum class Peers {
  ORDERED,         // right
  NO_FIRST_SYNC,   // a peer's value is read before it is there
  BLOCK_SYNC,      // __syncthreads orders the own block only
  NO_LAST_SYNC,    // a peer may have exited
};

struct OrderArguments {
  int* data;  // 256 elements; the first is 0
  int* out;   // 256 elements
  int order;
  int zero;
};
