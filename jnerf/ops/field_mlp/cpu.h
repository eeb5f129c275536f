// Both MLPs of a tile of samples one after the other: what lies between them never leaves the cache.
#pragma once
#include "field_mlp/activation.h"
#include "field_mlp/kernel.h"
#include "mlp/cpu.h"

namespace jnerf {

// One thread's tile: trunk, head, and the raw outputs that the activations take.
template <class P> struct FieldTile {
    const FieldMlpShape& shape;
    const FieldMlpInput& input;
    MlpTile<P> trunk, head;
    float sigmas[MLP_TILE + GEMM_LANES], rgbs[FIELD_COLORS * MLP_TILE + GEMM_LANES];

    FieldTile(const FieldMlpShape& shape, const FieldMlpInput& input, const MlpWeights<P>& trunk, const MlpWeights<P>& head)
        : shape(shape), input(input), trunk(shape.trunk, trunk), head(shape.head, head), sigmas(), rgbs() {}

    // Leaves the logarithm of the density in `sigmas` and colours in `rgbs`.
    void forward(int64_t begin, int n) {
        mlp_load(input.trunk_input(), begin, n, trunk.input());
        const int width = shape.geometry();
        trunk.forward(n, trunk.out_pad);
        MlpRows<P>& rows = head.input();
        int ray = -1;
        for (int s = 0; s < n; s++) {
            const float* geometry = &trunk.out[(size_t)s * trunk.out_pad];
            sigmas[s] = geometry[0];
            typename P::Element* row = rows.row(s);
            to_elements<P>(geometry, width, row);
            if (!input.extra_width) continue;
            const int next = input.ray_indices[begin + s];  // samples of a ray are neighbours
            if (next == ray) memcpy(row + width, rows.row(s - 1) + width, input.extra_width * sizeof *row);
            else to_elements<P>(input.extra + (int64_t)next * input.extra_width, input.extra_width, row + width);
            ray = next;
        }
        head.forward(n, gemm_pad(FIELD_COLORS));
        for (int s = 0; s < n; s++)
            for (int c = 0; c < FIELD_COLORS; c++) rgbs[s * FIELD_COLORS + c] = head.out[(size_t)s * head.out_pad + c];
        map_vectors(rgbs, n * FIELD_COLORS, logistic_vector);
    }
};

template <class P> struct FieldTileGrad {
    FieldTile<P>& tile;
    MlpTileGrad<P> trunk, head;
    explicit FieldTileGrad(FieldTile<P>& tile) : tile(tile), trunk(tile.trunk), head(tile.head) {}

    void backward(int n, const float* grad_sigmas, const float* grad_rgbs, bool wants_x, float* sums) {
        for (int s = 0; s < n; s++)
            for (int c = 0; c < FIELD_COLORS; c++) {
                const float y = tile.rgbs[s * FIELD_COLORS + c];
                head.grad_out().row(s)[c] = P::element(grad_rgbs[s * FIELD_COLORS + c] * y * (1.0f - y));
            }
        const int width = tile.shape.geometry();
        head.backward(n, FIELD_COLORS, gemm_pad(width), sums + trunk.n_sums());
        map_vectors(tile.sigmas, n, [](GemmVector x) {
            x = x > FIELD_EXP_LIMIT ? GemmVector{} + FIELD_EXP_LIMIT : x;
            return exp_vector(x < -FIELD_EXP_LIMIT ? GemmVector{} - FIELD_EXP_LIMIT : x);
        });
        const int stride = gemm_pad(tile.shape.head.width[0]);
        for (int s = 0; s < n; s++) {
            float* g = &head.grad_in[(size_t)s * stride];
            g[0] += grad_sigmas[s] * tile.sigmas[s];
            to_elements<P>(g, width, trunk.grad_out().row(s));
        }
        trunk.backward(n, width, wants_x ? gemm_pad(tile.shape.trunk.width[0]) : 0, sums);
    }
};

inline void field_mlp_forward(FieldMlpShape shape, FieldMlpInput input, const float* trunk, const float* head, float* sigmas, float* rgbs) {
    with_precision(shape.trunk.precision, [&](auto p) {
        typedef decltype(p) P;
        const MlpWeights<P> trunk_weights(shape.trunk, trunk), head_weights(shape.head, head);
        for_tiles(input.n_samples, [&] {
            auto tile = std::make_shared<FieldTile<P>>(shape, input, trunk_weights, head_weights);
            return [=](int64_t begin, int n) {
                tile->forward(begin, n);
                map_vectors(tile->sigmas, n, exp_vector);
                std::copy_n(tile->sigmas, n, sigmas + begin);
                std::copy_n(tile->rgbs, n * FIELD_COLORS, rgbs + begin * FIELD_COLORS);
            };
        });
    });
}

// grad_x may be null: nobody needs it.
inline void field_mlp_backward(FieldMlpShape shape, FieldMlpInput input, const float* trunk, const float* head, const float* grad_sigmas,
                               const float* grad_rgbs, float* grad_x, float* grad_trunk, float* grad_head) {
    with_precision(shape.trunk.precision, [&](auto p) {
        typedef decltype(p) P;
        const MlpWeights<P> trunk_weights(shape.trunk, trunk), head_weights(shape.head, head);
        FieldTile<P> like(shape, input, trunk_weights, head_weights);
        const FieldTileGrad<P> layout(like);
        const size_t n_trunk = layout.trunk.n_sums(), n_head = layout.head.n_sums();
        const std::vector<float> sums = sum_tiles(input.n_samples, n_trunk + n_head, [&] {
            auto tile = std::make_shared<FieldTile<P>>(shape, input, trunk_weights, head_weights);
            auto grad = std::make_shared<FieldTileGrad<P>>(*tile);
            return [=](int64_t begin, int n, float* sums) {
                tile->forward(begin, n);
                grad->backward(n, grad_sigmas + begin, grad_rgbs + begin * FIELD_COLORS, grad_x, sums);
                mlp_store(tile->input.trunk_input(), MlpInputGrad{grad_x, nullptr}, begin, n, grad->trunk.grad_in.data(), gemm_pad(tile->shape.trunk.width[0]));
            };
        });
        unpad_grads<P>(shape.trunk, layout.trunk.offset, sums.data(), grad_trunk);
        unpad_grads<P>(shape.head, layout.head.offset, sums.data() + n_trunk, grad_head);
    });
}

}  // namespace jnerf
