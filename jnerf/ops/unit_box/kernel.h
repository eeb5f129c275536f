// out = (position - low) / size, for each coordinate.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct UnitBox {
    const float *positions, *low, *inverse_size;  // [S, D], [D], [D]
    int dims;
    float* out;
    JNERF_FN void operator()(int64_t i) const {
        const int k = (int)(i % dims);
        out[i] = (positions[i] - low[k]) * inverse_size[k];
    }
};

inline void unit_box(int64_t n, const UnitBox& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
