// Midpoints of sample intervals: x = o + (t_start + t_end) / 2 * d.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct RayPoints {
    const float *rays_o, *rays_d, *t_starts, *t_ends;
    const int* ray_indices;
    float* positions;
    JNERF_FN void operator()(int64_t i) const {
        const int64_t ray = ray_indices[i];
        const float t = 0.5f * (t_starts[i] + t_ends[i]);
        for (int k = 0; k < 3; k++) positions[3 * i + k] = rays_o[3 * ray + k] + t * rays_d[3 * ray + k];
    }
};

}  // namespace jnerf
