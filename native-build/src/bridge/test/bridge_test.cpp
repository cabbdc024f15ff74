// bridge-test BRIDGE CLIENT found|absent: loads the bridge, then a client that needs libcublas.so.12, as Java does with
// System.load, and lets the client call cuBLAS 13 through it.

#include <dlfcn.h>

#include <cstdio>
#include <cstring>

namespace {

void* load(const char* path) {
  void* library = dlopen(path, RTLD_LAZY);
  if (library == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
  }
  return library;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "bridge-test BRIDGE CLIENT found|absent\n");
    return 2;
  }
  // A client that loaded without the bridge would have found another libcublas.so.12, and prove nothing.
  if (dlopen(arguments[2], RTLD_LAZY) != nullptr) {
    std::fprintf(stderr, "the client loads without the bridge: this machine has a libcublas.so.12 of its own\n");
    return 77;
  }
  if (load(arguments[1]) == nullptr) {
    return 1;
  }
  void* client = load(arguments[2]);
  if (client == nullptr) {
    return 1;
  }
  bool found = std::strcmp(arguments[3], "found") == 0;
  using Trial = const char* (*)();
  Trial trial = reinterpret_cast<Trial>(dlsym(client, found ? "with_cublas13" : "without_cublas13"));
  if (trial == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  const char* wrong = trial();
  if (wrong != nullptr) {
    std::fprintf(stderr, "%s\n", wrong);
    return 1;
  }
  return 0;
}
