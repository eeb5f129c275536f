// Keeps of each ray the leading samples in front of which transmittance is at least `early_stop`.
#pragma once
#include "common/jnerf_pack.h"

namespace jnerf {

struct RayCompactCount {
    const float *t_starts, *t_ends, *sigmas;
    const int* packed_in;
    float early_stop;
    int* packed_out;
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = packed_in[2 * ray], count = packed_in[2 * ray + 1];
        float trans = 1.f;
        int kept = 0;
        while (kept < count && trans >= early_stop) {
            const int64_t i = first + kept++;
            trans *= expf(-sigmas[i] * (t_ends[i] - t_starts[i]));  // 1 - alpha
        }
        packed_out[2 * ray + 1] = kept;
    }
};

struct RayCompactWrite {
    const float *t_starts_in, *t_ends_in;
    const int *packed_in, *packed_out;
    float *t_starts, *t_ends;
    int* ray_indices;
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t from = packed_in[2 * ray], to = packed_out[2 * ray], count = packed_out[2 * ray + 1];
        for (int64_t i = 0; i < count; i++) {
            t_starts[to + i] = t_starts_in[from + i];
            t_ends[to + i] = t_ends_in[from + i];
            ray_indices[to + i] = (int)ray;
        }
    }
};

}  // namespace jnerf
