#include "emulator/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "emulator/checker.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace simt {
namespace {

constexpr size_t PAGE = 4096, MARGIN = 256;
constexpr size_t RESERVED = size_t(1) << 40;  // addresses, not memory
constexpr size_t LARGE = size_t(1) << 20, PATTERN = size_t(4) << 20;
constexpr unsigned char MARK = 0xc3, UNWRITTEN = 0xff;

size_t whole_pages(size_t bytes) { return (bytes + PAGE - 1) / PAGE * PAGE; }

// One range of addresses, given out from the bottom up and never twice. An allocation is
// [pages: … MARGIN | data | rest of the page, at least MARGIN], so that data begins MARGIN into its first page.
class DeviceMemory {
 public:
  DeviceMemory() {
    void* range = mmap(nullptr, RESERVED, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) {
      std::perror("SIMT emulator: no addresses for device memory");
      std::abort();
    }
    begin_ = next_ = static_cast<unsigned char*>(range);
    pattern_ = memfd_create("unwritten device memory", MFD_CLOEXEC);
    std::string unwritten(PATTERN, char(UNWRITTEN));
    if (pattern_ < 0 || write(pattern_, unwritten.data(), PATTERN) != ssize_t(PATTERN)) {
      std::perror("SIMT emulator: no memory");
      std::abort();
    }
  }

  void* allocate(size_t bytes) {
    std::lock_guard lock(mutex_);
    if (bytes > RESERVED / 2) return nullptr;
    size_t whole = whole_pages(MARGIN + bytes + MARGIN);
    if (size_t(next_ - begin_) + whole + PAGE > RESERVED) return nullptr;
    if (!(bytes < LARGE ? mprotect(next_, whole, PROT_READ | PROT_WRITE) == 0 : map_unwritten(next_, whole)))
      return nullptr;
    unsigned char* data = next_ + MARGIN;
    if (bytes < LARGE) std::memset(data, UNWRITTEN, bytes);
    Allocation allocation{data, bytes, true};
    mark(allocation);
#ifdef __SANITIZE_ADDRESS__
    __asan_poison_memory_region(next_, whole);
    __asan_unpoison_memory_region(data, bytes);
#endif
    next_ += whole + PAGE;
    allocations_[data] = allocation;
    return data;
  }

  bool release(void* address) {
    std::lock_guard lock(mutex_);
    auto at = allocations_.find(static_cast<unsigned char*>(address));
    if (at == allocations_.end() || !at->second.alive) return false;
    if (!intact(at->second)) damage_ = describe(at->second);
    at->second.alive = false;
    checker::released(at->second.data, at->second.bytes);
    unsigned char* first = at->second.data - MARGIN;
    size_t whole = whole_pages(MARGIN + at->second.bytes + MARGIN);
    madvise(first, whole, MADV_DONTNEED);
    mprotect(first, whole, PROT_NONE);
#ifdef __SANITIZE_ADDRESS__
    __asan_poison_memory_region(first, whole);
#endif
    return true;
  }

  const Allocation* at(const void* address) {
    std::lock_guard lock(mutex_);
    auto after = allocations_.upper_bound(static_cast<unsigned char*>(const_cast<void*>(address)) + MARGIN);
    return after == allocations_.begin() ? nullptr : &std::prev(after)->second;
  }

  bool reserved(const void* address) const {
    auto p = static_cast<const unsigned char*>(address);
    return p >= begin_ && p < begin_ + RESERVED;
  }

  std::string damaged() {
    std::lock_guard lock(mutex_);
    std::string text = std::move(damage_);
    damage_.clear();
    for (auto& [data, allocation] : allocations_) {
      std::string found = told_once(allocation);
      if (text.empty()) text = found;
    }
    return text;
  }

  std::string damaged(const void* address) {
    const Allocation* allocation = at(address);
    std::lock_guard lock(mutex_);
    return allocation ? told_once(*allocation) : "";
  }

 private:
  // Pages of one file that holds nothing else: a large allocation costs as much as is written to it.
  bool map_unwritten(unsigned char* pages, size_t bytes) {
    for (size_t at = 0; at < bytes; at += PATTERN) {
      size_t some = bytes - at < PATTERN ? bytes - at : PATTERN;
      if (mmap(pages + at, some, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, pattern_, 0) == MAP_FAILED)
        return false;
    }
    return true;
  }

  __attribute__((no_sanitize("address"))) static bool intact(const Allocation& a) {
    const unsigned char* end = a.data - MARGIN + whole_pages(MARGIN + a.bytes + MARGIN);
    for (const unsigned char* p = a.data - MARGIN; p < a.data; p++)
      if (*p != MARK) return false;
    for (const unsigned char* p = a.data + a.bytes; p < end; p++)
      if (*p != MARK) return false;
    return true;
  }

  __attribute__((no_sanitize("address"))) static void mark(const Allocation& a) {
    unsigned char* end = a.data - MARGIN + whole_pages(MARGIN + a.bytes + MARGIN);
    for (unsigned char* p = a.data - MARGIN; p < a.data; p++) *p = MARK;
    for (unsigned char* p = a.data + a.bytes; p < end; p++) *p = MARK;
  }

  static std::string told_once(const Allocation& a) {
    if (!a.alive || intact(a)) return "";
    mark(a);
    return describe(a);
  }

  static std::string describe(const Allocation& a) {
    char text[128];
    std::snprintf(text, sizeof text, "something wrote outside of the %zu bytes of device memory at %p", a.bytes,
                  static_cast<void*>(a.data));
    return text;
  }

  std::mutex mutex_;
  std::map<unsigned char*, Allocation> allocations_;
  unsigned char *begin_, *next_;
  int pattern_;
  std::string damage_;
};

DeviceMemory& memory() {
  static DeviceMemory* all = new DeviceMemory;  // never destroyed: others may free while the process exits
  return *all;
}

}  // namespace

void* allocate(size_t bytes) { return memory().allocate(bytes); }
bool release(void* address) { return memory().release(address); }
const Allocation* allocation_at(const void* address) { return memory().at(address); }
bool is_device_address(const void* address) { return memory().reserved(address); }
std::string damaged_memory() { return memory().damaged(); }
std::string damaged_memory(const void* address) { return memory().damaged(address); }

}  // namespace simt
