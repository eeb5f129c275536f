#include "field_mlp/cuda.h"
#include "play.h"
using namespace jnerf;

extern "C" void field_mlp(const int* trunk_widths, int64_t n_trunk, const int* head_widths, int64_t n_head, int64_t precision, int64_t exponential, int64_t first, const float* x, const float* extra,
                          const int* ray_indices, int64_t n, int64_t groups, int64_t features, int64_t extra_width, const float* trunk, const float* head, float* sigmas,
                          float* rgbs, const float* grad_sigmas, const float* grad_rgbs, float* grad_x, float* grad_trunk, float* grad_head) {
    const FieldMlpShape shape{MlpShape(trunk_widths, (int)n_trunk, trunk_widths[n_trunk - 1], false, (MlpPrecision)precision),
                              MlpShape(head_widths, (int)n_head, FIELD_COLORS, false, (MlpPrecision)precision), exponential != 0, (int)first};
    const FieldMlpInput input{x, extra, ray_indices, n, (int)groups, (int)features, (int)extra_width};
    field_mlp_forward(shape, input, trunk, head, sigmas, rgbs);
    field_mlp_backward(shape, input, trunk, head, grad_sigmas, grad_rgbs, grad_x, grad_trunk, grad_head);
}
