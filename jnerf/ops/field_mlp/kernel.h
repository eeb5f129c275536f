// The field of Instant-NGP as one kernel (Müller et al. 2022, https://arxiv.org/abs/2201.05989, section 5.4):
// geometry = trunk(x), sigma = exp(geometry[0]), rgb = sigmoid(head([geometry | extra[ray]])[0..2]). Geometry and
// hidden activations never reach main memory; the backward pass computes them again.
#pragma once
#include "mlp/kernel.h"

namespace jnerf {

constexpr int FIELD_COLORS = 3;
constexpr float FIELD_EXP_LIMIT = 15.0f;  // the gradient of exp is exp(clamp(x, -limit, limit)), as in trunc_exp

struct FieldMlpShape {
    MlpShape trunk, head;  // no biases; head.width[0] = geometry() + extra_width, head.n_out = FIELD_COLORS
    JNERF_FN int geometry() const { return trunk.width[trunk.n_layers]; }
};

struct FieldMlpInput {
    const float* x;          // [G, S, F]: channel g F + f of sample s is x[(g S + s) F + f]; [S, C] is the case G = 1
    const float* extra;      // [R, E], one row per ray; not read when E = 0
    const int* ray_indices;  // [S], not read when E = 0
    int64_t n_samples;
    int groups, features, extra_width;
    JNERF_FN int x_width() const { return groups * features; }
    JNERF_FN MlpInput trunk_input() const { return {x, nullptr, n_samples, groups, features, 0}; }
};

// Entry points of cpu.h and cuda.h:
//   field_mlp_forward(shape, input, trunk, head, sigmas [S], rgbs [S, 3])
//   field_mlp_backward(shape, input, trunk, head, grad_sigmas [S], grad_rgbs [S, 3], grad_x or nullptr, grad_trunk, grad_head)

}  // namespace jnerf
