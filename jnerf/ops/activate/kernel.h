// scale act(x + bias), its slope, and elementwise y = (scale act(x + bias) + offset) factor of the row.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

enum class Activation { none, relu, softplus, exponential, sigmoid };

constexpr float ACTIVATION_LIMIT = 15.0f;  // beyond it the slope of exp neither grows nor shrinks: the density activation of Instant-NGP

struct ScaledActivation {
    Activation kind = Activation::exponential;
    float bias = 0.0f, scale = 1.0f;

    template <class Data> static ScaledActivation of(Data& data) { return {(Activation)(int)data["kind"], (float)data["bias"], (float)data["scale"]}; }

    static JNERF_FN float sigmoid(float v) {
        const float e = expf(-fabsf(v));
        return (v < 0.0f ? e : 1.0f) / (1.0f + e);
    }
    bool identity() const { return kind == Activation::none && bias == 0.0f && scale == 1.0f; }
    // NaN stays NaN.
    JNERF_FN float value(float x) const {
        const float v = x + bias;
        if (kind == Activation::relu) return scale * (v < 0.0f ? 0.0f : v);
        if (kind == Activation::softplus) return scale * ((v < 0.0f ? 0.0f : v) + log1pf(expf(-fabsf(v))));
        if (kind == Activation::sigmoid) return scale * sigmoid(v);
        return scale * (kind == Activation::exponential ? expf(v) : v);
    }
    JNERF_FN float slope(float x) const {
        constexpr float limit = ACTIVATION_LIMIT;
        const float v = x + bias;
        if (kind == Activation::relu) return v > 0.0f ? scale : 0.0f;
        if (kind == Activation::softplus) return scale * sigmoid(v);
        if (kind == Activation::sigmoid) return scale * (sigmoid(v) * sigmoid(-v));
        return scale * (kind == Activation::exponential ? expf(v < -limit ? -limit : v > limit ? limit : v) : 1.0f);
    }
};

struct Activate {
    ScaledActivation activation;
    float offset;
    const float *x, *factors;  // factors: one for each row; null: 1
    int64_t channels;          // of a row
    float* out;                // y, or the gradient by x
    const float* grad;         // by y; null: forward

    JNERF_FN void operator()(int64_t i) const {
        const float factor = factors ? factors[i / channels] : 1.0f;
        out[i] = grad ? grad[i] * factor * activation.slope(x[i]) : (activation.value(x[i]) + offset) * factor;
    }
};

inline void activate(int64_t n, const Activate& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
