// A kernel's test: device memory in, a launch by name, results out.
//
//   #include "test/harness.h"
//   TEST(scale_doubles_every_element) {
//     test::Device<float> x({1, 2, 3});
//     ScaleArguments a{x.data(), 2.0f, 3};
//     test::run("scale_f32", {1, 1, 1}, 128, 0, a);
//     EXPECT_EQUAL(x.read(), (std::vector<float>{2, 4, 6}));
//   }
//
// Every file *_test.cpp is one program; its cases run under several seeds (SIMT_SEED) and under each checker. Cases that
// draw numbers take them from test::random(), so that a seed repeats a failure. Arguments structs are declared in the
// test again, or in a header beside the kernel that does not include simt.cuh.
#pragma once
#include <cstdint>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "emulator/launch.h"
#include "emulator/memory.h"

namespace test {

struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Body = void (*)();
struct Case {
  Case(const char* name, Body body);
};

#define TEST(name)                                   \
  static void test_##name();                         \
  static const ::test::Case case_##name(#name, &test_##name); \
  static void test_##name()

// A generator seeded by SIMT_SEED and the case's name.
std::mt19937& random();
bool quick();  // under a checker, which is several times slower, or to list barriers: fewer or smaller shapes will do

// Device memory, followed and preceded by bytes that nobody may touch. The address can be moved off its alignment.
template <class T>
class Device {
 public:
  explicit Device(size_t count, size_t offset = 0) : count_(count), offset_(offset) {
    base_ = static_cast<T*>(simt::allocate((count + offset) * sizeof(T)));
  }
  explicit Device(const std::vector<T>& values, size_t offset = 0) : Device(values.size(), offset) {
    for (size_t i = 0; i < count_; i++) data()[i] = values[i];
  }
  Device(std::initializer_list<T> values) : Device(std::vector<T>(values)) {}
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device() { simt::release(base_); }

  T* data() { return base_ + offset_; }
  size_t size() const { return count_; }
  std::vector<T> read() { return std::vector<T>(data(), data() + count_); }

 private:
  T* base_;
  size_t count_, offset_;
};

// Runs a kernel and returns what went wrong, if anything did.
simt::Failure launch(const std::string& kernel, dim3 grid, unsigned threads, size_t sharedBytes, const void* arguments,
                     size_t argumentBytes);

// Runs a kernel that must succeed.
template <class Arguments>
void run(const std::string& kernel, dim3 grid, unsigned threads, size_t sharedBytes, const Arguments& arguments) {
  if (simt::Failure failure = launch(kernel, grid, threads, sharedBytes, &arguments, sizeof arguments))
    throw Failed(failure.message);
}

// Runs a kernel that must fail, and gives the message.
template <class Arguments>
std::string fails(const std::string& kernel, dim3 grid, unsigned threads, size_t sharedBytes,
                  const Arguments& arguments) {
  simt::Failure failure = launch(kernel, grid, threads, sharedBytes, &arguments, sizeof arguments);
  if (!failure) throw Failed("kernel " + kernel + " should have failed");
  return failure.message;
}

template <class T>
void print(std::ostream& out, const T& value) {
  out << value;
}
template <class T>
void print(std::ostream& out, const std::vector<T>& values) {
  out << '[';
  for (size_t i = 0; i < values.size() && i < 64; i++) {
    if (i) out << ", ";
    out << +values[i];
  }
  out << (values.size() > 64 ? ", …]" : "]");
}

template <class A, class B>
void expect_equal(const A& actual, const B& expected, const char* what, const char* file, int line) {
  if (actual == expected) return;
  std::ostringstream text;
  text << file << ':' << line << ": " << what << " is ";
  print(text, actual);
  text << ", expected ";
  print(text, expected);
  throw Failed(text.str());
}

inline void expect(bool holds, const char* what, const char* file, int line) {
  if (!holds) throw Failed(std::string(file) + ':' + std::to_string(line) + ": not so: " + what);
}

inline void expect_contains(const std::string& text, const std::string& part, const char* file, int line) {
  if (text.find(part) == std::string::npos)
    throw Failed(std::string(file) + ':' + std::to_string(line) + ": \"" + text + "\" does not say \"" + part + '"');
}

#define EXPECT(condition) ::test::expect(condition, #condition, __FILE__, __LINE__)
#define EXPECT_EQUAL(actual, expected) ::test::expect_equal(actual, expected, #actual, __FILE__, __LINE__)
#define EXPECT_CONTAINS(text, part) ::test::expect_contains(text, part, __FILE__, __LINE__)

}  // namespace test
