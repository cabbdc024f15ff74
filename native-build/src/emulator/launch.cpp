#include "emulator/launch.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>

#include "emulator/checker.h"
#include "emulator/machine.h"

namespace simt {
namespace {

// Fewer threads than this are done before a second host thread has woken up.
constexpr uint64_t WORTH_SHARING = 4096;

// The numbers of a list such as 0,1,2.
std::vector<uint64_t> numbers(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  if (!text || !*text) return {otherwise};
  std::vector<uint64_t> all;
  for (char* end;; text = end + 1) {
    all.push_back(std::strtoull(text, &end, 10));
    if (*end != ',') return all;
  }
}

uint64_t number(const char* variable, uint64_t otherwise) { return numbers(variable, otherwise)[0]; }

uint64_t seed_of_next_launch() {
  static std::atomic<uint64_t> launches{0};
  const std::vector<uint64_t>& seeds = options().seeds;
  return seeds[launches++ % seeds.size()];
}

Machine& machine_of_host_thread() {
  // Never destroyed: a kernel may run while the process exits.
  static thread_local Machine* own = new Machine;
  return *own;
}

// The clusters of a launch, the odd ones for a second host thread if there is one. A cluster's order of threads depends on
// its number, not on who runs it; of several failures the first cluster's counts.
class Work {
 public:
  Work(const Launch& launch, uint64_t seed)
      : launch_(launch),
        seed_(seed),
        perRow_(launch.grid.x / launch.entry->cluster),
        clusters_(perRow_ * launch.grid.y * launch.grid.z) {}

  uint64_t clusters() const { return clusters_; }

  void run(uint64_t first, uint64_t step) {
    for (uint64_t linear = first; linear < clusters_ && linear < failed_; linear += step) {
      unsigned x = unsigned(linear % perRow_) * launch_.entry->cluster;
      unsigned y = unsigned(linear / perRow_ % launch_.grid.y), z = unsigned(linear / perRow_ / launch_.grid.y);
      if (Failure failure = machine_of_host_thread().run(launch_, {x, y, z}, linear, seed_))
        return note(linear, std::move(failure));
    }
  }

  Failure failure() { return std::move(failure_); }

 private:
  void note(uint64_t linear, Failure failure) {
    std::lock_guard lock(mutex_);
    if (linear >= failed_) return;
    failed_ = linear;
    failure_ = std::move(failure);
  }

  const Launch& launch_;
  uint64_t seed_, perRow_, clusters_;
  std::mutex mutex_;
  std::atomic<uint64_t> failed_{~0ull};
  Failure failure_;
};

// The second host thread: does the odd clusters of one launch at a time.
class Helper {
 public:
  Helper() { std::thread(&Helper::serve, this).detach(); }

  void share(Work& work) {
    std::lock_guard oneLaunch(launch_);
    {
      std::lock_guard lock(mutex_);
      work_ = &work;
    }
    changed_.notify_all();
    work.run(0, 2);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !work_; });
  }

 private:
  void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return work_; });
      lock.unlock();
      work_->run(1, 2);
      lock.lock();
      work_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex launch_, mutex_;
  std::condition_variable changed_;
  Work* work_ = nullptr;
};

Helper& helper() {
  static Helper* only = new Helper;  // never destroyed: it waits while the process exits
  return *only;
}

}  // namespace

#ifdef __SANITIZE_ADDRESS__
const bool SANITIZED = true;
#else
const bool SANITIZED = false;
#endif
const bool CHECKED = checker::ENABLED;

Options& options() {
  unsigned cores = std::thread::hardware_concurrency();
  static Options all{numbers("SIMT_SEED", 1), unsigned(number("SIMT_THREADS", cores > 1 ? 2 : 1)),
                     unsigned(number("SIMT_SECONDS", 120))};
  return all;
}

Failure launch(const Entry& entry, dim3 grid, dim3 block, size_t sharedBytes, const void* arguments) {
  // Aligned as the device's own argument memory is, and out of the kernel's reach.
  std::unique_ptr<unsigned char[]> copy(new unsigned char[entry.argumentBytes]);
  std::memcpy(copy.get(), arguments, entry.argumentBytes);
  Launch launch{&entry, grid, block, sharedBytes, block.x * block.y * block.z, copy.get()};
  checker::launch_begins();
  Work work(launch, seed_of_next_launch());
  bool shared = !checker::ENABLED && options().hostThreads > 1 && work.clusters() > 1 &&
                work.clusters() * entry.cluster * launch.threads >= WORTH_SHARING;
  if (shared)
    helper().share(work);
  else
    work.run(0, 1);
  return work.failure();
}

}  // namespace simt
