// The field of Instant-NGP as one kernel (Müller et al. 2022, https://arxiv.org/abs/2201.05989, section 5.4):
// geometry = trunk(x), sigma = exp(geometry[0]), rgb = sigmoid(head([geometry | extra[ray]])[0..2]). NeRF's (Mildenhall
// et al. 2020, https://arxiv.org/abs/2003.08934, appendix A) is the same with another activation of the density and a
// head that does not see it. Geometry and hidden activations are no outputs: the backward pass computes them
// again, but on a CPU that has room to keep them.
#pragma once
#include "activate/kernel.h"
#include "mlp/kernel.h"

namespace jnerf {

constexpr int FIELD_COLORS = 3;

struct FieldMlpShape {
    MlpShape trunk, head;     // head.width[0] = seen() + extra_width, head.n_out = FIELD_COLORS
    ScaledActivation density; // of geometry[0]
    int first = 0;            // of the geometry that the head sees: 0, or 1 without the density
    template <class Data> static FieldMlpShape of(Data& data) {
        const MlpWidths trunk(data, 't'), head(data, 'h');
        const auto precision = (MlpPrecision)(int)data["precision"];
        const bool biased = data["biased"] != 0;
        return {MlpShape(trunk.width, trunk.n, trunk.width[trunk.n - 1], biased, precision, (int)data["skip"]),
                MlpShape(head.width, head.n, FIELD_COLORS, biased, precision), ScaledActivation::of(data), (int)data["first"]};
    }
    JNERF_FN int geometry() const { return trunk.width[trunk.n_layers]; }
    JNERF_FN int seen() const { return geometry() - first; }
};

struct FieldMlpInput {
    const float* x;          // [G, S, F]: channel g F + f of sample s is x[(g S + s) F + f]; [S, C] is the case G = 1
    const float* extra;      // [R, E], one row per ray; not read when E = 0
    const int* ray_indices;  // [S], not read when E = 0
    int64_t n_samples;
    int groups, features, extra_width;
    template <class Data> static FieldMlpInput of(Data& data, const float* x, const float* extra, const int* ray_indices) {
        return {x, extra, ray_indices, (int64_t)data["n"], (int)data["groups"], (int)data["features"], (int)data["extra"]};
    }
    JNERF_FN int x_width() const { return groups * features; }
    JNERF_FN MlpInput trunk_input() const { return {x, nullptr, n_samples, groups, features, 0}; }
};

// Entry points of cpu.h and cuda.h:
//   field_mlp_forward(shape, input, trunk, head, sigmas [S], rgbs [S, 3], room, its size)
//   field_mlp_backward(shape, input, trunk, head, grad_sigmas [S], grad_rgbs [S, 3], grad_x or nullptr, grad_trunk, grad_head, room)

}  // namespace jnerf
