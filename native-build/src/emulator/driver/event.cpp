// Events: a mark in a stream's queue, and the moment when the stream reached it.
#include <algorithm>
#include <chrono>
#include <memory>

#include "emulator/driver/state.h"
#include "emulator/driver/stream.h"

namespace simt::driver {
namespace {

struct Event {
  bool alive = true, timed = true;
  Stream* stream = nullptr;  // of the latest record; null before the first
  uint64_t ticket = 0;       // reached when the stream has done as many operations
  std::shared_ptr<Capture> capture;
  uint64_t captured = 0;  // how much of the stream was captured at the record
  std::chrono::steady_clock::time_point reached;
};

std::vector<std::unique_ptr<Event>>& events() {
  static auto* all = new std::vector<std::unique_ptr<Event>>;
  return *all;
}

Event* event_of(void* handle) {
  for (auto& event : events()) {
    if (event.get() != handle) continue;
    if (event->alive) return event.get();
    complain(INVALID_HANDLE, "the event %p has been destroyed", handle);
    return nullptr;
  }
  complain(INVALID_HANDLE, "%p is no event", handle);
  return nullptr;
}

bool reached(const Event& event) { return !event.stream || event.stream->done >= event.ticket; }

int record(void* handle, void* streamHandle) {
  Event* event = event_of(handle);
  Stream* stream = stream_of(streamHandle);
  if (!event || !stream) return INVALID_HANDLE;
  event->stream = stream;
  event->capture = stream->capture;
  event->captured = stream->captured;
  if (stream->capture) return SUCCESS;
  event->ticket = stream->queued + 1;
  return enqueue(streamHandle, [event] {
                                  event->reached = std::chrono::steady_clock::now();
                                  return int(SUCCESS);
                                });
}

// The stream becomes part of the event's capture, or, being part of it, joins the event's stream.
int wait_captured(Stream& stream, const Event& event) {
  std::shared_ptr<Capture> capture = event.capture;
  if (stream.capture && stream.capture != capture) return complain(ILLEGAL_STATE, "two captures would merge");
  if (!stream.capture) {
    stream.capture = capture;
    capture->members.push_back(&stream);
    if (&stream != capture->origin) capture->unjoined.push_back(&stream);
  }
  auto& unjoined = capture->unjoined;
  if (event.stream != &stream && event.captured == event.stream->captured)
    unjoined.erase(std::remove(unjoined.begin(), unjoined.end(), event.stream), unjoined.end());
  return SUCCESS;
}

}  // namespace

void forget_events() {
  for (auto& event : events()) {
    if (event->alive) state().counters.events--;
    event->alive = false;
  }
}

SIMT_EXPORT int cuEventCreate(void** handle, unsigned flags) {
  return call("cuEventCreate", Needs::CONTEXT, [&] {
    constexpr unsigned DISABLE_TIMING = 2;
    events().push_back(std::make_unique<Event>());
    events().back()->timed = !(flags & DISABLE_TIMING);
    state().counters.events++;
    *handle = events().back().get();
    return SUCCESS;
  });
}

SIMT_EXPORT int cuEventDestroy_v2(void* handle) {
  return call("cuEventDestroy", Needs::RELEASING, [&]() -> int {
    Event* event = event_of(handle);
    if (!event) return INVALID_HANDLE;
    event->alive = false;
    state().counters.events--;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuEventRecord(void* event, void* stream) {
  return call("cuEventRecord", Needs::CONTEXT, [&] { return record(event, stream); });
}

SIMT_EXPORT int cuEventRecordWithFlags(void* event, void* stream, unsigned flags) {
  return call("cuEventRecordWithFlags", Needs::CONTEXT,
              [&]() -> int { return flags ? not_modelled("cuEventRecordWithFlags with flags") : record(event, stream); });
}

SIMT_EXPORT int cuEventSynchronize(void* handle) {
  return call("cuEventSynchronize", Needs::CONTEXT, [&]() -> int {
    Event* event = event_of(handle);
    if (!event) return INVALID_HANDLE;
    if (event->capture && event->stream->capture == event->capture) return unless_capturing();
    state().counters.waits++;
    return event->stream ? run_until(*event->stream, event->ticket) : int(SUCCESS);
  });
}

SIMT_EXPORT int cuEventQuery(void* handle) {
  return call("cuEventQuery", Needs::CONTEXT, [&]() -> int {
    Event* event = event_of(handle);
    if (!event) return INVALID_HANDLE;
    if (reached(*event)) return SUCCESS;
    int result = run_until(*event->stream, event->stream->done + 1);
    return result ? result : int(NOT_READY);
  });
}

SIMT_EXPORT int cuEventElapsedTime(float* milliseconds, void* first, void* second) {
  return call("cuEventElapsedTime", Needs::CONTEXT, [&]() -> int {
    Event *from = event_of(first), *to = event_of(second);
    if (!from || !to || !from->stream || !to->stream || !from->timed || !to->timed) return INVALID_HANDLE;
    if (!reached(*from) || !reached(*to)) return NOT_READY;
    *milliseconds = std::chrono::duration<float, std::milli>(to->reached - from->reached).count();
    return SUCCESS;
  });
}

SIMT_EXPORT int cuStreamWaitEvent(void* streamHandle, void* handle, unsigned) {
  return call("cuStreamWaitEvent", Needs::CONTEXT, [&]() -> int {
    Event* event = event_of(handle);
    Stream* stream = stream_of(streamHandle);
    if (!event || !stream) return INVALID_HANDLE;
    if (!event->stream) return SUCCESS;
    if (event->capture) return wait_captured(*stream, *event);
    return enqueue(streamHandle, [other = event->stream, ticket = event->ticket] {
                                    return run_until(*other, ticket);
                                  });
  });
}

}  // namespace simt::driver
