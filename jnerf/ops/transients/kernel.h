// What is transient in one photograph (NeRF in the Wild, Martin-Brualla et al. 2021, section 4.2).
#pragma once
#include "activate/kernel.h"
#include "photometric/sum.h"

namespace jnerf {

constexpr float TRANSIENT_TINY = 1e-6f;  // of a density

// raw (d, r, g, b, u): density scale softplus(d + bias), colour sigmoid(r, g, b), uncertainty softplus(u).
struct TransientHead {
    float bias, scale;
    const float* raw;                   // [S, 5]
    float *densities, *colors, *betas;  // [S], [S, 3], [S]
    JNERF_FN static ScaledActivation of(Activation kind) { return {kind}; }
    JNERF_FN void operator()(int64_t i) const {
        const float* x = raw + 5 * i;
        densities[i] = scale * of(Activation::softplus).value(x[0] + bias);
        for (int c = 0; c < 3; c++) colors[3 * i + c] = of(Activation::sigmoid).value(x[1 + c]);
        betas[i] = of(Activation::softplus).value(x[4]);
    }
};

// Null: no gradient of that.
struct TransientHeadGrad {
    float bias, scale;
    const float *raw, *densities, *colors, *betas;
    float* out;  // [S, 5]
    JNERF_FN void operator()(int64_t i) const {
        const ScaledActivation softplus = TransientHead::of(Activation::softplus), sigmoid = TransientHead::of(Activation::sigmoid);
        const float* x = raw + 5 * i;
        float* g = out + 5 * i;
        g[0] = densities ? densities[i] * scale * softplus.slope(x[0] + bias) : 0.0f;
        for (int c = 0; c < 3; c++) g[1 + c] = colors ? colors[3 * i + c] * sigmoid.slope(x[1 + c]) : 0.0f;
        g[4] = betas ? betas[i] * softplus.slope(x[4]) : 0.0f;
    }
};

struct TransientInputs {
    const float *sigmas, *rgbs, *densities, *colors, *betas;  // [S], [S, 3] of the scene; [S], [S, 3], [S] of the transient
};

// Densities add up, colours mix by their shares; `channels` (share beta, share, 0) are to be rendered likewise.
struct TransientMix {
    TransientInputs in;
    float *both, *mixed, *channels;  // [S], [S, 3], [S, 3]
    JNERF_FN void operator()(int64_t i) const {
        both[i] = in.sigmas[i] + in.densities[i];
        const float share = in.densities[i] / (both[i] + TRANSIENT_TINY);
        for (int c = 0; c < 3; c++) {
            const float rgb = in.rgbs[3 * i + c];
            mixed[3 * i + c] = rgb + share * (in.colors[3 * i + c] - rgb);
        }
        channels[3 * i] = share * in.betas[i], channels[3 * i + 1] = share, channels[3 * i + 2] = 0.0f;
    }
};

// Null: no gradient of that.
struct TransientMixGrad {
    TransientInputs in;
    const float *both, *mixed, *channels;
    float *sigmas, *rgbs, *densities, *colors, *betas;
    JNERF_FN void operator()(int64_t i) const {
        const float sum = in.sigmas[i] + in.densities[i] + TRANSIENT_TINY, share = in.densities[i] / sum;
        float by_share = channels ? channels[3 * i] * in.betas[i] + channels[3 * i + 1] : 0.0f;
        for (int c = 0; c < 3; c++) {
            const int64_t k = 3 * i + c;
            const float g = mixed ? mixed[k] : 0.0f;
            by_share += g * (in.colors[k] - in.rgbs[k]);
            colors[k] = g * share, rgbs[k] = g * (1.0f - share);
        }
        const float direct = both ? both[i] : 0.0f;
        sigmas[i] = direct - by_share * share / sum;
        densities[i] = direct + by_share * (1.0f - share) / sum;
        betas[i] = channels ? channels[3 * i] * share : 0.0f;
    }
};

// Uncertainty, at least that of nothing, and opacity of rays, of rendered channels.
struct TransientSeen {
    float least;
    const float* channels;       // [R, 3]
    float *betas, *opacities;    // [R]
    JNERF_FN void operator()(int64_t i) const { betas[i] = channels[3 * i] + least, opacities[i] = channels[3 * i + 1]; }
};

struct TransientSeenGrad {
    const float *betas, *opacities;  // null: no gradient of that
    float* out;                      // [R, 3]
    JNERF_FN void operator()(int64_t i) const {
        out[3 * i] = betas ? betas[i] : 0.0f, out[3 * i + 1] = opacities ? opacities[i] : 0.0f, out[3 * i + 2] = 0.0f;
    }
};

// (c - C)^2 / (2 b^2), mean over rays and channels, and log b, mean over rays, with their gradients for the weight.
struct TransientError {
    float weight;
    const float *colors, *truth, *background, *betas;  // truth [R, wide]; of 4 over the background, null for black
    int wide;
    float *values, *by_colors, *by_betas;  // [R], [R, 3], [R]
    int64_t n = 0;
    JNERF_FN float target(int64_t i, int c) const {
        const float value = truth[wide * i + c];
        if (wide == 3) return value;
        const float alpha = truth[4 * i + 3], rgb = value * alpha;
        return background ? rgb + (1.0f - alpha) * background[3 * i + c] : rgb;
    }
    JNERF_FN void operator()(int64_t i) const {
        const float b = betas[i], share = weight / n;
        float squares = 0.0f;
        for (int c = 0; c < 3; c++) {
            const float d = colors[3 * i + c] - target(i, c);
            squares += d * d;
            by_colors[3 * i + c] = d / (b * b) * (share / 3.0f);
        }
        const float error = squares / (6.0f * b * b);
        values[i] = error + logf(b);
        by_betas[i] = (1.0f - 2.0f * error) / b * share;
    }
};

struct TransientMean {
    float weight;
    int64_t n;
    float* loss;
    JNERF_FN void operator()(int64_t) const { *loss = *loss / n * weight; }
};

// The gradients for a gradient of the loss other than 1; the truth's is that of the colours, negative.
struct TransientErrorGrad {
    const float *grad, *by_colors, *by_betas;  // grad [1]
    float *colors, *betas, *truth;             // truth null: not wanted
    JNERF_FN void operator()(int64_t i) const {
        for (int c = 0; c < 3; c++) {
            const float g = by_colors[3 * i + c] * *grad;
            colors[3 * i + c] = g;
            if (truth) truth[3 * i + c] = -g;
        }
        betas[i] = by_betas[i] * *grad;
    }
};

template <class Kernel> inline void transient_each(int64_t n, const Kernel& kernel) { parallel_for(n, kernel); }

inline void transient_error(int64_t n, TransientError kernel, float* loss) {
    kernel.n = n;
    parallel_for(n, kernel);
    sum_floats(n, kernel.values, loss);
    parallel_for(1, TransientMean{kernel.weight, n, loss});
}

}  // namespace jnerf
