// The mean of a frequency encoding over a Gaussian (Barron et al. 2021, equations 13 and 14): with u = scale x + offset,
// exp(-(pi f_k)^2 scale^2 var / 2) times sin(pi f_k u) and cos(pi f_k u), for f_k = 2^k.
#pragma once
#include "common/numbers/exp.h"
#include "frequency_encode/kernel.h"

namespace jnerf {

// One wave (a frequency and a dimension) of a Gaussian.
JNERF_FN void integrated_wave(const FrequencyShape& shape, float frequency, float mean, float variance, float& sine, float& cosine) {
    const float turn = 3.14159265358979f * frequency * shape.scale;
    sincos_pi(frequency * fmaf(shape.scale, mean, shape.offset), sine, cosine);
    const float fade = exp_of_negative(-0.5f * turn * turn * variance);
    sine *= fade, cosine *= fade;
}

// One sample and one wave per call; features are ordered as those of FrequencyEncode.
struct IntegratedEncode {
    FrequencyShape shape;  // without the input itself
    const float *means, *variances;
    float* values;
    JNERF_FN void operator()(int64_t i) const {
        const int waves = shape.waves(), D = shape.n_dims, wave = (int)(i % waves), k = wave / D, d = wave % D;
        const int64_t sample = i / waves, at = sample * D + d;
        float* row = values + sample * shape.width() + 2 * k * D + d;
        integrated_wave(shape, exp2i(k), means[at], variances[at], row[0], row[D]);
    }
};

// One sample and dimension per call. The faded waves are read back from the forward pass.
struct IntegratedEncodeGrad {
    FrequencyShape shape;
    const float *values, *grad_values;
    float *grad_means, *grad_variances;
    JNERF_FN void operator()(int64_t i) const {
        const int D = shape.n_dims;
        const int64_t first = i / D * shape.width() + i % D;
        float of_mean = 0, of_variance = 0;
        for (int k = 0; k < shape.n_frequencies; k++) {
            const int64_t at = first + 2 * k * D;
            const float turn = 3.14159265358979f * exp2i(k) * shape.scale;
            const float s = values[at], c = values[at + D], gs = grad_values[at], gc = grad_values[at + D];
            of_mean = fmaf(turn, gs * c - gc * s, of_mean);
            of_variance = fmaf(-0.5f * turn * turn, gs * s + gc * c, of_variance);
        }
        grad_means[i] = of_mean, grad_variances[i] = of_variance;
    }
};

inline void integrated_encode_backward(int64_t n, const IntegratedEncodeGrad& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
