// Losses of surfaces, each with its gradient in the same pass; sums are in a fixed order and in double (sum.h).
#pragma once
#include "common/jnerf_common.h"
#include "photometric/sum.h"

namespace jnerf {

// A loss is weight x (sum of values) / (sum of counts + none): what `values`, `counts` [n] say of element i; `counts` null
// counts each as 1 / `share`. Where the counts are known, `gradient` is made (Kernel::gradient).
template <class Kernel> struct LossValues {
    Kernel kernel;
    float *values, *counts;
    JNERF_FN void operator()(int64_t i) const { kernel.value(i, values[i], counts[i]); }
};

template <class Kernel> struct LossGradient {
    Kernel kernel;
    const float* total;  // [1]: sum of counts
    float weight, factor, none;  // the divisor is factor x total + none
    JNERF_FN void operator()(int64_t i) const { kernel.gradient(i, weight / (factor * *total + none)); }
};

struct LossMean {
    const float *sum, *total;
    float weight, factor, none;
    float* loss;
    JNERF_FN void operator()(int64_t) const { *loss = *sum / (factor * *total + none) * weight; }
};

template <class Kernel>
inline void surface_loss(int64_t n, const Kernel& kernel, float weight, float factor, float none, float* values, float* counts, float* sums, float* loss) {
    parallel_for(n, LossValues<Kernel>{kernel, values, counts});
    sum_floats(n, values, sums);
    sum_floats(n, counts, sums + 1);
    parallel_for(n, LossGradient<Kernel>{kernel, sums + 1, weight, factor, none});
    parallel_for(1, LossMean{sums, sums + 1, weight, factor, none, loss});
}

// (|g| - 1)^2 of the distance's gradient g (Gropp et al. 2020, https://arxiv.org/abs/2002.10099, equation 3).
struct EikonalError {
    const float *gradients, *inside;  // inside: null where all count
    const int* rows;                  // [1]: those from this on are padding; null: there is none
    float* out;

    JNERF_FN float counts(int64_t i) const { return rows && i >= *rows ? 0.0f : inside ? inside[i] : 1.0f; }

    JNERF_FN float length(const float* g) const { return sqrtf(g[0] * g[0] + g[1] * g[1] + g[2] * g[2] + 1e-12f); }  // the root of 0 has no derivative
    JNERF_FN void value(int64_t i, float& value, float& count) const {
        const float error = length(gradients + 3 * i) - 1.0f;
        count = counts(i);
        value = error * error * count;
    }
    JNERF_FN void gradient(int64_t i, float share) const {
        const float* g = gradients + 3 * i;
        const float size = length(g), factor = 2.0f * (size - 1.0f) / size * share * counts(i);
        for (int k = 0; k < 3; k++) out[3 * i + k] = g[k] * factor;
    }
};

// Binary cross entropy of a ray's opacity, clipped, and the true alpha; a clipped one gets no gradient.
struct MaskError {
    const float *opacities, *rgba, *live;  // live: what each ray counts; null: 1
    float clip;
    float* out;

    JNERF_FN void value(int64_t i, float& value, float& count) const {
        const float raw = opacities[i], seen = raw < clip ? clip : raw > 1.0f - clip ? 1.0f - clip : raw, alpha = rgba[4 * i + 3];
        count = live ? live[i] : 1.0f;
        value = -(alpha * logf(seen) + (1.0f - alpha) * logf(1.0f - seen)) * count;
    }
    JNERF_FN void gradient(int64_t i, float share) const {
        const float seen = opacities[i], alpha = rgba[4 * i + 3];
        const bool clipped = seen < clip || seen > 1.0f - clip;
        out[i] = clipped ? 0.0f : (live ? live[i] : 1.0f) * share * ((1.0f - alpha) / (1.0f - seen) - alpha / seen);
    }
};

// |rendered - true colour|, each ray counting by its alpha; the truth is over the background, as in photometric.
struct MaskedError {
    const float *colors, *rgba, *background;  // background: null for black
    float* out;

    JNERF_FN float residual(int64_t i, int c) const {
        const float alpha = rgba[4 * i + 3], rgb = rgba[4 * i + c] * alpha;
        return colors[3 * i + c] - (background ? fmaf(1.0f - alpha, background[3 * i + c], rgb) : rgb);
    }
    JNERF_FN void value(int64_t i, float& value, float& count) const {
        count = rgba[4 * i + 3];
        value = (fabsf(residual(i, 0)) + fabsf(residual(i, 1)) + fabsf(residual(i, 2))) * count;
    }
    JNERF_FN void gradient(int64_t i, float share) const {
        for (int c = 0; c < 3; c++) {
            const float d = residual(i, c);
            out[3 * i + c] = share * rgba[4 * i + 3] * (d > 0.0f ? 1.0f : d < 0.0f ? -1.0f : d);
        }
    }
};

}  // namespace jnerf
