// Samples whose weight w_i = T_i (1 - exp(-sigma_i dt_i)) exceeds a bound; see composite/kernel.h.
#pragma once
#include "common/jnerf_pack.h"

namespace jnerf {

struct RayWeights {
    const float *sigmas, *t_starts, *t_ends;
    const int* packed_info;
    float least;
    // Calls found(i) for each heavy sample of a ray, in order; returns how many there are.
    template <class Found> JNERF_FN int walk(int64_t ray, const Found& found) const {
        const int64_t first = packed_info[2 * ray], count = packed_info[2 * ray + 1];
        float t = 1;
        int heavy = 0;
        for (int64_t i = first; i < first + count && t > least; i++) {
            const float keep = expf(-sigmas[i] * (t_ends[i] - t_starts[i]));
            if (!(t * (1 - keep) <= least)) found(heavy++, i);  // NaN is heavy: nothing hides it
            t *= keep;
        }
        return heavy;
    }
};

struct HeavyCount {
    RayWeights weights;
    int* packed;  // [R, 2]
    struct Nothing {
        JNERF_FN void operator()(int, int64_t) const {}
    };
    JNERF_FN void operator()(int64_t ray) const { packed[2 * ray + 1] = weights.walk(ray, Nothing{}); }
};

struct HeavyWrite {
    RayWeights weights;
    const int* packed;
    int* rows;
    struct Write {
        int* rows;
        JNERF_FN void operator()(int heavy, int64_t i) const { rows[heavy] = (int)i; }
    };
    JNERF_FN void operator()(int64_t ray) const { weights.walk(ray, Write{rows + packed[2 * ray]}); }
};

inline void heavy_count(int64_t n, const HeavyCount& kernel, int* totals) {
    parallel_for(n, kernel);
    pack_counts(n, 2147483647, kernel.packed, totals);
}

inline void heavy_write(int64_t n, const HeavyWrite& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
