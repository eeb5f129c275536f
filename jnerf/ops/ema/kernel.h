// Exponential moving average: a = decay a + rest x, rest = 1 - decay.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct Ema {
    float decay, rest;
    const float* values;
    float* averages;
    JNERF_FN float next(float average, float value) const { return fmaf(decay, average, rest * value); }
    JNERF_FN void operator()(int64_t i) const { averages[i] = next(averages[i], values[i]); }
};

}  // namespace jnerf
