#include "emulator/driver/stream.h"

#include <algorithm>
#include <set>

#include "emulator/driver/graph.h"
#include "emulator/driver/state.h"

namespace simt::driver {
namespace {

constexpr int GLOBAL = 0, RELAXED = 2;  // modes of capture; 1 is for the thread that captures

constexpr size_t LONGEST_QUEUE = 1024;  // a call beyond it runs the oldest work first

// Streams are never deleted: a handle that was destroyed stays recognisable.
struct Streams {
  std::vector<std::unique_ptr<Stream>> all;
  Stream null;
};

Streams& streams() {
  static Streams* only = new Streams;
  return *only;
}

const void* this_thread() {
  static thread_local char identity;
  return &identity;
}

int run_one(Stream& stream) {
  Operation run = std::move(stream.queue.front());
  stream.queue.pop_front();
  int result = state().primary.broken ? state().primary.broken : run();
  stream.done++;
  if (result != SUCCESS) break_context(result);
  return result;
}

int wait_for_blocking_streams() {
  for (auto& stream : streams().all)
    if (stream->blocking)
      if (int result = wait_for(*stream)) return result;
  return SUCCESS;
}

int enqueue_on_null(Operation operation) {
  for (auto& stream : streams().all)
    if (stream->blocking && stream->capture) return complain(STREAM_CAPTURE_IMPLICIT, "a blocking stream is capturing");
  if (int result = wait_for_blocking_streams()) return result;
  Stream& null = streams().null;
  null.queued++;
  null.queue.push_back(std::move(operation));
  return wait_for(null);
}

bool capturing() {
  return std::any_of(streams().all.begin(), streams().all.end(), [](auto& stream) { return bool(stream->capture); });
}

int create(void** handle, unsigned flags) {
  constexpr unsigned NON_BLOCKING = 1;
  if (flags & ~NON_BLOCKING) return INVALID_VALUE;
  streams().all.push_back(std::make_unique<Stream>());
  Stream& made = *streams().all.back();
  made.blocking = !(flags & NON_BLOCKING);
  made.flags = flags;
  state().counters.streams++;
  *handle = &made;
  return SUCCESS;
}

void end(Capture& capture) {
  for (Stream* member : capture.members) member->capture.reset();
}

}  // namespace

Stream* stream_of(void* handle) {
  // 1 and 2 are the constants CU_STREAM_LEGACY and CU_STREAM_PER_THREAD.
  if (!handle || handle == reinterpret_cast<void*>(1)) return &streams().null;
  for (auto& stream : streams().all) {
    if (stream.get() != handle) continue;
    if (stream->alive) return stream.get();
    complain(INVALID_HANDLE, "the stream %p has been destroyed", handle);
    return nullptr;
  }
  complain(INVALID_HANDLE, "%p is no stream", handle);
  return nullptr;
}

int run_until(Stream& stream, uint64_t done) {
  while (stream.done < done)
    if (int result = run_one(stream)) return result;
  return SUCCESS;
}

int wait_for(Stream& stream) { return run_until(stream, stream.queued); }

int wait_for_all() {
  if (capturing()) return unless_capturing();
  for (auto& stream : streams().all)
    if (int result = wait_for(*stream)) return result;
  return SUCCESS;
}

int enqueue(void* handle, Operation operation) {
  Stream* stream = stream_of(handle);
  if (!stream) return INVALID_HANDLE;
  if (stream->capture) {
    Capture& capture = *stream->capture;
    if (capture.invalid) return STREAM_CAPTURE_INVALIDATED;
    capture.operations.push_back(std::move(operation));
    stream->captured++;
    if (stream != capture.origin &&
        std::find(capture.unjoined.begin(), capture.unjoined.end(), stream) == capture.unjoined.end())
      capture.unjoined.push_back(stream);
    return SUCCESS;
  }
  if (stream == &streams().null) return enqueue_on_null(std::move(operation));
  stream->queued++;
  stream->queue.push_back(std::move(operation));
  if (state().settings.eager) return wait_for(*stream);
  return stream->queue.size() > LONGEST_QUEUE ? run_one(*stream) : int(SUCCESS);
}

int unless_capturing() {
  for (auto& stream : streams().all) {
    Capture* capture = stream->capture.get();
    if (!capture || capture->mode == RELAXED || (capture->mode != GLOBAL && capture->thread != this_thread())) continue;
    capture->invalid = true;
    return complain(STREAM_CAPTURE_UNSUPPORTED, "a stream is capturing");
  }
  return SUCCESS;
}

void forget_streams() {
  for (auto& stream : streams().all) {
    if (stream->alive) state().counters.streams--;
    stream->alive = false;
    stream->queue.clear();
    stream->done = stream->queued;
    stream->capture.reset();
  }
  forget_events();
  forget_graphs();
}

// ---- Streams ----

SIMT_EXPORT int cuStreamCreate(void** handle, unsigned flags) {
  return call("cuStreamCreate", Needs::CONTEXT, [&] { return create(handle, flags); });
}

SIMT_EXPORT int cuStreamCreateWithPriority(void** handle, unsigned flags, int) {
  return call("cuStreamCreateWithPriority", Needs::CONTEXT, [&] { return create(handle, flags); });
}

SIMT_EXPORT int cuStreamDestroy_v2(void* handle) {
  return call("cuStreamDestroy", Needs::RELEASING, [&]() -> int {
    Stream* stream = stream_of(handle);
    if (!stream || stream == &streams().null) return INVALID_HANDLE;
    if (stream->capture) {
      stream->capture->invalid = true;
      end(*stream->capture);
    }
    wait_for(*stream);
    stream->alive = false;
    state().counters.streams--;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuStreamSynchronize(void* handle) {
  return call("cuStreamSynchronize", Needs::CONTEXT, [&]() -> int {
    Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    if (stream->capture) {
      stream->capture->invalid = true;
      return complain(STREAM_CAPTURE_UNSUPPORTED, "the stream is capturing");
    }
    state().counters.waits++;
    return stream == &streams().null ? wait_for_blocking_streams() : wait_for(*stream);
  });
}

SIMT_EXPORT int cuStreamQuery(void* handle) {
  return call("cuStreamQuery", Needs::CONTEXT, [&]() -> int {
    Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    if (stream->capture) return unless_capturing();
    if (stream->queue.empty()) return SUCCESS;
    int result = run_one(*stream);  // or whoever asks again and again would ask for ever
    return result ? result : int(NOT_READY);
  });
}

SIMT_EXPORT int cuStreamGetFlags(void* handle, unsigned* flags) {
  return call("cuStreamGetFlags", Needs::CONTEXT, [&]() -> int {
    Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    *flags = stream->flags;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuStreamGetPriority(void* handle, int* priority) {
  return call("cuStreamGetPriority", Needs::CONTEXT, [&]() -> int {
    if (!stream_of(handle)) return INVALID_HANDLE;
    *priority = 0;
    return SUCCESS;
  });
}

SIMT_EXPORT int cuStreamGetCtx(void* handle, Context** context) {
  return call("cuStreamGetCtx", Needs::CONTEXT, [&]() -> int {
    if (!stream_of(handle)) return INVALID_HANDLE;
    *context = &state().primary;
    return SUCCESS;
  });
}

// ---- Capture ----

SIMT_EXPORT int cuStreamBeginCapture_v2(void* handle, int mode) {
  return call("cuStreamBeginCapture", Needs::CONTEXT, [&]() -> int {
    Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    if (stream == &streams().null) return complain(STREAM_CAPTURE_UNSUPPORTED, "the null stream cannot be captured");
    if (stream->capture) return complain(ILLEGAL_STATE, "the stream is capturing already");
    if (mode < 0 || mode > 2) return INVALID_VALUE;
    stream->capture = std::make_shared<Capture>();
    stream->capture->origin = stream;
    stream->capture->mode = mode;
    stream->capture->thread = this_thread();
    stream->capture->members = {stream};
    return SUCCESS;
  });
}

SIMT_EXPORT int cuStreamEndCapture(void* handle, void** graph) {
  return call("cuStreamEndCapture", Needs::RELEASING, [&]() -> int {
    Stream* stream = stream_of(handle);
    *graph = nullptr;
    if (!stream) return INVALID_HANDLE;
    std::shared_ptr<Capture> capture = stream->capture;
    if (!capture) return complain(ILLEGAL_STATE, "the stream does not capture");
    if (capture->origin != stream) return complain(STREAM_CAPTURE_UNMATCHED, "another stream began the capture");
    if (capture->mode != RELAXED && capture->thread != this_thread())
      return complain(STREAM_CAPTURE_WRONG_THREAD, "another thread began the capture");
    end(*capture);
    if (capture->invalid) return STREAM_CAPTURE_INVALIDATED;
    if (!capture->unjoined.empty())
      return complain(STREAM_CAPTURE_UNJOINED, "the first stream does not wait for all others");
    *graph = make_graph(std::move(capture->operations));
    return SUCCESS;
  });
}

SIMT_EXPORT int cuStreamIsCapturing(void* handle, int* status) {
  return call("cuStreamIsCapturing", Needs::CONTEXT, [&]() -> int {
    Stream* stream = stream_of(handle);
    if (!stream) return INVALID_HANDLE;
    *status = !stream->capture ? 0 : stream->capture->invalid ? 2 : 1;
    return SUCCESS;
  });
}

}  // namespace simt::driver
