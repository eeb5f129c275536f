// Sums of whole arrays, and activations.
#include "activate/cuda.h"
#include "play.h"
#include "weighted_sum/cuda.h"
using namespace jnerf;

extern "C" void activated(int64_t n, int64_t kind, float bias, float scale, float offset, const float* x, const float* factors, int64_t channels, const float* grad,
                          float* values, float* grad_x) {
    activate(n, {{(Activation)kind, bias, scale}, offset, x, factors, channels, values, nullptr});
    activate(n, {{(Activation)kind, bias, scale}, offset, x, factors, channels, grad_x, grad});
}

// Of two arrays of one kind; scratch has room for what the op keeps.
extern "C" void summed(int64_t n, const float* a, int64_t m, const float* b, const float* weights, int64_t kind, const float* live, int64_t n_live, float longest,
                       const float* grad, float* scratch, float* sum, float* grad_a) {
    weighted_sum({2, {a, b}, {n, m}, {weights[0], weights[1]}, {(int)kind, (int)kind}, n_live ? live : nullptr, n_live, longest, scratch, sum});
    weighted_sum_backward(n, {(int)kind, a, grad, scratch, weights[0], n_live, grad_a});
}
