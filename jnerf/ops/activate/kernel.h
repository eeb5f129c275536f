// y = (scale act(x + bias) + offset) factor of the row, elementwise, and its gradient by x.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

enum class Activation { none, relu, softplus, exponential, sigmoid };

struct Activate {
    Activation kind;
    float bias, scale, offset, limit;
    const float *x, *factors;  // factors: one for each row; null: 1
    int64_t channels;          // of a row
    float* out;                // y, or the gradient by x
    const float* grad;         // by y; null: forward

    JNERF_FN float sigmoid(float v) const {
        const float e = expf(-fabsf(v));
        return (v < 0.0f ? e : 1.0f) / (1.0f + e);
    }
    // NaN stays NaN.
    JNERF_FN float value(float v) const {
        if (kind == Activation::relu) return v < 0.0f ? 0.0f : v;
        if (kind == Activation::softplus) return (v < 0.0f ? 0.0f : v) + log1pf(expf(-fabsf(v)));
        if (kind == Activation::sigmoid) return sigmoid(v);
        return kind == Activation::exponential ? expf(v) : v;
    }
    JNERF_FN float slope(float v) const {
        if (kind == Activation::relu) return v > 0.0f ? 1.0f : 0.0f;
        if (kind == Activation::softplus) return sigmoid(v);
        if (kind == Activation::sigmoid) return sigmoid(v) * sigmoid(-v);
        return kind == Activation::exponential ? expf(v < -limit ? -limit : v > limit ? limit : v) : 1.0f;
    }
    JNERF_FN void operator()(int64_t i) const {
        const float v = x[i] + bias, factor = factors ? factors[i / channels] : 1.0f;
        out[i] = grad ? grad[i] * factor * scale * slope(v) : (value(v) * scale + offset) * factor;
    }
};

inline void activate(int64_t n, const Activate& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
