// On the CPU the waves of a sample are computed side by side in vector registers, then laid out.
#pragma once
#include "integrated_encode/kernel.h"

namespace jnerf {

// One sample; the number of dimensions is a constant, so that the layout is plain moves.
template <int D> inline void integrated_encode_row(const FrequencyShape& shape, const float* mean, const float* variance, float* row) {
    constexpr int kBlock = 16;  // frequencies at a time
    for (int first = 0; first < shape.n_frequencies; first += kBlock) {
        const int block = std::min(kBlock, shape.n_frequencies - first);
        const int lanes = (block * D + 15) / 16 * 16;  // whole vectors; the surplus is computed and dropped
        float frequency[kBlock * D] = {}, m[kBlock * D] = {}, v[kBlock * D] = {}, s[kBlock * D], c[kBlock * D];
        for (int k = 0; k < block; k++)
            for (int d = 0; d < D; d++) frequency[k * D + d] = exp2i(first + k), m[k * D + d] = mean[d], v[k * D + d] = variance[d];
        for (int j = 0; j < lanes; j++) integrated_wave(shape, frequency[j], m[j], v[j], s[j], c[j]);
        for (int k = 0; k < block; k++, row += 2 * D)
            for (int d = 0; d < D; d++) row[d] = s[k * D + d], row[D + d] = c[k * D + d];
    }
}

template <int D> inline void integrated_encode_rows(int64_t n, const IntegratedEncode& kernel) {
    const int width = kernel.shape.width();
    parallel_for(n, [=](int64_t i) {
        integrated_encode_row<D>(kernel.shape, kernel.means + i * D, kernel.variances + i * D, kernel.values + i * width);
    });
}

inline void integrated_encode(int64_t n, const IntegratedEncode& kernel) {
    switch (kernel.shape.n_dims) {
        case 2: return integrated_encode_rows<2>(n, kernel);
        case 3: return integrated_encode_rows<3>(n, kernel);
        case 21: return integrated_encode_rows<21>(n, kernel);  // directions of an icosahedron
        default: parallel_for(n * kernel.shape.waves(), kernel);
    }
}

}  // namespace jnerf
