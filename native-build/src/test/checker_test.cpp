// The access checker: what it reports, and what it must not report.
#include "test/checker_kernels.h"
#include "test/harness.h"

namespace {

struct Memory {
  test::Device<int> data{std::vector<int>(256)}, out{std::vector<int>(256)};
  OrderArguments arguments(int order) { return {data.data(), out.data(), order, 0}; }
};

void right(Order order) {
  Memory m;
  test::run("checker_order", {2, 1, 1}, 64, 1024, m.arguments(int(order)));
}

void right(Peers peers) {
  Memory m;
  test::run("checker_peers", {2, 1, 1}, 32, 128, m.arguments(int(peers)));
}

std::string wrong(Order order) {
  Memory m;
  return test::fails("checker_order", {2, 1, 1}, 64, 1024, m.arguments(int(order)));
}

std::string wrong(Peers peers) {
  Memory m;
  return test::fails("checker_peers", {2, 1, 1}, 32, 128, m.arguments(int(peers)));
}

}  // namespace

TEST(right_kernels_are_left_alone) {
  for (Order order : {Order::BLOCK_BARRIER, Order::WARP_BARRIER, Order::PART_OF_A_WARP, Order::THROUGH_A_THIRD_LANE,
                      Order::BYTES_OF_A_WORD, Order::ATOMICS, Order::BLOCKS_COUNT, Order::CONSTANT_TABLE})
    right(order);
  right(Peers::ORDERED);
}

TEST(missing_block_barrier) {
  if (!simt::CHECKED) return;
  std::string message = wrong(Order::NO_BLOCK_BARRIER);
  EXPECT_CONTAINS(message, "race: it ");
  EXPECT_CONTAINS(message, "of shared memory in checker_kernels.cu:");
  EXPECT_CONTAINS(message, "no __syncthreads lies between");
  EXPECT_CONTAINS(wrong(Order::WRITE_AFTER_READ), "no __syncthreads lies between");
}

TEST(missing_warp_barrier) {
  if (!simt::CHECKED) return;
  EXPECT_CONTAINS(wrong(Order::NO_WARP_BARRIER), "neither __syncwarp nor __syncthreads lies between");
  EXPECT_CONTAINS(wrong(Order::SHUFFLE_ONLY), "neither __syncwarp nor __syncthreads lies between");
  EXPECT_CONTAINS(wrong(Order::OTHER_PART_OF_A_WARP), "neither __syncwarp nor __syncthreads lies between");
}

TEST(writes_to_one_place) {
  if (!simt::CHECKED) return;
  EXPECT_CONTAINS(wrong(Order::SAME_VALUE), "race: it writes 4 bytes at offset 0 of shared memory");
  EXPECT_CONTAINS(wrong(Order::SHARED_BYTE), "race: it writes 1 byte at offset 0 of shared memory");
}

TEST(plain_access_among_atomic_ones) {
  if (!simt::CHECKED) return;
  std::string message = wrong(Order::READ_AMONG_ATOMICS);
  EXPECT_CONTAINS(message, "race: it ");
  EXPECT_CONTAINS(message, "atomic");
}

TEST(shared_memory_that_nobody_has_written) {
  if (!simt::CHECKED) return;
  EXPECT_CONTAINS(wrong(Order::NEVER_WRITTEN), "which nobody has written");
}

TEST(blocks_that_exchange_data) {
  if (!simt::CHECKED) return;
  EXPECT_CONTAINS(wrong(Order::ACROSS_BLOCKS), "of another block");
  EXPECT_CONTAINS(wrong(Order::BLOCKS_WRITE_ONE_WORD), "nothing orders the two within one launch");
}

TEST(memory_of_nobody) {
  if (!simt::CHECKED) return;
  EXPECT_CONTAINS(wrong(Order::PAST_AN_ALLOCATION), "it writes 4 bytes outside of every allocation, at offset 1");
  EXPECT_CONTAINS(wrong(Order::FOREIGN_STACK), "on the stack of thread");
}

TEST(peers_of_a_cluster) {
  if (!simt::CHECKED) return;
  EXPECT_CONTAINS(wrong(Peers::NO_FIRST_SYNC), "no cluster_sync lies between");
  EXPECT_CONTAINS(wrong(Peers::BLOCK_SYNC), "no cluster_sync lies between");
  std::string message = wrong(Peers::NO_LAST_SYNC);
  EXPECT(message.find("of a block that has exited") != std::string::npos ||
         message.find("the block exits, although") != std::string::npos);
}
