#pragma once
#include "adam/kernel.h"

namespace jnerf {

inline void adam_dense(int64_t n, AdamRule rule, float decay, const float* grads, float* params, float* m, float* v) {
    parallel_for(n, AdamDense{rule, decay, grads, params, m, v});
}

inline void adam_sparse(int64_t n, AdamRule rule, const float* grads, const float* table, int last, float* params, float* m, float* v, int* counts) {
    parallel_for(n, AdamSparse{rule, grads, table, last, params, m, v, counts});
}

}  // namespace jnerf
