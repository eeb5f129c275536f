// The kernels of hash_encode, with the weights' derivatives along directions in place of the weights.
#pragma once
#include "hash_encode/cpu.h"
#include "hash_encode_gradient/kernel.h"

namespace jnerf {

template <int D, int F, class Stored> inline void hash_gradient_forward(HashGridOf<Stored> grid, const float* v, float* gradient) {
    hash_encode_position_grad<D, F>(grid, v, gradient);
}

template <int D, int F, class Stored> inline void hash_gradient_value_grad(HashGridOf<Stored> grid, float* grad_v) {
    hash_features<HashTurnedLanes<D>, F>(grid, grad_v);
}

template <int D, int F> inline void hash_gradient_table_grad(HashGrid grid, const float* v, float* grad_table, int64_t) {
    hash_table_grad<HashTurnedLanes<D>, F>(grid, v, grad_table);
}

}  // namespace jnerf
