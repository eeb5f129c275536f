// Hierarchical sampling (Mildenhall et al. 2020, section 5.2; Barron et al. 2021, equations 18 and 19 and section 3.3).
// The weights of a ray's intervals, with `padding` added to each, are a piecewise constant density along it. Points lie
// where its cumulative distribution is (j + u_j) / m of the whole, u_j uniform in [0, 1) (1/2 without jitter), so they
// are sorted. Either n + 1 points are the edges of n new intervals, or n points cut the old intervals further.
#pragma once
#include "common/jnerf_pack.h"
#include "ray_points/kernel.h"

namespace jnerf {

struct RayResample {
    const float *t_starts, *t_ends, *weights;
    const int* packed_in;
    int n;
    bool merge, blur;
    float padding;
    uint32_t seed, step;
    bool jitter;
    int* packed_info;

    JNERF_FN int count(int old) const { return old == 0 ? 0 : n + (merge ? old : 0); }

    // blur: the mean of the larger of each pair of neighbours, so that a step in the weights reaches both of its sides.
    JNERF_FN float weight(int64_t first, int count, int i) const {
        const float w = weights[first + i];
        if (!blur) return w + padding;
        const float before = weights[first + (i > 0 ? i - 1 : 0)], after = weights[first + (i + 1 < count ? i + 1 : i)];
        return 0.5f * ((before > w ? before : w) + (after > w ? after : w)) + padding;
    }
};

struct RayResampleCount {
    RayResample r;
    JNERF_FN void operator()(int64_t ray) const { r.packed_info[2 * ray + 1] = r.count(r.packed_in[2 * ray + 1]); }
};

struct RayResampleWrite {
    RayResample r;
    float *t_starts, *t_ends;
    int* ray_indices;

    struct Edges {  // each edge ends the interval that the one before began
        float *t_starts, *t_ends;
        int *ray_indices, ray;
        int64_t row;
        float last;
        bool any;
        JNERF_FN void add(float t) {
            if (any) {
                t_starts[row] = last;
                t_ends[row] = t;
                ray_indices[row++] = ray;
            }
            last = t;
            any = true;
        }
    };

    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = r.packed_in[2 * ray];
        const int count = r.packed_in[2 * ray + 1];
        if (count == 0) return;
        float total = 0.0f;
        for (int i = 0; i < count; i++) total += r.weight(first, count, i);
        const bool flat = !(total > 0.0f);  // nothing known: all intervals alike
        if (flat) total = (float)count;
        Edges edges{t_starts, t_ends, ray_indices, (int)ray, r.packed_info[2 * ray], 0.0f, false};
        const int points = r.n + (r.merge ? 0 : 1);
        int i = 0, old = 0;
        float below = 0.0f, w = flat ? 1.0f : r.weight(first, count, 0), t = r.t_starts[first];
        for (int j = 0; j < points; j++) {
            const float u = r.jitter ? uniform(r.seed, r.step, (uint32_t)ray, (uint32_t)j) : 0.5f;
            const float target = ((float)j + u) / (float)points * total;
            while (i + 1 < count && below + w <= target) {
                below += w;
                i++;
                w = flat ? 1.0f : r.weight(first, count, i);
            }
            const float a = r.t_starts[first + i], part = w > 0.0f ? (target - below) / w : 0.0f;
            const float inside = part < 0.0f ? 0.0f : part > 1.0f ? 1.0f : part;
            const float point = fmaf(inside, r.t_ends[first + i] - a, a);
            t = point > t ? point : t;  // sorted in spite of rounding
            if (r.merge)
                while (old <= count && old_edge(first, count, old) <= t) edges.add(old_edge(first, count, old++));
            edges.add(t);
        }
        if (r.merge)
            while (old <= count) edges.add(old_edge(first, count, old++));
    }

    JNERF_FN float old_edge(int64_t first, int count, int i) const { return i < count ? r.t_starts[first + i] : r.t_ends[first + count - 1]; }
};

inline void ray_resample_count(int64_t n, const RayResample& kernel, int64_t capacity, int* totals) {
    parallel_for(n, RayResampleCount{kernel});
    pack_counts(n, capacity, kernel.packed_info, totals);
}

inline void ray_resample_write(int64_t n, const RayResample& kernel, float* t_starts, float* t_ends, int* ray_indices) {
    parallel_for(n, RayResampleWrite{kernel, t_starts, t_ends, ray_indices});
}

}  // namespace jnerf
