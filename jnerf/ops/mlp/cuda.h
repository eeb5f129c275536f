// The MLP on CUDA: on tensor cores where device and network allow; else layer by layer through cuBLAS, or in float.
#pragma once
#include "mlp/cuda/layers.h"
#include "mlp/cuda/tensor.h"
#include "activate/kernel.h"

namespace jnerf {

// What the device multiplies in: tensor cores of our kind came with compute capability 7.5, bf16 with 8.0.
inline MlpPrecision cuda_precision(MlpPrecision wanted, bool fits) {
    const int arch = cuda_device().arch;
    if (!fits || arch < 75 || (wanted == MlpPrecision::bf16 && arch < 80)) return MlpPrecision::fp32;
    return wanted == MlpPrecision::automatic ? MlpPrecision::fp16 : wanted;
}

JNERF_ENTRY void mlp_forward(MlpShape shape, MlpInput input, const float* params, float* out) {
    const MlpPrecision precision = cuda_precision(shape.precision, TensorNet::fits(shape) && !asked_way("mlp", "plain"));
    if (precision == MlpPrecision::fp16 && mlp_tensor_forward<Fp16>(shape, input, params, out)) return;
    if (precision == MlpPrecision::bf16 && mlp_tensor_forward<Bf16>(shape, input, params, out)) return;
    mlp_layers_forward(shape, input, params, out);
}

JNERF_ENTRY void mlp_backward(MlpShape shape, MlpInput input, const float* params, const float* grad_out, MlpInputGrad grad_in, float* grad_params) {
    const MlpPrecision precision = cuda_precision(shape.precision, TensorNet::fits(shape) && !asked_way("mlp", "plain"));
    if (precision == MlpPrecision::fp16 && mlp_tensor_backward<Fp16>(shape, input, params, grad_out, grad_in, grad_params)) return;
    if (precision == MlpPrecision::bf16 && mlp_tensor_backward<Bf16>(shape, input, params, grad_out, grad_in, grad_params)) return;
    mlp_layers_backward(shape, input, params, grad_out, grad_in, grad_in.x || grad_in.extra, grad_params);
}

}  // namespace jnerf
