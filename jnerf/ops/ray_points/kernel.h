// Midpoints of sample intervals: x = o + (t_start + t_end) / 2 * d, and what a gradient by them is by o and d.
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

// One ray per call, its samples in their order.
struct RayPointsGrad {
    const float *grad, *t_starts, *t_ends;  // [S, 3], [S], [S]
    const int* packed_info;                 // [R, 2]
    float *grad_o, *grad_d;                 // [R, 3]
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = packed_info[2 * ray], end = first + packed_info[2 * ray + 1];
        float of_o[3] = {}, of_d[3] = {};
        for (int64_t i = first; i < end; i++) {
            const float t = 0.5f * (t_starts[i] + t_ends[i]);
            for (int k = 0; k < 3; k++) of_o[k] += grad[3 * i + k], of_d[k] += t * grad[3 * i + k];
        }
        for (int k = 0; k < 3; k++) grad_o[3 * ray + k] = of_o[k], grad_d[3 * ray + k] = of_d[k];
    }
};

}  // namespace jnerf
