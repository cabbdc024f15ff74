// Queues of work. Nothing queued runs before somebody waits for it (unless the setting "eager" says otherwise): what the
// host does too early or too late shows, as it might on a device.
#pragma once
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "emulator/driver/api.h"

namespace simt::driver {

// What is queued: does it and gives the result. It has complained if that is not success.
using Operation = std::function<int()>;

struct Stream;

// A graph in the making: the work of its streams in the order of the calls.
struct Capture {
  Stream* origin;
  int mode;          // 0 global, 1 of this thread, 2 relaxed
  const void* thread;  // identifies the thread that began it
  std::vector<Operation> operations;
  std::vector<Stream*> members, unjoined;
  bool invalid = false;
};

struct Stream {
  bool blocking = true;  // waits for the null stream, and it for this one
  bool alive = true;
  unsigned flags = 0;
  std::deque<Operation> queue;
  uint64_t queued = 0, done = 0;
  std::shared_ptr<Capture> capture;
  uint64_t captured = 0;  // operations that went into captures
};

// The stream of a handle, the null stream included; null, after a complaint, for a destroyed or foreign handle.
Stream* stream_of(void* handle);

// Puts work into a stream's queue, or into the graph that the stream captures.
int enqueue(void* handle, Operation operation);

int wait_for(Stream& stream);
int wait_for_all();
int run_until(Stream& stream, uint64_t done);

// For calls that a capture forbids: invalidates it and returns the error, or returns success where none is under way.
int unless_capturing();

void forget_streams();
void forget_events();

}  // namespace simt::driver
