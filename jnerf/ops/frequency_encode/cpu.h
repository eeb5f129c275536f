// On the CPU a sample's waves are computed side by side in vector registers, then laid out.
#pragma once
#include "frequency_encode/kernel.h"

namespace jnerf {

inline void frequency_encode(int64_t n, FrequencyShape shape, const float* x, const float* frequencies, float* values) {
    constexpr int kLanes = 64;
    const int D = shape.n_dims, waves = shape.waves(), width = shape.width(), head = shape.head();
    #pragma omp parallel if (n > 1)
    {
        FlushSubnormals flush;
        #pragma omp for schedule(static)
        for (int64_t i = 0; i < n; i++) {
            float* row = values + i * width;
            for (int d = 0; d < head; d++) row[d] = fmaf(shape.scale, x[i * D + d], shape.offset);
            for (int first = 0; first < waves; first += kLanes) {
                const int lanes = std::min(kLanes, waves - first);
                float phase[kLanes], s[kLanes], c[kLanes];
                for (int j = 0, k = first / D, d = first % D; j < lanes; j++) {
                    phase[j] = frequencies[k] * fmaf(shape.scale, x[i * D + d], shape.offset);
                    if (++d == D) d = 0, k++;
                }
                for (int j = 0; j < lanes; j++) sincos_pi(phase[j], s[j], c[j]);
                for (int j = 0, k = first / D, d = first % D; j < lanes; j++) {
                    row[head + 2 * k * D + d] = s[j], row[head + 2 * k * D + D + d] = c[j];
                    if (++d == D) d = 0, k++;
                }
            }
        }
    }
}

inline void frequency_encode_backward(int64_t n, FrequencyShape shape, const float* frequencies, const float* values, const float* grad_values, float* grad_x) {
    parallel_for(n * shape.n_dims, FrequencyEncodeBackward{shape, frequencies, values, grad_values, grad_x});
}

}  // namespace jnerf
