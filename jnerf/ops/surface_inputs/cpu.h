// On the CPU a sample's row at a time, its long parts copied as they are.
#pragma once
#include "surface_inputs/kernel.h"

namespace jnerf {

struct SurfaceInputsRow {
    SurfaceInputs in;
    float* out;
    void operator()(int64_t s) const {
        float* row = out + s * in.width;
        for (int k = 0; k < 3; k++) row[in.at_x + k] = in.load(s, in.at_x + k), row[in.at_normal + k] = in.load(s, in.at_normal + k);
        std::copy_n(in.values + s * in.n_values + in.first, in.n_values - in.first, row + in.at_values);
        if (in.n_of_ray) std::copy_n(in.of_ray + (int64_t)in.ray_indices[s] * in.n_of_ray, in.n_of_ray, row + in.at_ray);
    }
};

struct SurfaceInputsRowGrad {
    SurfaceInputs in;
    const float* grad;
    float *grad_normals, *grad_values;
    void operator()(int64_t s) const {
        in.normal_grad(s, grad, grad_normals + 3 * s);
        std::fill_n(grad_values + s * in.n_values, in.first, 0.0f);
        std::copy_n(grad + s * in.width + in.at_values, in.n_values - in.first, grad_values + s * in.n_values + in.first);
    }
};

inline void surface_inputs(int64_t n, const SurfaceInputs& in, float* out) { parallel_for(n, SurfaceInputsRow{in, out}); }

inline void surface_inputs_backward(int64_t n, const SurfaceInputs& in, const float* grad, float* grad_normals, float* grad_values) {
    parallel_for(n, SurfaceInputsRowGrad{in, grad, grad_normals, grad_values});
}

}  // namespace jnerf
