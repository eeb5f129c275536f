// Stratified intervals between the points where a ray enters and leaves a box.
// n intervals abut and cover [t_in, t_out] = n bins of width w: inner edge i lies at t_in + (i + u_i - 1/2) w, with
// u_i uniform in [0, 1) (1/2 without jitter: equal bins).
#pragma once
#include "common/jnerf_pack.h"
#include "common/rays/box.h"
#include "ray_points/kernel.h"

namespace jnerf {

struct RayUniform {
    const float *rays_o, *rays_d;
    Box box;
    float near, far;
    int n_samples;
    uint32_t seed, step;
    bool jitter;
    int* packed_info;
};

struct RayUniformCount {
    RayUniform r;
    JNERF_FN void operator()(int64_t ray) const {
        float t_in, t_out;
        const bool hit = ray_box(r.box, r.rays_o + 3 * ray, r.rays_d + 3 * ray, r.near, r.far, t_in, t_out);
        r.packed_info[2 * ray + 1] = hit ? r.n_samples : 0;
    }
};

struct RayUniformWrite {
    RayUniform r;
    float *t_starts, *t_ends;
    int* ray_indices;
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = r.packed_info[2 * ray], count = r.packed_info[2 * ray + 1];
        if (count == 0) return;
        float t_in, t_out;
        ray_box(r.box, r.rays_o + 3 * ray, r.rays_d + 3 * ray, r.near, r.far, t_in, t_out);
        const float width = (t_out - t_in) / count;
        float edge = t_in;
        for (int64_t i = 0; i < count; i++) {
            t_starts[first + i] = edge;
            const float u = r.jitter ? uniform(r.seed, r.step, (uint32_t)ray, (uint32_t)i) : 0.5f;
            edge = i + 1 == count ? t_out : fmaf((float)(i + 1) + (u - 0.5f), width, t_in);
            t_ends[first + i] = edge;
            ray_indices[first + i] = (int)ray;
        }
    }
};

}  // namespace jnerf
