// Both MLPs of a tile of samples one after the other: what lies between them never leaves the cache.
#pragma once
#include "field_mlp/activation.h"
#include "field_mlp/kernel.h"
#include "mlp/cpu.h"

namespace jnerf {

template <class P> struct FieldWeights {
    MlpWeights<P> trunk, head;
    FieldWeights(const FieldMlpShape& shape, const float* trunk, const float* head, bool both)
        : trunk(shape.trunk, trunk, both), head(shape.head, head, both, shape.seen(), shape.first) {}
};

// One thread's tile: trunk, head, and what the activations take, [.., MLP_TILE].
template <class P> struct FieldTile {
    const FieldMlpShape& shape;
    const FieldMlpInput& input;
    MlpTile<P> trunk, head;
    Buffer<float> sigmas, rgbs;

    FieldTile(const FieldMlpShape& shape, const FieldMlpInput& input, const FieldWeights<P>& weights)
        : shape(shape), input(input), trunk(shape.trunk, weights.trunk), head(shape.head, weights.head), sigmas(MLP_TILE), rgbs(FIELD_COLORS * MLP_TILE) {}

    // Leaves the density before its activation in `sigmas` and colours in `rgbs`. KEEP: ROWS where a backward pass follows, else 0.
    template <int KEEP> void forward(int64_t begin, int n) {
        mlp_load(input.trunk_input(), begin, n, trunk.layer[0], KEEP);
        trunk.template forward_hidden<KEEP>();
        const int width = shape.geometry();
        trunk.forward_last(Outlet<P, PANEL | PLAIN | KEEP>{width, &head.layer[0], nullptr, sigmas.data(), 1});
        if (input.extra_width) {
            const auto extra = [&](int s) { return input.extra + (int64_t)input.ray_indices[begin + s] * input.extra_width; };
            load_rows(n, input.extra_width, extra, head.layer[0], (width + P::K - 1) / P::K, KEEP);
        }
        head.template forward_hidden<KEEP>();
        head.forward_last(Outlet<P, PLAIN>{FIELD_COLORS, nullptr, nullptr, rgbs.data(), FIELD_COLORS});
        map_vectors(rgbs.data(), FIELD_COLORS * MLP_TILE, logistic_vector);
    }
};

template <class P> struct FieldTileGrad {
    FieldTile<P>& tile;
    MlpTileGrad<P> trunk, head;
    explicit FieldTileGrad(FieldTile<P>& tile)
        : tile(tile), trunk(tile.trunk, tile.shape.geometry()), head(tile.head, FIELD_COLORS) {}
    size_t n_trunk() const { return (trunk.n_sums() + 15) / 16 * 16; }

    void backward(int n, const float* grad_sigmas, const float* grad_rgbs, bool wants_x, float* sums) {
        float* rgbs = tile.rgbs.data();
        alignas(64) float given[FIELD_COLORS * MLP_TILE] = {};
        for (int s = 0; s < n; s++)
            for (int c = 0; c < FIELD_COLORS; c++) given[c * MLP_TILE + s] = grad_rgbs[s * FIELD_COLORS + c];
        for (int i = 0; i < FIELD_COLORS * MLP_TILE; i++) rgbs[i] = given[i] * rgbs[i] * (1.0f - rgbs[i]);
        to_panel<P>(rgbs, FIELD_COLORS, head.grad_out());
        const int width = tile.shape.geometry();
        head.backward(width, sums + n_trunk());
        float* sigmas = tile.sigmas.data();
        if (tile.shape.exponential) {
            map_vectors(sigmas, MLP_TILE, [](GemmVector x) {
                x = x > FIELD_EXP_LIMIT ? GemmVector{} + FIELD_EXP_LIMIT : x;
                return exp_vector(x < -FIELD_EXP_LIMIT ? GemmVector{} - FIELD_EXP_LIMIT : x);
            });
            float* sums_in = head.grad_in.data();
            #pragma GCC ivdep
            for (int s = 0; s < n; s++) sums_in[s] += grad_sigmas[s] * sigmas[s];
        } else
            for (int s = 0; s < n; s++) head.grad_in[s] += grad_sigmas[s];
        to_panel<P>(head.grad_in.data(), width, trunk.grad_out());
        trunk.backward(wants_x ? tile.shape.trunk.width[0] : 0, sums);
    }
};

inline void field_mlp_forward(FieldMlpShape shape, FieldMlpInput input, const float* trunk, const float* head, float* sigmas, float* rgbs) {
    with_precision(shape.trunk.precision, [&](auto p) {
        typedef decltype(p) P;
        const FieldWeights<P> weights(shape, trunk, head, false);
        for_tiles(input.n_samples, [&] {
            auto tile = std::make_shared<FieldTile<P>>(shape, input, weights);
            return [=](int64_t begin, int n) {
                tile->template forward<0>(begin, n);
                if (tile->shape.exponential) map_vectors(tile->sigmas.data(), MLP_TILE, exp_vector);
                std::copy_n(tile->sigmas.data(), n, sigmas + begin);
                float* to = rgbs + begin * FIELD_COLORS;
                for (int s = 0; s < n; s++)
                    for (int c = 0; c < FIELD_COLORS; c++) to[s * FIELD_COLORS + c] = tile->rgbs[c * MLP_TILE + s];
            };
        });
    });
}

// grad_x may be null: nobody needs it.
inline void field_mlp_backward(FieldMlpShape shape, FieldMlpInput input, const float* trunk, const float* head, const float* grad_sigmas,
                               const float* grad_rgbs, float* grad_x, float* grad_trunk, float* grad_head) {
    with_precision(shape.trunk.precision, [&](auto p) {
        typedef decltype(p) P;
        const FieldWeights<P> weights(shape, trunk, head, true);
        FieldTile<P> like(shape, input, weights);
        const FieldTileGrad<P> layout(like);
        const Buffer<float>& sums = sum_tiles(input.n_samples, layout.n_trunk() + layout.head.n_sums(), [&] {
            auto tile = std::make_shared<FieldTile<P>>(shape, input, weights);
            auto grad = std::make_shared<FieldTileGrad<P>>(*tile);
            return [=](int64_t begin, int n, float* sums) {
                tile->template forward<ROWS>(begin, n);
                grad->backward(n, grad_sigmas + begin, grad_rgbs + begin * FIELD_COLORS, grad_x, sums);
                mlp_store(tile->input.trunk_input(), MlpInputGrad{grad_x, nullptr}, begin, n, grad->trunk.grad_in.data());
            };
        });
        layout.trunk.unpack(sums.data(), grad_trunk);
        layout.head.unpack(sums.data() + layout.n_trunk(), grad_head);
    });
}

}  // namespace jnerf
