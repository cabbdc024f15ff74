// The cuBLAS 12 -> 13 bridge: a library that calls itself libcublas.so.12 and passes every call on to libcublas.so.13.
//
// JCublas2 12.6 imports 494 functions (jcublas2.symbols), each with the symbol version "libcublas.so.12". When this library
// is loaded before JCublas2's native part, the dynamic loader takes it for the library that is wanted. Each function here is
// one jump through a pointer, so that it needs no knowledge of parameters: cuBLAS 13 declares all 494 with the parameters and
// enumerators that they have in cuBLAS 12.6. (The declarations of 12.6 and 13.1 were compared; 13 only adds functions.)
//
// cuBLAS 13 is looked for once, when this library is loaded:
//   1. in PURSUIT_CUBLAS, the path of a library; if that is set, nowhere else
//   2. where the dynamic loader looks: LD_LIBRARY_PATH, ldconfig's folders
//   3. in the usual places of the CUDA toolkit
// Without it every function returns CUBLAS_STATUS_NOT_INITIALIZED, and cublasGetStatusString tells what was tried. A function
// that cuBLAS 13 lacks returns CUBLAS_STATUS_NOT_SUPPORTED.

#include <dlfcn.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr int NOT_INITIALIZED = 1;
constexpr int NOT_SUPPORTED = 15;

int not_initialized() { return NOT_INITIALIZED; }
int not_supported() { return NOT_SUPPORTED; }

using Function = int (*)();  // whatever its parameters are

}  // namespace

// One exported function a symbol, and the pointer through which it jumps; pointers are initialised before any code runs, so
// that connect() comes after. FORWARD is applied to every imported name but the three that return no status, written out below.
#define FORWARD(name)                                                                                 \
  extern "C" {                                                                                        \
  __attribute__((visibility("hidden"))) Function target_##name = not_initialized;                     \
  __attribute__((visibility("default"), naked)) void name() { asm("jmp *target_" #name "(%rip)"); }   \
  }
#include "forwarded.inc"
#undef FORWARD

namespace {

struct Forward {
  const char* name;
  Function* target;
};

const Forward FORWARDS[] = {
#define FORWARD(name) {#name, &target_##name},
#include "forwarded.inc"
#undef FORWARD
};

const char* const USUAL_PLACES[] = {
    "/usr/local/cuda/lib64/libcublas.so.13",
    "/usr/local/cuda-13/lib64/libcublas.so.13",
};

char why_absent[1024] = "CUBLAS_STATUS_NOT_INITIALIZED";

// The functions that return no status.
const char* (*status_name)(int) = nullptr;
const char* (*status_string)(int) = nullptr;
std::size_t (*runtime_version)() = nullptr;

template <class Typed>
void find(void* library, const char* name, Typed& typed) {
  typed = reinterpret_cast<Typed>(dlsym(library, name));
}

// libcublas.so.13 needs libcublasLt.so.13, which lies beside it; the loader finds that only in folders that it knows.
void* open(const char* path) {
  const char* slash = std::strrchr(path, '/');
  if (slash != nullptr) {
    char beside[1024];
    int length = std::snprintf(beside, sizeof beside, "%.*s/libcublasLt.so.13", static_cast<int>(slash - path), path);
    if (length > 0 && static_cast<std::size_t>(length) < sizeof beside) {
      dlopen(beside, RTLD_NOW | RTLD_LOCAL);
    }
  }
  return dlopen(path, RTLD_NOW | RTLD_LOCAL);
}

// dlerror() is asked at once: a later success would clear it.
void* open_or_say_why(const char* path) {
  void* library = open(path);
  if (library == nullptr) {
    const char* error = dlerror();
    std::snprintf(why_absent, sizeof why_absent, "no cuBLAS 13 for the cuBLAS bridge: %s",
                  error != nullptr ? error : path);
  }
  return library;
}

void* open_cublas() {
  const char* named = std::getenv("PURSUIT_CUBLAS");
  if (named != nullptr && named[0] != '\0') {
    return open_or_say_why(named);
  }
  void* library = open_or_say_why("libcublas.so.13");
  for (const char* path : USUAL_PLACES) {
    if (library == nullptr) {
      library = open(path);
    }
  }
  return library;
}

__attribute__((constructor)) void connect() {
  void* library = open_cublas();
  if (library == nullptr) {
    return;
  }
  for (const Forward& forward : FORWARDS) {
    void* address = dlsym(library, forward.name);
    *forward.target = address != nullptr ? reinterpret_cast<Function>(address) : not_supported;
  }
  find(library, "cublasGetStatusName", status_name);
  find(library, "cublasGetStatusString", status_string);
  find(library, "cublasGetCudartVersion", runtime_version);
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) const char* cublasGetStatusName(int status) {
  return status_name != nullptr ? status_name(status) : "CUBLAS_STATUS_NOT_INITIALIZED";
}

__attribute__((visibility("default"))) const char* cublasGetStatusString(int status) {
  return status_string != nullptr ? status_string(status) : why_absent;
}

__attribute__((visibility("default"))) std::size_t cublasGetCudartVersion() {
  return runtime_version != nullptr ? runtime_version() : 0;
}
}
