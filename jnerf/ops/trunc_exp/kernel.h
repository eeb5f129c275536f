// exp with a bounded gradient: forward exp(x), backward exp(clamp(x, -limit, limit)) (Instant-NGP's density activation).
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct TruncExpForward {
    const float* x;
    float* y;
    JNERF_FN void operator()(int64_t i) const { y[i] = expf(x[i]); }
};

struct TruncExpBackward {
    const float *x, *grad_y;
    float* grad_x;
    float limit;
    JNERF_FN void operator()(int64_t i) const {
        const float c = x[i] < -limit ? -limit : x[i] > limit ? limit : x[i];
        grad_x[i] = grad_y[i] * expf(c);
    }
};

JNERF_ENTRY void trunc_exp_forward(int64_t n, TruncExpForward kernel) { parallel_for(n, kernel); }
JNERF_ENTRY void trunc_exp_backward(int64_t n, TruncExpBackward kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
