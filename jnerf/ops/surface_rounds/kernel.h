// Samples that gather where a signed distance changes its sign (NeuS, Wang et al. 2021, https://arxiv.org/abs/2106.10689,
// section 3.2 and its published code), one ray per call. A ray's intervals abut: they are kept as their edges. A round takes
// up the edges that the one before drew, with their distances (sorted among the others), then draws n more where intervals
// of this round's sharpness have weight.
#pragma once
#include "surface_density/kernel.h"

namespace jnerf {

struct SurfaceBall {
    float middle[3], radius;
};

struct SurfaceRays {
    const float *rays_o, *rays_d;
    SurfaceBall ball;

    JNERF_FN void at(int64_t ray, float t, float* to) const {
        for (int k = 0; k < 3; k++) to[k] = fmaf(rays_d[3 * ray + k], t, rays_o[3 * ray + k]);
    }
    JNERF_FN bool inside(int64_t ray, float t) const {
        float p[3], sum = 0.0f;
        at(ray, t, p);
        for (int k = 0; k < 3; k++) sum += (p[k] - ball.middle[k]) * (p[k] - ball.middle[k]);
        return sum < ball.radius * ball.radius;
    }
    // From one radius before the point next to the ball's middle to one behind.
    JNERF_FN void ends(int64_t ray, float& near, float& far) const {
        float nearest = 0.0f;
        for (int k = 0; k < 3; k++) nearest += (ball.middle[k] - rays_o[3 * ray + k]) * rays_d[3 * ray + k];
        near = nearest - ball.radius > 0.0f ? nearest - ball.radius : 0.0f;
        far = nearest + ball.radius, far = far > near + 0.01f * ball.radius ? far : near + 0.01f * ball.radius;
    }
};

// n + 1 even edges, all of a ray but its ends moved together; `positions` of all of them.
struct SurfaceEven {
    SurfaceRays rays;
    int n;
    uint32_t seed, step;
    bool jitter;
    float *edges, *positions;
    JNERF_FN void operator()(int64_t ray) const {
        float near, far;
        rays.ends(ray, near, far);
        const float shift = jitter ? (uniform(seed, step, (uint32_t)ray, 0) - 0.5f) / n : 0.0f;
        for (int i = 0; i <= n; i++) {
            const int64_t at = ray * (n + 1) + i;
            const float part = (float)i / n + (i > 0 && i < n ? shift : 0.0f);
            edges[at] = fmaf(far - near, part, near);
            rays.at(ray, edges[at], positions + 3 * at);
        }
    }
};

// Edges [R, k] with distances, and those drawn since [R, m] with theirs -> one sorted row of k + m.
struct SurfaceMerge {
    const float *edges, *sdf, *drawn, *drawn_sdf;
    int k, m;
    float *merged, *merged_sdf;
    JNERF_FN void operator()(int64_t ray) const {
        const float *a = edges + ray * k, *b = drawn + ray * m;
        float* to = merged + ray * (k + m);
        float* value = merged_sdf + ray * (k + m);
        for (int i = 0, j = 0, at = 0; at < k + m; at++) {
            const bool old = j >= m || (i < k && a[i] <= b[j]);
            to[at] = old ? a[i] : b[j];
            value[at] = old ? sdf[ray * k + i] : drawn_sdf[ray * m + j];
            i += old, j += !old;
        }
    }
};

// From edges [R, k]: n points where intervals have weight, and where they lie.
struct SurfaceDraw {
    SurfaceRays rays;
    const float *edges, *sdf;
    int k, n;
    float sharpness, steepest, padding;
    float *weights, *drawn, *positions;  // weights: [R, k - 1]
    JNERF_FN void operator()(int64_t ray) const {
        const float *t = edges + ray * k, *f = sdf + ray * k;
        float *w = weights + ray * (k - 1), trans = 1.0f, total = 0.0f, before = 0.0f;
        bool inside = rays.inside(ray, t[0]);
        for (int i = 0; i + 1 < k; i++) {
            const float length = section_length(t[i], t[i + 1]), rise = (f[i + 1] - f[i]) / length;
            // The steeper of an interval and the one before: a surface just in front counts.
            float slope = rise < before ? rise : before;
            slope = slope < steepest ? steepest : slope > 0.0f ? 0.0f : slope;
            const bool next = rays.inside(ray, t[i + 1]);
            const SectionDensity section(0.5f * (f[i] + f[i + 1]), inside || next ? slope : 0.0f, length, sharpness);
            const float keep = expf(-section.density * (t[i + 1] - t[i]));
            w[i] = trans * (1.0f - keep) + padding;
            total += w[i];
            trans *= keep, before = rise, inside = next;
        }
        int i = 0;
        float below = 0.0f, last = t[0];
        for (int j = 0; j < n; j++) {
            const float target = (j + 0.5f) / n * total;
            while (i + 2 < k && below + w[i] <= target) below += w[i++];
            float part = (target - below) / w[i];
            part = part < 0.0f ? 0.0f : part > 1.0f ? 1.0f : part;
            const float point = fmaf(part, t[i + 1] - t[i], t[i]);
            last = point > last ? point : last;  // sorted in spite of rounding
            drawn[ray * n + j] = last;
            rays.at(ray, last, positions + 3 * (ray * n + j));
        }
    }
};

// Edges [R, k] and those drawn last [R, m] as packed intervals; behind the ball n_outside more, evenly in inverse distance.
struct SurfaceIntervals {
    SurfaceRays rays;
    const float *edges, *drawn;
    int k, m, n_outside;
    float farthest;  // the last of them ends so many times as far away as the first begins
    uint32_t seed, step;
    bool jitter;
    float *t_starts, *t_ends, *positions;
    int *ray_indices, *packed_info;

    JNERF_FN float behind(int64_t ray, float far, int i) const {  // edge i of 1 .. n_outside
        float inverse = 1.0f + (1.0f / farthest - 1.0f) * i / n_outside;
        if (jitter && i < n_outside) inverse += (uniform(seed, step, (uint32_t)ray, (uint32_t)i) - 0.5f) / n_outside;
        return far / inverse;
    }
    JNERF_FN void operator()(int64_t ray) const {
        const float *a = edges + ray * k, *b = drawn + ray * m;
        const int inner = k + m - 1, n = inner + n_outside;
        float near, far, last = 0.0f;
        rays.ends(ray, near, far);
        int64_t row = ray * n;
        packed_info[2 * ray] = (int)row, packed_info[2 * ray + 1] = n;
        for (int i = 0, j = 0, at = 0; at <= n; at++) {
            const bool old = j >= m || (i < k && a[i] <= b[j]);
            const float t = at > inner ? behind(ray, far, at - inner) : old ? a[i] : b[j];
            if (at <= inner) i += old, j += !old;
            if (at > 0) {
                t_starts[row] = last, t_ends[row] = t, ray_indices[row] = (int)ray;
                rays.at(ray, 0.5f * (last + t), positions + 3 * row);
                row++;
            }
            last = t;
        }
    }
};

}  // namespace jnerf
