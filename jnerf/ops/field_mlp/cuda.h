// The field on CUDA: on tensor cores where device and networks allow; else layer by layer through cuBLAS, or in float.
#pragma once
#include "field_mlp/chain_cuda.h"
#include "field_mlp/layers_cuda.h"
#include "field_mlp/plain_cuda.h"
#include "field_mlp/tensor_cuda.h"
#include "mlp/cuda.h"

namespace jnerf {

inline MlpPrecision field_precision(const FieldMlpShape& shape) {
    const bool fits = shape.first == 0 && TensorNet::fits(shape.trunk) && TensorNet::fits(shape.head);
    return cuda_precision(shape.trunk.precision, fits && !asked_way("field", "plain"));
}

JNERF_ENTRY void field_mlp_forward(FieldMlpShape shape, FieldMlpInput input, const float* trunk, const float* head, float* sigmas, float* rgbs, float* = nullptr, int64_t = 0) {
    const MlpPrecision precision = field_precision(shape);
    const bool chains = takes_way("field", "chain", "tensor");
    if (chains && precision == MlpPrecision::fp16 && field_chain_forward<Fp16>(shape, input, trunk, head, sigmas, rgbs)) return;
    if (chains && precision == MlpPrecision::bf16 && field_chain_forward<Bf16>(shape, input, trunk, head, sigmas, rgbs)) return;
    if (precision == MlpPrecision::fp16 && field_tensor_forward<Fp16>(shape, input, trunk, head, sigmas, rgbs)) return;
    if (precision == MlpPrecision::bf16 && field_tensor_forward<Bf16>(shape, input, trunk, head, sigmas, rgbs)) return;
    if (field_goes_by_layers(shape)) field_layers_forward(shape, input, trunk, head, sigmas, rgbs);
    else field_plain_forward(shape, input, trunk, head, sigmas, rgbs);
}

// grad_x may be null. Nothing is kept from forward to backward: computing it again costs less than memory.
JNERF_ENTRY void field_mlp_backward(FieldMlpShape shape, FieldMlpInput input, const float* trunk, const float* head, const float* grad_sigmas,
                               const float* grad_rgbs, float* grad_x, float* grad_trunk, float* grad_head, float* = nullptr) {
    const MlpPrecision precision = field_precision(shape);
    const bool chains = takes_way("field", "chain", "tensor");
    const FieldGrads grads{grad_sigmas, grad_rgbs, grad_x};
    if (chains && precision == MlpPrecision::fp16 && field_chain_backward<Fp16>(shape, input, trunk, head, grads, grad_trunk, grad_head)) return;
    if (chains && precision == MlpPrecision::bf16 && field_chain_backward<Bf16>(shape, input, trunk, head, grads, grad_trunk, grad_head)) return;
    if (precision == MlpPrecision::fp16 && field_tensor_backward<Fp16>(shape, input, trunk, head, grads, grad_trunk, grad_head)) return;
    if (precision == MlpPrecision::bf16 && field_tensor_backward<Bf16>(shape, input, trunk, head, grads, grad_trunk, grad_head)) return;
    if (field_goes_by_layers(shape)) field_layers_backward(shape, input, trunk, head, grads, grad_trunk, grad_head);
    else field_plain_backward(shape, input, trunk, head, grads, grad_trunk, grad_head);
}

}  // namespace jnerf
