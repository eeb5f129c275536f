// The field on CUDA in float: the MLP twice, with geometry and its gradient in scratch memory between.
#pragma once
#include "field_mlp/tensor_cuda.h"
#include "mlp/cuda/plain.h"

namespace jnerf {

// The head's input: the sample's geometry from `first` on, then the extra channels of its ray.
struct FieldHeadInput {
    const float *geometry, *extra;  // geometry: from sample `begin` on
    const int* ray_indices;
    int64_t n_samples;
    int width, extra_width, first;
    int64_t begin;
    JNERF_FN float load(int64_t sample, int channel) const {
        const int at = first + channel;
        if (at < width) return geometry[(sample - begin) * width + at];
        return extra[(int64_t)ray_indices[sample] * extra_width + at - width];
    }
};

struct FieldHeadGrad {
    float* geometry;
    JNERF_FN void store(const FieldHeadInput& input, int64_t sample, int channel, float value) const {
        const int at = input.first + channel;
        if (at < input.width) geometry[(sample - input.begin) * input.width + at] = value;
    }
};

struct FieldActivate {
    const float* geometry;
    int width;
    ScaledActivation density;
    float *sigmas, *rgbs;  // rgbs: in place
    JNERF_FN void operator()(int64_t i) const {
        sigmas[i] = density.value(geometry[i * width]);
        for (int k = 0; k < FIELD_COLORS; k++) rgbs[i * FIELD_COLORS + k] = field_sigmoid(rgbs[i * FIELD_COLORS + k]);
    }
};

struct FieldColorGrad {
    const float* grad_rgbs;
    float* raw;  // the head's sums, replaced by their gradients
    JNERF_FN void operator()(int64_t i) const {
        const float c = field_sigmoid(raw[i]);
        raw[i] = grad_rgbs[i] * c * (1.0f - c);
    }
};

struct FieldDensityGrad {
    const float *geometry, *grad_sigmas;
    int width, first;
    ScaledActivation density;
    float* grad_geometry;
    JNERF_FN void operator()(int64_t i) const {
        const float of_head = first == 0 ? grad_geometry[i * width] : 0.0f;
        grad_geometry[i * width] = of_head + grad_sigmas[i] * density.slope(geometry[i * width]);
    }
};

inline FieldHeadInput field_head_input(const FieldMlpShape& shape, const FieldMlpInput& input, const float* geometry, int64_t begin = 0) {
    return {geometry, input.extra, input.ray_indices, input.n_samples, shape.geometry(), input.extra_width, shape.first, begin};
}

JNERF_ENTRY void field_plain_forward(const FieldMlpShape& shape, const FieldMlpInput& input, const float* trunk, const float* head, float* sigmas, float* rgbs) {
    const CudaScratch<float> geometry(input.n_samples * shape.geometry(), "field_mlp");
    mlp_plain_forward(shape.trunk, input.trunk_input(), trunk, geometry.data);
    mlp_plain_forward(shape.head, field_head_input(shape, input, geometry.data), head, rgbs);
    parallel_for(input.n_samples, FieldActivate{geometry.data, shape.geometry(), shape.density, sigmas, rgbs});
}

JNERF_ENTRY void field_plain_backward(const FieldMlpShape& shape, const FieldMlpInput& input, const float* trunk, const float* head, FieldGrads grads,
                                 float* grad_trunk, float* grad_head) {
    const int width = shape.geometry();
    const CudaScratch<float> geometry(input.n_samples * width, "field_mlp"), grad_geometry(input.n_samples * width, "gradients of field_mlp"), raw(input.n_samples * FIELD_COLORS, "gradients of field_mlp");
    const FieldHeadInput head_input = field_head_input(shape, input, geometry.data);
    mlp_plain_forward(shape.trunk, input.trunk_input(), trunk, geometry.data);
    mlp_plain_forward(shape.head, head_input, head, raw.data);
    parallel_for(input.n_samples * FIELD_COLORS, FieldColorGrad{grads.rgbs, raw.data});
    mlp_plain_backward(shape.head, head_input, head, raw.data, FieldHeadGrad{grad_geometry.data}, grad_head);
    parallel_for(input.n_samples, FieldDensityGrad{geometry.data, grads.sigmas, width, shape.first, shape.density, grad_geometry.data});
    mlp_plain_backward(shape.trunk, input.trunk_input(), trunk, grad_geometry.data, MlpInputGrad{grads.x, nullptr}, grad_trunk);
}

}  // namespace jnerf
