// On the CPU the waves of a sample are computed side by side in vector registers, then laid out.
#pragma once
#include "frequency_encode/kernel.h"

namespace jnerf {

// One sample; the number of dimensions is a constant, so that the layout is plain moves.
template <int D> inline void frequency_encode_row(const FrequencyShape& shape, const float* x, const float* frequencies, const float* weights, float* row) {
    constexpr int kBlock = 16;  // frequencies at a time
    float u[D];
    for (int d = 0; d < D; d++) u[d] = fmaf(shape.scale, x[d], shape.offset);
    for (int d = 0; d < shape.head(); d++) row[d] = u[d];
    row += shape.head();
    for (int first = 0; first < shape.n_frequencies; first += kBlock) {
        const int block = std::min(kBlock, shape.n_frequencies - first);
        const int lanes = (block * D + 15) / 16 * 16;  // whole vectors; the surplus is computed and dropped
        float phase[kBlock * D] = {}, s[kBlock * D], c[kBlock * D];
        for (int k = 0; k < block; k++)
            for (int d = 0; d < D; d++) phase[k * D + d] = frequencies[first + k] * u[d];
        for (int j = 0; j < lanes; j++) sincos_pi(phase[j], s[j], c[j]);
        for (int k = 0; k < block; k++, row += 2 * D) {
            const float weight = weights ? weights[first + k] : 1.0f;
            for (int d = 0; d < D; d++) row[d] = weight * s[k * D + d], row[D + d] = weight * c[k * D + d];
        }
    }
}

template <int D> inline void frequency_encode_rows(int64_t n, FrequencyShape shape, const float* x, const float* frequencies, const float* weights, float* values) {
    const int width = shape.width();
    parallel_for(n, [=](int64_t i) { frequency_encode_row<D>(shape, x + i * D, frequencies, weights, values + i * width); });
}

// One sample of many dimensions, which lie side by side: those of one frequency at a time.
inline void frequency_encode_wide_row(const FrequencyShape& shape, const float* x, const float* frequencies, const float* weights, float* row) {
    constexpr int kLanes = 16;
    const int D = shape.n_dims;
    for (int d = 0; d < shape.head(); d++) row[d] = fmaf(shape.scale, x[d], shape.offset);
    row += shape.head();
    for (int k = 0; k < shape.n_frequencies; k++, row += 2 * D) {
        const float weight = weights ? weights[k] : 1.0f;
        for (int first = 0; first < D; first += kLanes) {
            const int count = std::min(kLanes, D - first);
            float phase[kLanes] = {}, s[kLanes], c[kLanes];
            for (int j = 0; j < count; j++) phase[j] = frequencies[k] * fmaf(shape.scale, x[first + j], shape.offset);
            for (int j = 0; j < kLanes; j++) sincos_pi(phase[j], s[j], c[j]);
            for (int j = 0; j < count; j++) row[first + j] = weight * s[j], row[D + first + j] = weight * c[j];
        }
    }
}

inline void frequency_encode_wide(int64_t n, FrequencyShape shape, const float* x, const float* frequencies, const float* weights, float* values) {
    const int width = shape.width();
    parallel_for(n, [=](int64_t i) { frequency_encode_wide_row(shape, x + i * shape.n_dims, frequencies, weights, values + i * width); });
}

inline void frequency_encode(int64_t n, FrequencyShape shape, const float* x, const float* frequencies, const float* weights, float* values) {
    switch (shape.n_dims) {
        case 1: return frequency_encode_rows<1>(n, shape, x, frequencies, weights, values);
        case 2: return frequency_encode_rows<2>(n, shape, x, frequencies, weights, values);
        case 3: return frequency_encode_rows<3>(n, shape, x, frequencies, weights, values);
        default: return frequency_encode_wide(n, shape, x, frequencies, weights, values);
    }
}

inline void frequency_encode_backward(int64_t n, FrequencyShape shape, const float* frequencies, const float* values, const float* grad_values, float* grad_x) {
    parallel_for(n * shape.n_dims, FrequencyEncodeBackward{shape, frequencies, values, grad_values, grad_x});
}

}  // namespace jnerf
