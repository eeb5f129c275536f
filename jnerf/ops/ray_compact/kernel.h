// Keeps of each ray the leading samples in front of which transmittance is at least `early_stop`. The density is asked
// for a window of samples at a time, so that samples far behind the surface are never looked at:
//   pick     (first, count) of each ray's next window, among the rays that are still transparent
//   advance  transmittance and number of kept samples after the window's densities are known
//   write    copies the samples of a window, or those kept in the end
#pragma once
#include "common/jnerf_pack.h"

namespace jnerf {

struct RayCompactPick {
    const int *packed_in, *kept;
    const float* trans;
    int looked, length;  // samples of each ray before this window, and in it
    float early_stop;
    int* window;  // [R, 2]
    JNERF_FN void operator()(int64_t ray) const {
        const int left = packed_in[2 * ray + 1] - looked;
        const bool open = kept[ray] == looked && trans[ray] >= early_stop;
        window[2 * ray + 1] = open && left > 0 ? (left < length ? left : length) : 0;
    }
};

struct RayCompactAdvance {
    const float *t_starts, *t_ends, *sigmas;  // of the window
    const int *window, *kept_in;
    const float* trans_in;
    float early_stop;
    int* kept;
    float* trans;
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = window[2 * ray], count = window[2 * ray + 1];
        float t = trans_in[ray];
        int64_t i = first;
        while (i < first + count && t >= early_stop) {
            t *= expf(-sigmas[i] * (t_ends[i] - t_starts[i]));  // 1 - alpha
            i++;
        }
        kept[ray] = kept_in[ray] + (int)(i - first);
        trans[ray] = t;
    }
};

struct RayCompactWrite {
    const float *t_starts_in, *t_ends_in;
    const int *packed_in, *packed_out;
    int skip;  // leading samples of each ray that are not copied
    float *t_starts, *t_ends;
    int* ray_indices;
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t from = packed_in[2 * ray] + skip, to = packed_out[2 * ray], count = packed_out[2 * ray + 1];
        for (int64_t i = 0; i < count; i++) {
            t_starts[to + i] = t_starts_in[from + i];
            t_ends[to + i] = t_ends_in[from + i];
            ray_indices[to + i] = (int)ray;
        }
    }
};

struct RayCompactCount {
    const int* kept;
    int* packed;
    JNERF_FN void operator()(int64_t ray) const { packed[2 * ray + 1] = kept[ray]; }
};

inline void ray_compact_pick(int64_t n, const RayCompactPick& kernel, int* totals) {
    parallel_for(n, kernel);
    pack_counts(n, INT_MAX, kernel.window, totals);
}

inline void ray_compact_advance(int64_t n, const RayCompactAdvance& kernel) { parallel_for(n, kernel); }

inline void ray_compact_count(int64_t n, const RayCompactCount& kernel, int64_t capacity, int* totals) {
    parallel_for(n, kernel);
    pack_counts(n, capacity, kernel.packed, totals);
}

inline void ray_compact_write(int64_t n, const RayCompactWrite& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
