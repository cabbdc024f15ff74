// Kernels of latents.cu against plain loops.
#include "latents.h"

#include <algorithm>
#include <cmath>

#include "test/harness.h"

namespace {

using test::Device;

TEST(latents_by_how_often_they_fired) {
  for (int n : {1, 255, 256, 257, 600}) {
    size_t size = size_t(n);
    Device<long long> fires(size), since(size);
    Device<unsigned char> dead(size);
    Device<int> count({0});
    Device<float> densities(size);
    std::vector<long long> expectedSince;
    std::vector<unsigned char> expectedDead;
    std::vector<float> expectedDensities;
    int expectedCount = 0;
    for (int j = 0; j < n; j++) {
      fires.data()[j] = (long long)(test::random()() % 3);
      since.data()[j] = (long long)(test::random()() % 50);
      expectedSince.push_back(fires.data()[j] ? 0 : since.data()[j] + 9);
      expectedDead.push_back(expectedSince.back() >= 30);
      expectedCount += expectedDead.back();
      expectedDensities.push_back(float(double(fires.data()[j]) / 9));
    }
    unsigned blocks = unsigned((n + 255) / 256);
    SinceFiredArguments a{fires.data(), since.data(), 9, n};
    test::run("since_fired", {blocks, 1, 1}, 256, 0, a);
    EXPECT_EQUAL(since.read(), expectedSince);
    DeadLatentsArguments b{since.data(), dead.data(), count.data(), 30, n};
    test::run("dead_latents", {blocks, 1, 1}, 256, 0, b);
    EXPECT_EQUAL(dead.read(), expectedDead);
    EXPECT_EQUAL(count.read(), (std::vector<int>{expectedCount}));
    DensityArguments c{fires.data(), densities.data(), 9, n};
    test::run("density", {blocks, 1, 1}, 256, 0, c);
    EXPECT_EQUAL(densities.read(), expectedDensities);
  }
}

TEST(moving_averages) {
  Device<float> observed({4, 3, NAN, NAN, 7}), average({8, NAN, 8, NAN, -1});
  MovingAverageArguments a{observed.data(), average.data(), 5, 0.75f};
  test::run("moving_average", {1, 1, 1}, 256, 0, a);
  std::vector<float> found = average.read();
  EXPECT(std::isnan(found[3]));
  found.erase(found.begin() + 3);
  EXPECT_EQUAL(found, (std::vector<float>{7, 3, 8, 1}));
}

// 100 rows; group 0 aims at 0.1, group 1 at 0.5, group 2 has nobody alive.
TEST(biases_of_three_groups) {
  //                      over  dead  in band  over  dead  alone and dead  dead without end  no group
  Device<long long> fires({20, 0, 5, 60, 0, 0, 0, 99});
  Device<float> maxima({4, 2, -3, 8, -INFINITY, 0, 1, 9});
  Device<int> groups({0, 0, 0, 1, 1, 2, 1, 7});
  Device<float> targets({0.1f, 0.5f, 0.2f});
  Device<float> bias({-0.5f, -0.5f, -0.5f, -0.95f, -0.75f, -0.25f, -0.01f, -0.125f});
  AdaptBiasArguments a{fires.data(), maxima.data(), groups.data(), targets.data(), bias.data(), 100, 8,
                       0.0625f,      0.03125f,      1e-6f,         -1,             0};
  test::run("adapt_bias", {3, 1, 1}, 512, 256, a);
  EXPECT_EQUAL(bias.read(), (std::vector<float>{-0.75f, -0.40625f, -0.5f, -1, -0.609375f, -0.25f, 0, -0.125f}));
}

TEST(biases_of_many_latents) {
  for (int n : {1, 31, 511, 512, 513, 1500}) {
    size_t size = size_t(n);
    Device<long long> fires(size);
    Device<float> maxima(size), bias(size), targets({0.25f});
    double sum = 0;
    int count = 0;
    for (int j = 0; j < n; j++) {
      fires.data()[j] = (long long)(test::random()() % 5);
      maxima.data()[j] = float(int(test::random()() % 9)) - 2;
      bias.data()[j] = -0.5f;
      if (maxima.data()[j] > 0) sum += maxima.data()[j], count++;
    }
    std::vector<float> expected;
    for (int j = 0; j < n; j++) {
      double r = std::max(maxima.data()[j], 0.0f), mean = count ? sum / count : 0;
      double p = double(fires.data()[j]) / 10;
      expected.push_back(p > 0.25 ? float(-0.5 - 0.125 * r) : p < 0.05f ? float(std::min(-0.5 + 0.25 * mean, 0.0)) : -0.5f);
    }
    AdaptBiasArguments a{fires.data(), maxima.data(), nullptr, targets.data(), bias.data(), 10, n, 0.125f, 0.25f, 0.05f, -9, 0};
    test::run("adapt_bias", {1, 1, 1}, 512, 256, a);
    EXPECT_EQUAL(bias.read(), expected);
  }
}

TEST(a_nan_reaches_the_bias) {
  Device<long long> fires({9, 0});
  Device<float> maxima({NAN, 1}), bias({-0.5f, -0.5f}), targets({0.25f});
  AdaptBiasArguments a{fires.data(), maxima.data(), nullptr, targets.data(), bias.data(), 10, 2, 0.1f, 0.1f, 0.05f, -1, 0};
  test::run("adapt_bias", {1, 1, 1}, 512, 256, a);
  EXPECT(std::isnan(bias.read()[0]) && std::isnan(bias.read()[1]));
}

}  // namespace
