// Arguments of the kernels that test the emulator itself.
#pragma once

struct VectorArguments {
  const int* in;
  int* out;
  int count, mode;
};
