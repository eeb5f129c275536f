// The mean of a frequency encoding over a Gaussian (Barron et al. 2021, equations 13 and 14): with u = scale x + offset,
// exp(-(pi f_k)^2 scale^2 var / 2) times sin(pi f_k u) and cos(pi f_k u), for f_k = 2^k.
#pragma once
#include "common/jnerf_grid.h"
#include "frequency_encode/kernel.h"

namespace jnerf {

// One sample and one wave (a frequency and a dimension) per call; features are ordered as those of FrequencyEncode.
struct IntegratedEncode {
    FrequencyShape shape;  // without the input itself
    const float *means, *variances;
    float* values;
    JNERF_FN void operator()(int64_t i) const {
        const int waves = shape.waves(), D = shape.n_dims, wave = (int)(i % waves), k = wave / D, d = wave % D;
        const int64_t sample = i / waves, at = sample * D + d;
        const float frequency = exp2i(k), turn = 3.14159265358979f * frequency * shape.scale;
        float s, c;
        sincos_pi(frequency * fmaf(shape.scale, means[at], shape.offset), s, c);
        const float fade = expf(-0.5f * turn * turn * variances[at]);
        float* row = values + sample * shape.width() + 2 * k * D + d;
        row[0] = fade * s, row[D] = fade * c;
    }
};

inline void integrated_encode(int64_t n, const IntegratedEncode& kernel) { parallel_for(n * kernel.shape.waves(), kernel); }

}  // namespace jnerf
