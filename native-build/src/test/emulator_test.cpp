// The emulator's own tests.
#include "test/emulator_kernels.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "emulator/bits16.h"
#include "test/harness.h"

namespace {

std::vector<int> counting(int count) {
  std::vector<int> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 1);
  return values;
}

std::string wrong(int mode, size_t sharedBytes = 0) {
  test::Device<int> in(counting(64)), out(64);
  VectorArguments a{in.data(), out.data(), 64, mode};
  return test::fails("emulator_wrong", {1, 1, 1}, 64, sharedBytes, a);
}

}  // namespace

TEST(increment_reaches_every_element) {
  test::Device<int> in(counting(1000)), out(1000);
  VectorArguments a{in.data(), out.data(), 1000, 0};
  test::run("emulator_increment", {16, 1, 1}, 64, 0, a);
  for (int i = 0; i < 1000; i++) EXPECT_EQUAL(out.read()[size_t(i)], i + 2);
}

TEST(sums_by_shuffles_and_barriers) {
  test::Device<int> in(counting(1000)), out(4);
  VectorArguments a{in.data(), out.data(), 1000, 0};
  test::run("emulator_sum", {4, 1, 1}, 256, 8 * sizeof(int), a);
  EXPECT_EQUAL(out.read(), (std::vector<int>{256 * 257 / 2, 512 * 513 / 2 - 256 * 257 / 2, 768 * 769 / 2 - 512 * 513 / 2,
                                             1000 * 1001 / 2 - 768 * 769 / 2}));
}

TEST(launches_take_the_seeds_in_turn) {
  std::vector<uint64_t> before = simt::options().seeds;
  simt::options().seeds = {0, 1, 2};
  std::vector<std::vector<int>> orders;
  for (int launch = 0; launch < 6; launch++) {
    test::Device<int> in{0}, out(256);
    VectorArguments a{in.data(), out.data(), 256, 0};
    test::run("emulator_order", {1, 1, 1}, 256, 0, a);
    orders.push_back(out.read());
  }
  simt::options().seeds = before;
  std::vector<int> own(256);
  for (int i = 0; i < 256; i++) own[size_t(i)] = i;
  EXPECT_EQUAL(std::count(orders.begin(), orders.begin() + 3, own), 1);
  for (size_t launch = 0; launch < 3; launch++) EXPECT_EQUAL(orders[launch], orders[launch + 3]);
  EXPECT(orders[0] != orders[1] && orders[1] != orders[2] && orders[2] != orders[0]);
}

TEST(blocks_of_a_cluster_read_each_other) {
  test::Device<int> in(counting(8)), out(8);
  VectorArguments a{in.data(), out.data(), 8, 0};
  test::run("emulator_cluster_sum", {8, 1, 1}, 32, sizeof(int), a);
  EXPECT_EQUAL(out.read(), (std::vector<int>{10, 10, 10, 10, 26, 26, 26, 26}));
}

TEST(a_second_host_thread_changes_nothing) {
  const int blocks = 97, count = blocks * 256;
  test::Device<int> in(counting(count)), one{std::vector<int>(blocks)}, two{std::vector<int>(blocks)};
  test::Device<int> wrongIn(counting(64)), wrongOut(64);
  simt::Options before = simt::options();
  simt::options().seeds = {before.seeds[0]};
  std::string messages[2];
  for (unsigned threads : {1u, 2u}) {
    simt::options().hostThreads = threads;
    VectorArguments a{in.data(), (threads == 1 ? one : two).data(), count, 0};
    test::run("emulator_sum", {unsigned(blocks), 1, 1}, 256, 8 * sizeof(int), a);
    VectorArguments b{wrongIn.data(), wrongOut.data(), 64, 0};
    messages[threads - 1] = test::fails("emulator_wrong", {blocks, 1, 1}, 64, 0, b);
  }
  simt::options() = before;
  EXPECT_EQUAL(one.read(), two.read());
  EXPECT_EQUAL(messages[0], messages[1]);
}

TEST(deadlock_says_who_waits_where) {
  std::string message = wrong(0);
  EXPECT_CONTAINS(message, "kernel emulator_wrong, block (0, 0, 0)");
  EXPECT_CONTAINS(message, "deadlock");
  EXPECT_CONTAINS(message, "threads 32-47 wait in __syncwarp at emulator_kernels.cu:");
}

TEST(threads_of_a_block_at_different_barriers) { EXPECT_CONTAINS(wrong(1), "divergence in a block"); }

TEST(lanes_in_different_collectives) {
  std::string message = wrong(2);
  EXPECT_CONTAINS(message, "divergence in a warp");
  EXPECT_CONTAINS(message, "__ballot_sync");
  EXPECT_CONTAINS(message, "__any_sync");
}

TEST(shuffle_from_a_lane_that_takes_no_part) { EXPECT_CONTAINS(wrong(3), "reads lane 20, which does not take part"); }

TEST(mask_without_the_caller) { EXPECT_CONTAINS(wrong(4), "does not name the calling lane"); }

TEST(misaligned_address) { EXPECT_CONTAINS(wrong(6), "is no multiple of 16"); }

// The sanitizer ends the program at the access itself.
TEST(write_past_the_end_of_shared_memory) {
  if (simt::SANITIZED) return;
  EXPECT_CONTAINS(wrong(5, 63 * sizeof(int)),
                  simt::CHECKED ? "it writes 4 bytes at offset 252 of shared memory, beyond its end"
                                : "outside of its 252 bytes of shared memory");
}

TEST(shared_memory_that_the_launch_did_not_ask_for) {
  test::Device<int> in(counting(8)), out(8);
  VectorArguments a{in.data(), out.data(), 8, 0};
  EXPECT_CONTAINS(test::fails("emulator_cluster_sum", {8, 1, 1}, 32, 0, a), "the launch asked for 0 bytes in all");
}

TEST(sixteen_bit_floats_round_as_the_compiler_does) {
  for (unsigned v = 0; v < 65536; v++) {
    _Float16 half;
    uint16_t bits = uint16_t(v);
    std::memcpy(&half, &bits, 2);
    if (half != half) continue;
    EXPECT_EQUAL(simt::float_bits(simt::f16_to_float(bits)), simt::float_bits(float(half)));
    EXPECT_EQUAL(simt::float_to_f16(float(half)), bits);
  }
  for (int i = 0; i < 1000000; i++) {
    float f = simt::bits_float(uint32_t(test::random()()));
    if (f != f) {
      EXPECT_EQUAL(simt::float_to_f16(f), simt::NAN16);
      EXPECT_EQUAL(simt::float_to_bf16(f), simt::NAN16);
      continue;
    }
    _Float16 half = _Float16(f);
    uint16_t bits;
    std::memcpy(&bits, &half, 2);
    EXPECT_EQUAL(simt::float_to_f16(f), bits);
    // Among the two bf16 around f the nearer one; of two equally near, the even one.
    uint32_t below = simt::float_bits(f) & 0xffff0000, rest = simt::float_bits(f) & 0xffff;
    bool up = rest > 0x8000 || (rest == 0x8000 && (below >> 16 & 1));
    EXPECT_EQUAL(uint32_t(simt::float_to_bf16(f)) << 16, below + (up ? 0x10000 : 0));
  }
}

TEST(sixteen_bit_maxima_keep_nan) {
  EXPECT_EQUAL(simt::max16x2(0x3f80bf80, 0x40000000, 0x7f80), 0x40000000u);
  EXPECT_EQUAL(simt::max16x2(0xffc10000, 0x7f808000, 0x7f80), 0x7fff0000u);
  EXPECT_EQUAL(simt::max16x2(0x80007c01, 0x00007c00, 0x7c00), 0x00007fffu);
}
