#pragma once
#include "frequency_encode/kernel.h"

namespace jnerf {

inline void frequency_encode(int64_t n, FrequencyShape shape, const float* x, const float* frequencies, const float* weights, float* values) {
    parallel_for(n * std::max(shape.waves(), 1), FrequencyEncode{shape, x, frequencies, weights, values});
}

inline void frequency_encode_backward(int64_t n, FrequencyShape shape, const float* frequencies, const float* values, const float* grad_values, float* grad_x) {
    parallel_for(n * shape.n_dims, FrequencyEncodeBackward{shape, frequencies, values, grad_values, grad_x});
}

}  // namespace jnerf
