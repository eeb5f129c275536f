// Densities of signed distances (NeuS, Wang et al. 2021, https://arxiv.org/abs/2106.10689, equation 13). With the logistic
// function Phi(f) = 1 / (1 + exp(-s f)), an interval along which the distance f falls has 1 - alpha = Phi(f_end) / Phi(f_start);
// its logarithm is density times length, and L(x) = -log Phi = log(1 + exp(-x)) overflows nowhere.
#pragma once
#include "common/jnerf_common.h"
#include "photometric/sum.h"

namespace jnerf {

// L(x), and -L'(x) = 1 / (1 + exp(x)).
JNERF_FN float minus_log_phi(float x, float& falls) {
    const float t = expf(-fabsf(x));
    falls = x > 0.0f ? t / (1.0f + t) : 1.0f / (1.0f + t);
    return (x < 0.0f ? -x : 0.0f) + logf(1.0f + t);
}

// The density of an interval with the distance f in its middle, which falls by `slope` (at most 0) per length.
struct SectionDensity {
    float density, by_f, by_fall, by_s;  // fall: of half the interval

    JNERF_FN SectionDensity(float f, float slope, float length, float s) {
        const float fall = 0.5f * slope * length;
        float end, start;
        const float depth = minus_log_phi(s * (f + fall), end) - minus_log_phi(s * (f - fall), start);
        const bool counts = depth > 0.0f;
        density = counts ? depth / length : depth != depth ? depth : 0.0f;
        by_f = counts ? s * (start - end) / length : 0.0f;
        by_fall = counts ? -s * (start + end) / length : 0.0f;
        by_s = counts ? (start * (f - fall) - end * (f + fall)) / length : 0.0f;
    }
};

JNERF_FN float section_length(float start, float end) { return end - start > 1e-9f ? end - start : 1e-9f; }

// Slope along the ray of a distance with this gradient, where it falls; in the beginning (annealed < 1) mixed with
// (cos - 1) / 2, which is nowhere positive. `by_cosine`: its derivative.
JNERF_FN float falling_slope(float cosine, float annealed, float& by_cosine) {
    const float half = 0.5f * cosine - 0.5f;
    by_cosine = (cosine < 0.0f ? annealed : 0.0f) + (half < 0.0f ? 0.5f * (1.0f - annealed) : 0.0f);
    return annealed * (cosine < 0.0f ? cosine : cosine != cosine ? cosine : 0.0f) + (1.0f - annealed) * (half < 0.0f ? half : 0.0f);
}

struct SurfaceDensity {
    const float *sdf, *normals, *t_starts, *t_ends, *rays_d;
    const int* ray_indices;
    const float* sharpness;
    float annealed;

    JNERF_FN SectionDensity section(int64_t i, float& by_cosine, float& length) const {
        const float *n = normals + 3 * i, *d = rays_d + 3 * (int64_t)ray_indices[i];
        length = section_length(t_starts[i], t_ends[i]);
        return SectionDensity(sdf[i], falling_slope(n[0] * d[0] + n[1] * d[1] + n[2] * d[2], annealed, by_cosine), length, *sharpness);
    }
};

struct SurfaceDensityForward {
    SurfaceDensity in;
    float* sigmas;
    JNERF_FN void operator()(int64_t i) const {
        float by_cosine, length;
        sigmas[i] = in.section(i, by_cosine, length).density;
    }
};

struct SurfaceDensityBackward {
    SurfaceDensity in;
    const float* grad;
    float *grad_sdf, *grad_normals, *grad_sharpness;  // the last: of each sample
    JNERF_FN void operator()(int64_t i) const {
        float by_cosine, length;
        const SectionDensity found = in.section(i, by_cosine, length);
        const float g = grad[i], along = g * found.by_fall * 0.5f * length * by_cosine;
        grad_sdf[i] = g * found.by_f;
        for (int k = 0; k < 3; k++) grad_normals[3 * i + k] = along * in.rays_d[3 * (int64_t)in.ray_indices[i] + k];
        grad_sharpness[i] = g * found.by_s;
    }
};

JNERF_ENTRY void surface_density_backward(int64_t n, const SurfaceDensityBackward& kernel, float* grad_sharpness) {
    parallel_for(n, kernel);
    sum_floats(n, kernel.grad_sharpness, grad_sharpness);
}

// The same of samples whose slope is not known: the mean of the differences to the neighbours on the same ray.
struct DensityAlong {
    const float *sdf, *t_starts, *t_ends;
    const int* ray_indices;
    const float* sharpness;
    float* sigmas;
    int64_t n;

    JNERF_FN float middle(int64_t i) const { return 0.5f * (t_starts[i] + t_ends[i]); }
    JNERF_FN void add(int64_t i, float& rise, float& count) const {  // from sample i to i + 1
        if (i < 0 || i + 1 >= n || ray_indices[i] != ray_indices[i + 1]) return;
        const float length = middle(i + 1) - middle(i);
        if (!(length > 0.0f)) return;
        rise += (sdf[i + 1] - sdf[i]) / (length > 1e-9f ? length : 1e-9f);
        count += 1.0f;
    }
    JNERF_FN void operator()(int64_t i) const {
        float rise = 0.0f, count = 0.0f;
        add(i - 1, rise, count);
        add(i, rise, count);
        const float slope = rise / (count > 1.0f ? count : 1.0f);
        sigmas[i] = SectionDensity(sdf[i], slope < 0.0f ? slope : 0.0f, section_length(t_starts[i], t_ends[i]), *sharpness).density;
    }
};

// s = min(exp(10 v), most) / radius of the variance v, and its derivative.
struct Sharpness {
    const float *variance, *grad;  // grad: null for the value
    float most, radius;
    float* out;
    JNERF_FN void operator()(int64_t) const {
        const float s = expf(*variance * 10.0f);
        out[0] = grad ? (s < most ? *grad * s * 10.0f / radius : 0.0f) : (s < most ? s : s != s ? s : most) / radius;
    }
};

}  // namespace jnerf
