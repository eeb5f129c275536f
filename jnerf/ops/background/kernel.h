// Background colours: one for all rays, or three draws for each.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct Background {
    bool random;
    uint32_t seed, step, draw;
    float color[3];
    float* colors;  // [R, 3]
    JNERF_FN void operator()(int64_t ray) const {
        for (uint32_t c = 0; c < 3; c++) colors[3 * ray + c] = random ? uniform(seed, step, (uint32_t)ray, draw + c) : color[c];
    }
};

inline void background(int64_t n, const Background& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
