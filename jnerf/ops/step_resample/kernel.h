// Intervals of a normalised distance s in [0, 1], n on every ray, drawn from a step function of an earlier round.
// An interval of it wants (w + padding)^anneal + floor of the samples, nothing if it has no length. Points lie where the
// share below is (j + u_j) / m, u_j uniform in [0, 1), one for all j or each its own (1/2 without jitter). They are the
// n + 1 edges (nerfacto), or the n centres between which edges lie half way (mip-NeRF 360). Without an earlier round
// centres are drawn from [0, 1] evenly, and edges lie at j / n, moved within their half cells.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

// s -> t; the curves are those of spacings.py.
struct Spacing {
    int code;
    float near, far;  // h of both ends
    float a, b, unit;
    JNERF_FN float operator()(float s) const {
        const float h = near * (1.0f - s) + far * s;
        if (code == 0) return unit * h;
        if (code == 1) return unit / h;
        if (code == 2) return h > 0.5f ? unit * (2.0f - 2.0f * h) : unit * 0.5f / h;
        return unit * b * (powf(h, a) - 1.0f);
    }
};

struct StepResample {
    const float *starts, *ends, *weights;  // n_old a ray, or null
    int n_old, n;
    bool centres;
    float anneal, padding, floor;
    bool single_jitter, jitter;
    uint32_t seed, step;
    Spacing spacing;
    float *s_starts, *s_ends, *t_starts, *t_ends;
    int *ray_indices, *packed_info;
    float* mass;  // n_old a ray

    // The draws of a ray; a single one is drawn once.
    struct Draws {
        const StepResample& r;
        uint32_t ray;
        bool same;
        float first;
        JNERF_FN Draws(const StepResample& r, int64_t ray)
            : r(r), ray((uint32_t)ray), same(!r.jitter || r.single_jitter), first(r.jitter ? uniform(r.seed, r.step, (uint32_t)ray, 0u) : 0.5f) {}
        JNERF_FN float operator()(int j) const { return same ? first : uniform(r.seed, r.step, ray, (uint32_t)j); }
    };

    // Walks along the step function as the share ascends.
    struct Walk {
        const float *starts, *ends, *mass;
        int count, i;
        float total, below, last;
        JNERF_FN float operator()(float share) {
            const float target = share * total;
            while (i + 1 < count && (mass[i] <= 0.0f || below + mass[i] <= target)) below += mass[i++];
            const float part = mass[i] > 0.0f ? (target - below) / mass[i] : 1.0f;
            const float inside = part < 0.0f ? 0.0f : part > 1.0f ? 1.0f : part;
            const float point = fmaf(inside, ends[i] - starts[i], starts[i]);
            return last = point > last ? point : last;  // sorted in spite of rounding
        }
    };

    // x to the power `anneal`; the fast powf of CUDA makes 0 to the power 0 NaN.
    JNERF_FN float power(float x) const { return x > 0.0f ? powf(x, anneal) : anneal > 0.0f ? 0.0f : 1.0f; }

    JNERF_FN Walk walk(int64_t ray) const {
        const int64_t first = ray * n_old;
        float total = 0.0f;
        int count = n_old;  // up to the last interval that wants any
        if (anneal == 1.0f)  // apart, so that it is done to many at once
            for (int64_t i = first; i < first + n_old; i++) mass[i] = ends[i] > starts[i] ? weights[i] + padding + floor : 0.0f;
        else
            for (int64_t i = first; i < first + n_old; i++) mass[i] = ends[i] > starts[i] ? power(weights[i] + padding) + floor : 0.0f;
        for (int64_t i = first; i < first + n_old; i++) {
            total += mass[i];
            if (mass[i] > 0.0f) count = (int)(i - first) + 1;
        }
        if (!(total > 0.0f)) {  // nothing known: all intervals alike
            for (int64_t i = first; i < first + n_old; i++) mass[i] = 1.0f;
            total = (float)n_old;
            count = n_old;
        }
        return Walk{starts + first, ends + first, mass + first, count, 0, total, 0.0f, 0.0f};
    }

    struct Edges {  // each edge ends the interval that the one before began
        float *starts, *last_end;
        int64_t at, n;
        JNERF_FN void add(float s) {
            if (at < n)
                starts[at] = s;
            else
                *last_end = s;
            at++;
        }
    };

    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = ray * n;
        packed_info[2 * ray] = (int)first;
        packed_info[2 * ray + 1] = n;
        for (int j = 0; j < n; j++) ray_indices[first + j] = (int)ray;
        const Draws random(*this, ray);
        if (weights || centres)
            drawn(ray, random);
        else
            even(first, random);
        for (int64_t i = first; i + 1 < first + n; i++) s_ends[i] = s_starts[i + 1];
        for (int64_t i = first; i < first + n; i++) t_starts[i] = spacing(s_starts[i]);
        for (int64_t i = first; i + 1 < first + n; i++) t_ends[i] = t_starts[i + 1];
        t_ends[first + n - 1] = spacing(s_ends[first + n - 1]);
    }

    JNERF_FN void drawn(int64_t ray, const Draws& random) const {
        Edges edges{s_starts + ray * n, s_ends + ray * n + n - 1, 0, n};
        Walk at = weights ? walk(ray) : Walk{};
        const int points = centres ? n : n + 1;
        float before = 0.0f, middle = 0.0f;
        for (int j = 0; j < points; j++) {
            const float share = ((float)j + random(j)) / (float)points, point = weights ? at(share) : share;
            if (!centres) edges.add(point);
            if (centres && j > 0) {
                middle = 0.5f * (before + point);
                if (j == 1) edges.add(inside(2.0f * before - middle));
                edges.add(middle);
            }
            before = point;
        }
        if (centres && n == 1) edges.add(0.0f);
        if (centres) edges.add(n == 1 ? 1.0f : inside(2.0f * before - middle));
    }

    JNERF_FN static float inside(float s) { return s < 0.0f ? 0.0f : s > 1.0f ? 1.0f : s; }

    JNERF_FN void even(int64_t first, const Draws& random) const {
        for (int j = 0; j < n; j++) s_starts[first + j] = even(j, random);
        s_ends[first + n - 1] = even(n, random);
    }

    JNERF_FN float even(int j, const Draws& random) const {
        if (!jitter) return (float)j / (float)n;
        const float low = inside(((float)j - 0.5f) / (float)n), high = inside(((float)j + 0.5f) / (float)n);
        return low + (high - low) * random(j);
    }
};

inline void step_resample(int64_t n_rays, const StepResample& kernel) { parallel_for(n_rays, kernel); }

}  // namespace jnerf
