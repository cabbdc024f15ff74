// Copies and fills, linear and by rows.
#include <cstring>
#include <memory>

#include "emulator/driver/host.h"
#include "emulator/driver/memory.h"
#include "emulator/driver/state.h"
#include "emulator/driver/stream.h"
#include "emulator/memory.h"

namespace simt::driver {
namespace {

// Rows of memory, `pitch` bytes apart.
struct Plane {
  bool device;
  unsigned char* data;
  size_t pitch;
};

struct Shape {
  size_t bytes, rows;  // of a row; their number
};

Plane device(DevicePointer address, size_t pitch = 0) {
  return {true, reinterpret_cast<unsigned char*>(address), pitch};
}

Plane host(const void* address, size_t pitch = 0) {
  return {false, static_cast<unsigned char*>(const_cast<void*>(address)), pitch};
}

// By the address, as with unified addressing.
Plane either(DevicePointer address) {
  auto p = reinterpret_cast<const void*>(address);
  return is_device_address(p) && !is_pinned(p) ? device(address) : host(p);
}

int check(const char* what, Plane plane, Shape shape) {
  size_t bytes = (shape.rows - 1) * plane.pitch + shape.bytes;
  return plane.device ? check_device(what, plane.data, bytes) : check_host(what, plane.data, bytes);
}

int check(Plane to, Plane from, Shape shape) {
  if (int result = check("the source", from, shape)) return result;
  return check("the target", to, shape);
}

void copy_rows(Plane to, Plane from, Shape shape) {
  for (size_t row = 0; row < shape.rows; row++)
    std::memmove(to.data + row * to.pitch, from.data + row * from.pitch, shape.bytes);
}

Operation copying(Plane to, Plane from, Shape shape) {
  return [=]() -> int {
            if (check(to, from, shape)) return ILLEGAL_ADDRESS;  // freed since
            state().counters.copies++;
            copy_rows(to, from, shape);
            return SUCCESS;
          };
}

// Pageable memory is read before the call returns: what is queued holds the bytes themselves.
Operation copying_kept(Plane to, Plane from, Shape shape) {
  auto kept = std::make_shared<std::vector<unsigned char>>(shape.bytes * shape.rows);
  Plane packed = host(kept->data(), shape.bytes);
  copy_rows(packed, from, shape);
  return [kept, to, packed, shape]() -> int {
            if (check("the target", to, shape)) return ILLEGAL_ADDRESS;
            state().counters.copies++;
            copy_rows(to, packed, shape);
            return SUCCESS;
          };
}

int copy(Plane to, Plane from, Shape shape) {
  if (shape.bytes == 0 || shape.rows == 0) return SUCCESS;
  if (int result = check(to, from, shape)) return result;
  if (int result = unless_capturing()) return result;
  return enqueue(nullptr, copying(to, from, shape));
}

int copy_queued(Plane to, Plane from, Shape shape, void* handle) {
  Stream* stream = stream_of(handle);
  if (!stream) return INVALID_HANDLE;
  if (shape.bytes == 0 || shape.rows == 0) return SUCCESS;
  if (int result = check(to, from, shape)) return result;
  bool pageableFrom = !from.device && !is_pinned(from.data), pageableTo = !to.device && !is_pinned(to.data);
  if (stream->capture && (pageableFrom || pageableTo))
    complain(SUCCESS, "a captured copy will use pageable memory at every launch of the graph");
  else if (pageableFrom && !pageableTo)
    return enqueue(handle, copying_kept(to, from, shape));
  if (int result = enqueue(handle, copying(to, from, shape))) return result;
  return pageableTo && !stream->capture ? wait_for(*stream) : int(SUCCESS);
}

// CUDA_MEMCPY2D, version 2.
struct Copy2D {
  size_t fromX, fromY;
  unsigned fromType;
  const void* fromHost;
  DevicePointer fromDevice;
  void* fromArray;
  size_t fromPitch;
  size_t toX, toY;
  unsigned toType;
  void* toHost;
  DevicePointer toDevice;
  void* toArray;
  size_t toPitch;
  size_t bytes, rows;
};

bool plane(unsigned type, const void* hostAddress, DevicePointer deviceAddress, size_t pitch, size_t x, size_t y,
           size_t bytes, Plane& result) {
  constexpr unsigned HOST = 1, DEVICE = 2, UNIFIED = 4;
  if (type == HOST)
    result = host(hostAddress, pitch);
  else if (type == DEVICE)
    result = device(deviceAddress, pitch);
  else if (type == UNIFIED)
    result = either(deviceAddress);
  else
    return false;
  if (pitch == 0) pitch = x + bytes;
  result.pitch = pitch;
  result.data += y * pitch + x;
  return pitch >= x + bytes;
}

int copy_2d(const Copy2D* c, bool queued, void* stream) {
  Plane from, to;
  if (!plane(c->fromType, c->fromHost, c->fromDevice, c->fromPitch, c->fromX, c->fromY, c->bytes, from) ||
      !plane(c->toType, c->toHost, c->toDevice, c->toPitch, c->toX, c->toY, c->bytes, to))
    return complain(INVALID_VALUE, "the pitch is less than a row, or the memory is an array");
  Shape shape{c->bytes, c->rows};
  return queued ? copy_queued(to, from, shape, stream) : copy(to, from, shape);
}

template <class T>
int fill(DevicePointer address, size_t pitch, T value, size_t count, size_t rows, bool queued, void* stream) {
  Plane to = device(address, pitch);
  Shape shape{count * sizeof(T), rows};
  if (count == 0 || rows == 0) return SUCCESS;
  if (address % sizeof(T) || pitch % sizeof(T)) return complain(INVALID_VALUE, "the address is not aligned");
  if (int result = check("the target", to, shape)) return result;
  if (!queued)
    if (int result = unless_capturing()) return result;
  return enqueue(queued ? stream : nullptr, [=]() -> int {
                                               if (check("the target", to, shape)) return ILLEGAL_ADDRESS;
                                               for (size_t row = 0; row < rows; row++) {
                                                 T* at = reinterpret_cast<T*>(to.data + row * pitch);
                                                 for (size_t i = 0; i < count; i++) at[i] = value;
                                               }
                                               return SUCCESS;
                                             });
}

}  // namespace

SIMT_EXPORT int cuMemcpyHtoD_v2(DevicePointer to, const void* from, size_t bytes) {
  return call("cuMemcpyHtoD", Needs::CONTEXT, [&] { return copy(device(to), host(from), {bytes, 1}); });
}
SIMT_EXPORT int cuMemcpyDtoH_v2(void* to, DevicePointer from, size_t bytes) {
  return call("cuMemcpyDtoH", Needs::CONTEXT, [&] { return copy(host(to), device(from), {bytes, 1}); });
}
SIMT_EXPORT int cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, size_t bytes) {
  return call("cuMemcpyDtoD", Needs::CONTEXT, [&] { return copy(device(to), device(from), {bytes, 1}); });
}
SIMT_EXPORT int cuMemcpy(DevicePointer to, DevicePointer from, size_t bytes) {
  return call("cuMemcpy", Needs::CONTEXT, [&] { return copy(either(to), either(from), {bytes, 1}); });
}
SIMT_EXPORT int cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, size_t bytes, void* stream) {
  return call("cuMemcpyHtoDAsync", Needs::CONTEXT,
              [&] { return copy_queued(device(to), host(from), {bytes, 1}, stream); });
}
SIMT_EXPORT int cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, size_t bytes, void* stream) {
  return call("cuMemcpyDtoHAsync", Needs::CONTEXT,
              [&] { return copy_queued(host(to), device(from), {bytes, 1}, stream); });
}
SIMT_EXPORT int cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes, void* stream) {
  return call("cuMemcpyDtoDAsync", Needs::CONTEXT,
              [&] { return copy_queued(device(to), device(from), {bytes, 1}, stream); });
}
SIMT_EXPORT int cuMemcpyAsync(DevicePointer to, DevicePointer from, size_t bytes, void* stream) {
  return call("cuMemcpyAsync", Needs::CONTEXT,
              [&] { return copy_queued(either(to), either(from), {bytes, 1}, stream); });
}
SIMT_EXPORT int cuMemcpy2D_v2(const Copy2D* copy) {
  return call("cuMemcpy2D", Needs::CONTEXT, [&] { return copy_2d(copy, false, nullptr); });
}
SIMT_EXPORT int cuMemcpy2DUnaligned_v2(const Copy2D* copy) {
  return call("cuMemcpy2DUnaligned", Needs::CONTEXT, [&] { return copy_2d(copy, false, nullptr); });
}
SIMT_EXPORT int cuMemcpy2DAsync_v2(const Copy2D* copy, void* stream) {
  return call("cuMemcpy2DAsync", Needs::CONTEXT, [&] { return copy_2d(copy, true, stream); });
}

#define SIMT_MEMSET(bits, type)                                                                              \
  SIMT_EXPORT int cuMemsetD##bits##_v2(DevicePointer to, type value, size_t count) {                         \
    return call("cuMemsetD" #bits, Needs::CONTEXT, [&] { return fill<type>(to, 0, value, count, 1, false, nullptr); }); \
  }                                                                                                          \
  SIMT_EXPORT int cuMemsetD##bits##Async(DevicePointer to, type value, size_t count, void* stream) {         \
    return call("cuMemsetD" #bits "Async", Needs::CONTEXT,                                                   \
                [&] { return fill<type>(to, 0, value, count, 1, true, stream); });                           \
  }                                                                                                          \
  SIMT_EXPORT int cuMemsetD2D##bits##_v2(DevicePointer to, size_t pitch, type value, size_t count, size_t rows) { \
    return call("cuMemsetD2D" #bits, Needs::CONTEXT,                                                         \
                [&] { return fill<type>(to, pitch, value, count, rows, false, nullptr); });                  \
  }                                                                                                          \
  SIMT_EXPORT int cuMemsetD2D##bits##Async(DevicePointer to, size_t pitch, type value, size_t count, size_t rows, \
                                           void* stream) {                                                   \
    return call("cuMemsetD2D" #bits "Async", Needs::CONTEXT,                                                 \
                [&] { return fill<type>(to, pitch, value, count, rows, true, stream); });                    \
  }
SIMT_MEMSET(8, unsigned char)
SIMT_MEMSET(16, unsigned short)
SIMT_MEMSET(32, unsigned)

}  // namespace simt::driver
