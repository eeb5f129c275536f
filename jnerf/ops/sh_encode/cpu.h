#pragma once
#include "sh_encode/kernel.h"

namespace jnerf {

template <int D> inline void sh_encode(int64_t n, const float* directions, float* values) {
    parallel_for(n, ShEncode<D>{directions, values});
}

template <int D> inline void sh_encode_backward(int64_t n, const float* directions, const float* grad_values, float* grad_directions) {
    parallel_for(n, ShEncodeBackward<D>{directions, grad_values, grad_directions});
}

}  // namespace jnerf
