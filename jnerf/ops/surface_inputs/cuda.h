// On CUDA one thread per number, neighbours side by side in memory.
#pragma once
#include "surface_inputs/kernel.h"

namespace jnerf {

JNERF_ENTRY void surface_inputs(int64_t n, const SurfaceInputs& in, float* out) { parallel_for(n * in.width, SurfaceInputsElement{in, out}); }

JNERF_ENTRY void surface_inputs_backward(int64_t n, const SurfaceInputs& in, const float* grad, float* grad_normals, float* grad_values) {
    parallel_for(n, SurfaceInputsNormalGrad{in, grad, grad_normals});
    parallel_for(n * in.n_values, SurfaceInputsValueGrad{in, grad, grad_values});
}

}  // namespace jnerf
