// One call per sample and wave.
#pragma once
#include "integrated_encode/kernel.h"

namespace jnerf {

inline void integrated_encode(int64_t n, const IntegratedEncode& kernel) { parallel_for(n * kernel.shape.waves(), kernel); }

}  // namespace jnerf
