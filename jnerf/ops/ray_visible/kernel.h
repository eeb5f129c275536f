// Marches rays window by window and keeps of each ray the leading samples in front of which transmittance is at least
// `early_stop`. The density is asked for a window of samples at a time, so that what lies behind a surface is neither
// marched through nor looked at:
//   count    the next window of each ray that is still transparent
//   advance  transmittance and number of kept samples once the window's densities are known
//   pack     rows of the samples kept in the end
//   gather   copies the kept samples of one window, and what the field computed for them, to those rows
#pragma once
#include "ray_march/kernel.h"

namespace jnerf {

struct VisibleCount {
    RayMarch march;
    const float* next_in;  // [R] lattice number where each ray goes on
    const int* kept;
    const float* trans;
    int looked, length;  // samples of each ray before this window, and in it
    float early_stop;
    int* window;  // [R, 2]
    float *first, *next;
    // Starts the walk through a ray's window; false if there is nothing to walk.
    JNERF_FN bool begin(int64_t ray, RayWalk& walk) const {
        const float n = next_in[ray];
        first[ray] = n;
        // A ray that ended, in the box or in the dark, has kept fewer samples than it could have.
        const bool open = kept[ray] == looked && trans[ray] >= early_stop;
        const int left = march.max_steps - looked;
        return walk.begin(march, ray, n, open ? (left < length ? left : length) : 0);
    }
    JNERF_FN bool step(int64_t ray, RayWalk& walk) const { return walk.step(march, RayMarchFirst{first + ray}); }
    JNERF_FN void end(int64_t ray, const RayWalk& walk) const {
        window[2 * ray + 1] = walk.count;
        next[ray] = walk.n;
    }
    JNERF_FN void operator()(int64_t ray) const {
        RayWalk walk;
        if (begin(ray, walk))
            while (step(ray, walk)) {}
        end(ray, walk);
    }
};

struct VisibleAdvance {
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

struct VisibleCounts {
    const int* kept;
    int* packed;
    JNERF_FN void operator()(int64_t ray) const { packed[2 * ray + 1] = kept[ray]; }
};

// Which rows of a window go to which rows of the result.
struct VisibleRows {
    const int *window, *packed;
    int looked;
    JNERF_FN int64_t of(int64_t ray, int64_t& from, int64_t& to) const {
        const int left = packed[2 * ray + 1] - looked, count = window[2 * ray + 1];
        from = window[2 * ray];
        to = packed[2 * ray] + looked;
        return left < count ? left : count;
    }
};

struct VisibleGather {
    VisibleRows rows;
    const float *t_starts_in, *t_ends_in;
    float *t_starts, *t_ends;
    int* ray_indices;
    JNERF_FN void operator()(int64_t ray) const {
        int64_t from, to;
        const int64_t count = rows.of(ray, from, to);
        for (int64_t i = 0; i < count; i++) {
            t_starts[to + i] = t_starts_in[from + i];
            t_ends[to + i] = t_ends_in[from + i];
            ray_indices[to + i] = (int)ray;
        }
    }
};

// features_in [G, n_in, F] -> features [G, n_out, F].
struct VisibleFeatures {
    VisibleRows rows;
    const float* features_in;
    int64_t n_rays, groups, n_in, n_out;
    int width;  // F
    float* features;
};

inline void visible_advance(int64_t n, const VisibleAdvance& kernel) { parallel_for(n, kernel); }

inline void visible_pack(int64_t n, const VisibleCounts& kernel, int64_t capacity, int* totals) {
    parallel_for(n, kernel);
    pack_counts(n, capacity, kernel.packed, totals);
}

inline void visible_gather(int64_t n, const VisibleGather& kernel) { parallel_for(n, kernel); }
}  // namespace jnerf
