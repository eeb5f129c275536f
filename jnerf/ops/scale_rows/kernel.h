// out[r, c] = rows[r, c] * factors[r], or * factors[0].
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct ScaleRows {
    const float *rows, *factors;
    int64_t stride, channels;  // stride: from one row's factor to the next one's
    float* out;
    JNERF_FN void operator()(int64_t i) const { out[i] = rows[i] * factors[stride * (i / channels)]; }
};

inline void scale_rows(int64_t n, const ScaleRows& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
