// Loaded images, their functions, and launching them.
#pragma once

namespace simt::driver {

void forget_modules();

}  // namespace simt::driver
