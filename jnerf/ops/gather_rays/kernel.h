// Rows of a per-ray table for every packed sample, and the gradient: the sum over a ray's samples, in sample order.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct GatherRays {
    const float* rows;         // [R, C]
    const int* ray_indices;    // [S]
    float* out;                // [S, C]
    int channels;
    JNERF_FN void operator()(int64_t i) const {
        const float* row = rows + (int64_t)ray_indices[i] * channels;
        for (int c = 0; c < channels; c++) out[i * channels + c] = row[c];
    }
};

struct SumOverRays {
    const float* values;       // [S, C]
    const int* packed_info;    // [R, 2]
    float* out;                // [R, C]
    int channels;
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = packed_info[2 * ray], count = packed_info[2 * ray + 1];
        for (int c = 0; c < channels; c++) {
            float sum = 0;
            for (int64_t i = first; i < first + count; i++) sum += values[i * channels + c];
            out[ray * channels + c] = sum;
        }
    }
};

inline void gather_rays(int64_t n_samples, GatherRays kernel) { parallel_for(n_samples, kernel); }
inline void sum_over_rays(int64_t n_rays, SumOverRays kernel) { parallel_for(n_rays, kernel); }

}  // namespace jnerf
