// What the emulated cuBLAS asks of the emulated driver. These are exported by libcuda.so.1, for the two are libraries.
#pragma once
#include <cstddef>

extern "C" {

// Success where `bytes` bytes of device memory from `address` on are one allocation's, alive.
int simtCheckDevice(const char* what, const void* address, size_t bytes);

// Queues `run(data)` on a stream; its result is the operation's. `release(data)` is called when no launch of a graph can
// need it any more.
int simtEnqueue(void* stream, int (*run)(void* data), void* data, void (*release)(void* data));

// 0 no stream, 1 a stream, 2 one that captures a graph.
int simtStreamState(void* stream);

// Whether a context is current and works.
int simtContext();

// Counts the injected fault of that name down; whether it is due.
int simtDue(const char* name);
}
