// What a surface's colour sees of a sample, side by side, each part at a place of its own: the position in radii of the
// ball, the normal (as it is or of length 1), what the distance's MLP says (from an output on), and what is known of the
// ray (its encoded direction).
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct SurfaceInputs {
    const float *positions, *normals, *values, *of_ray;
    const int* ray_indices;
    int n_values, first, n_of_ray;  // first: outputs that are left out
    int at_x, at_normal, at_values, at_ray, width;
    float middle[3], scale;
    bool unit;

    JNERF_FN float length(const float* v) const { return sqrtf(v[0] * v[0] + v[1] * v[1] + v[2] * v[2] + 1e-12f); }
    JNERF_FN float load(int64_t s, int c) const {
        if (c >= at_values && c < at_values + n_values - first) return values[s * n_values + first + c - at_values];
        if (c >= at_x && c < at_x + 3) return (positions[3 * s + c - at_x] - middle[c - at_x]) * scale;
        const float* n = normals + 3 * s;
        if (c >= at_normal && c < at_normal + 3) return unit ? n[c - at_normal] / length(n) : n[c - at_normal];
        return of_ray[(int64_t)ray_indices[s] * n_of_ray + c - at_ray];
    }
    // d (v / |v|) = (g - u (u g)) / |v| for g, the gradient of u.
    JNERF_FN void normal_grad(int64_t s, const float* grad, float* to) const {
        const float *g = grad + s * width + at_normal, *n = normals + 3 * s;
        if (!unit) {
            for (int k = 0; k < 3; k++) to[k] = g[k];
            return;
        }
        const float inverse = 1.0f / length(n), along = (n[0] * g[0] + n[1] * g[1] + n[2] * g[2]) * inverse;
        for (int k = 0; k < 3; k++) to[k] = (g[k] - n[k] * inverse * along) * inverse;
    }
    JNERF_FN float value_grad(int64_t s, int c, const float* grad) const { return c < first ? 0.0f : grad[s * width + at_values + c - first]; }
};

struct SurfaceInputsElement {
    SurfaceInputs in;
    float* out;
    JNERF_FN void operator()(int64_t i) const { out[i] = in.load(i / in.width, (int)(i % in.width)); }
};

struct SurfaceInputsNormalGrad {
    SurfaceInputs in;
    const float* grad;
    float* out;
    JNERF_FN void operator()(int64_t s) const { in.normal_grad(s, grad, out + 3 * s); }
};

struct SurfaceInputsValueGrad {
    SurfaceInputs in;
    const float* grad;
    float* out;
    JNERF_FN void operator()(int64_t i) const { out[i] = in.value_grad(i / in.n_values, (int)(i % in.n_values), grad); }
};

}  // namespace jnerf
