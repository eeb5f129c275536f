// The field whose networks the fused kernels do not take, a layer at a time (mlp/cuda/layers.h), and both networks of a
// block of samples before the next: what lies between them is of a block, and the backward pass goes down head and trunk
// with the activations it has just computed.
#pragma once
#include "field_mlp/plain_cuda.h"
#include "mlp/cuda/layers.h"

namespace jnerf {

inline bool field_goes_by_layers(const FieldMlpShape& shape) { return goes_by_layers(shape.trunk) || goes_by_layers(shape.head); }

template <class T> struct FieldLayers {
    const FieldMlpShape& shape;
    const FieldMlpInput& input;
    const Layers<T> trunk, head;  // the head's blocks are no larger than the trunk's
    const CudaScratch<typename T::Item> trunk_items, head_items;
    const CudaScratch<float> floats, geometry;

    FieldLayers(const FieldMlpShape& shape, const FieldMlpInput& input, const float* trunk_params, const float* head_params, bool backward)
        : shape(shape), input(input), trunk(shape.trunk, trunk_params, input.n_samples, backward), head(shape.head, head_params, trunk.rows, backward),
          trunk_items(trunk.n_items, "field_mlp"), head_items(head.n_items, "field_mlp"), floats(std::max(trunk.n_floats, head.n_floats), "field_mlp"), geometry(head.rows * shape.geometry(), "field_mlp") {
        trunk.pack(trunk_items.data);
        head.pack(head_items.data);
    }
    FieldHeadInput head_input(int64_t begin) const { return field_head_input(shape, input, geometry.data, begin); }

    // Calls run(first sample, samples) for blocks of all samples, with their geometry there and the head's sums in raw(begin).
    template <class Raw, class Run> void blocks(const Raw& raw, const Run& run) const {
        in_blocks(input.n_samples, head.rows, [&](int64_t begin, int64_t n) {
            trunk.forward(input.trunk_input(), begin, n, trunk_items.data, floats.data, geometry.data);
            head.forward(head_input(begin), begin, n, head_items.data, floats.data, raw(begin));
            run(begin, n);
        });
    }
};

template <class T> inline void field_layers_forward_in(const FieldMlpShape& shape, const FieldMlpInput& input, const float* trunk, const float* head, float* sigmas, float* rgbs) {
    const FieldLayers<T> field(shape, input, trunk, head, false);
    const auto colors = [&](int64_t begin) { return rgbs + begin * FIELD_COLORS; };
    field.blocks(colors, [&](int64_t begin, int64_t n) {
        parallel_for(n, FieldActivate{field.geometry.data, shape.geometry(), shape.density, sigmas + begin, colors(begin)});
    });
}

template <class T>
inline void field_layers_backward_in(const FieldMlpShape& shape, const FieldMlpInput& input, const float* trunk, const float* head, FieldGrads grads, float* grad_trunk, float* grad_head) {
    clear_memory(grad_trunk, shape.trunk.n_params);
    clear_memory(grad_head, shape.head.n_params);
    if (input.n_samples <= 0) return;
    const FieldLayers<T> field(shape, input, trunk, head, true);
    const CudaScratch<float> raw(field.head.rows * FIELD_COLORS, "gradients of field_mlp"), grad_geometry(field.head.rows * shape.geometry(), "gradients of field_mlp");
    field.blocks([&](int64_t) { return raw.data; }, [&](int64_t begin, int64_t n) {
        parallel_for(n * FIELD_COLORS, FieldColorGrad{grads.rgbs + begin * FIELD_COLORS, raw.data});
        field.head.gradients(field.head_input(begin), FieldHeadGrad{grad_geometry.data}, true, begin, n, raw.data, field.head_items.data, field.floats.data, grad_head);
        parallel_for(n, FieldDensityGrad{field.geometry.data, grads.sigmas + begin, shape.geometry(), shape.first, shape.density, grad_geometry.data});
        field.trunk.gradients(input.trunk_input(), MlpInputGrad{grads.x, nullptr}, grads.x != nullptr, begin, n, grad_geometry.data, field.trunk_items.data, field.floats.data, grad_trunk);
    });
}

JNERF_ENTRY void field_layers_forward(const FieldMlpShape& shape, const FieldMlpInput& input, const float* trunk, const float* head, float* sigmas, float* rgbs) {
    if (input.n_samples <= 0) return;
    if (layers_in_bf16(shape.trunk)) field_layers_forward_in<LayersBf16>(shape, input, trunk, head, sigmas, rgbs);
    else field_layers_forward_in<LayersFloat>(shape, input, trunk, head, sigmas, rgbs);
}

JNERF_ENTRY void field_layers_backward(const FieldMlpShape& shape, const FieldMlpInput& input, const float* trunk, const float* head, FieldGrads grads, float* grad_trunk, float* grad_head) {
    if (layers_in_bf16(shape.trunk)) field_layers_backward_in<LayersBf16>(shape, input, trunk, head, grads, grad_trunk, grad_head);
    else field_layers_backward_in<LayersFloat>(shape, input, trunk, head, grads, grad_trunk, grad_head);
}

}  // namespace jnerf
