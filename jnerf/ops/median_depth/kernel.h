// Where along a ray half of its weight lies in front: within an interval weight is spread evenly. 0 without weight.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct MedianDepth {
    const float *weights, *t_starts, *t_ends;
    const int* packed_info;
    const float* factors;  // [R]; null: 1
    float* depths;  // [R]
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = packed_info[2 * ray], end = first + packed_info[2 * ray + 1];
        float total = 0.0f, below = 0.0f, depth = 0.0f;
        for (int64_t i = first; i < end; i++) total += weights[i];
        const float half = 0.5f * total;
        for (int64_t i = first; i < end; i++) {
            const float w = weights[i];
            if (w > 0.0f && below + w >= half) {
                depth = fmaf((half - below) / w, t_ends[i] - t_starts[i], t_starts[i]);
                break;
            }
            below += w;
        }
        depths[ray] = factors ? depth * factors[ray] : depth;
    }
};

inline void median_depth(int64_t n_rays, const MedianDepth& kernel) { parallel_for(n_rays, kernel); }

}  // namespace jnerf
