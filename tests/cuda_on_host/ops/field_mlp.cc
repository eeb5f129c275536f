#define JNERF_LAYERS_BYTES 1  // the smallest blocks
#include "field_mlp/cuda.h"
#include "play.h"
using namespace jnerf;

extern "C" void field_mlp(const int* trunk_widths, int64_t n_trunk, const int* head_widths, int64_t n_head, int64_t precision, int64_t kind, float bias, float scale, int64_t first, int64_t biased, int64_t skip, const float* x, const float* extra,
                          const int* ray_indices, int64_t n, int64_t groups, int64_t features, int64_t extra_width, const float* trunk, const float* head, float* sigmas,
                          float* rgbs, const float* grad_sigmas, const float* grad_rgbs, float* grad_x, float* grad_trunk, float* grad_head) {
    const FieldMlpShape shape{MlpShape(trunk_widths, (int)n_trunk, trunk_widths[n_trunk - 1], biased != 0, (MlpPrecision)precision, (int)skip),
                              MlpShape(head_widths, (int)n_head, FIELD_COLORS, biased != 0, (MlpPrecision)precision), {(Activation)kind, bias, scale}, (int)first};
    const FieldMlpInput input{x, extra, ray_indices, n, (int)groups, (int)features, (int)extra_width};
    field_mlp_forward(shape, input, trunk, head, sigmas, rgbs);
    field_mlp_backward(shape, input, trunk, head, grad_sigmas, grad_rgbs, grad_x, grad_trunk, grad_head);
}

// Whether the backward pass of the paper's networks, with 16 channels of the ray, keeps its activations in registers.
extern "C" int64_t chained(const int* trunk_widths, const int* head_widths) {
    const FieldMlpShape shape{MlpShape(trunk_widths, 3, CHAIN_OUT, false), MlpShape(head_widths, 4, FIELD_COLORS, false)};
    const FieldMlpInput input{nullptr, nullptr, nullptr, 0, 16, 2, CHAIN_OUT};
    std::vector<float> sums(shape.trunk.n_params + shape.head.n_params);
    return field_chain_backward<Fp16>(shape, input, nullptr, nullptr, {nullptr, nullptr, nullptr}, sums.data(), sums.data() + shape.trunk.n_params);
}
