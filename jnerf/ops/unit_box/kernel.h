// out = (position - low) / size, for each coordinate; or held in [0, 1], with 1 for points that were there and 0 for others.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct UnitBox {
    const float *positions, *low, *inverse_size;  // [S, D], [D], [D]
    int dims;
    float* out;
    JNERF_FN float at(int64_t i, int k) const { return (positions[i] - low[k]) * inverse_size[k]; }
    JNERF_FN void operator()(int64_t i) const { out[i] = at(i, (int)(i % dims)); }
};

inline void unit_box(int64_t n, const UnitBox& kernel) { parallel_for(n, kernel); }

struct HeldBox {
    UnitBox box;
    float* inside;  // [S]
    JNERF_FN void operator()(int64_t s) const {
        float all = 1.0f;
        for (int k = 0; k < box.dims; k++) {
            const float v = box.at(box.dims * s + k, k);
            if (!(v >= 0.0f && v <= 1.0f)) all = 0.0f;
            box.out[box.dims * s + k] = v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
        }
        inside[s] = all;
    }
};

inline void held_box(int64_t n, const HeldBox& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
