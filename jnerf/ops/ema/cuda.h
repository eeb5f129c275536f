#pragma once
#include "ema/kernel.h"

namespace jnerf {
inline void ema(int64_t n, float decay, float rest, const float* values, float* averages) {
    parallel_for(n, Ema{decay, rest, values, averages});
}
}  // namespace jnerf
