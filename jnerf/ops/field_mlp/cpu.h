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

inline int tiles_at_once(const FieldMlpShape& shape) { return std::max(tiles_at_once(shape.trunk), tiles_at_once(shape.head)); }

// One thread's tiles: trunk, head, and what the activations take of each, [.., MLP_TILE].
template <class P> struct FieldTiles {
    const FieldMlpShape& shape;
    const FieldMlpInput& input;
    MlpTiles<P> trunk, head;

    FieldTiles(const FieldMlpShape& shape, const FieldMlpInput& input, const FieldWeights<P>& weights, int most)
        : shape(shape), input(input), trunk(shape.trunk, weights.trunk, most), head(shape.head, weights.head, most), all_sigmas((size_t)MLP_TILE * most), all_rgbs((size_t)FIELD_COLORS * MLP_TILE * most) {}
    float* sigmas(int tile) { return all_sigmas.data() + tile * MLP_TILE; }
    float* rgbs(int tile) { return all_rgbs.data() + tile * FIELD_COLORS * MLP_TILE; }

    // Leaves the density before its activation in `sigmas` and colours in `rgbs`. KEEP: ROWS where a backward pass follows, else 0.
    template <int KEEP> void forward(int64_t begin, int n) {
        const int tiles = tiles_of(n), width = shape.geometry();
        for (int t = 0; t < tiles; t++) mlp_load(input.trunk_input(), begin + t * MLP_TILE, samples_of(n, t), trunk.layer[0][t], KEEP);
        trunk.template forward_hidden<KEEP>(tiles);
        trunk.forward_last(width, tiles, [&](int t) { return Outlet<P, PANEL | PLAIN | KEEP>{width, head.layer[0][t], {}, sigmas(t), 1}; });
        for (int t = 0; t < tiles && input.extra_width; t++) {
            const int* rays = input.ray_indices + begin + t * MLP_TILE;
            const auto extra = [&](int s) { return input.extra + (int64_t)rays[s] * input.extra_width; };
            load_rows(samples_of(n, t), input.extra_width, extra, head.layer[0][t], (width + P::K - 1) / P::K, KEEP);
        }
        head.template forward_hidden<KEEP>(tiles);
        head.forward_last(FIELD_COLORS, tiles, [&](int t) { return Outlet<P, PLAIN>{FIELD_COLORS, {}, {}, rgbs(t), FIELD_COLORS}; });
        map_vectors(rgbs(0), FIELD_COLORS * MLP_TILE * tiles, logistic_vector);
    }

private:
    Buffer<float> all_sigmas, all_rgbs;
};

template <class P> struct FieldTilesGrad {
    FieldTiles<P>& tile;
    MlpTilesGrad<P> trunk, head;
    FieldTilesGrad(FieldTiles<P>& tile, int most)
        : tile(tile), trunk(tile.trunk, tile.shape.geometry(), most), head(tile.head, FIELD_COLORS, most) {}
    size_t n_trunk() const { return (trunk.n_sums() + 15) / 16 * 16; }

    void backward(int n, const float* grad_sigmas, const float* grad_rgbs, bool wants_x, float* sums) {
        const int tiles = tiles_of(n), width = tile.shape.geometry();
        for (int t = 0; t < tiles; t++) {
            float* rgbs = tile.rgbs(t);
            const float* grads = grad_rgbs + t * MLP_TILE * FIELD_COLORS;
            for (int c = 0; c < FIELD_COLORS; c++)
                for (int s = 0; s < MLP_TILE; s++) {
                    float& y = rgbs[c * MLP_TILE + s];
                    y = s < samples_of(n, t) ? grads[s * FIELD_COLORS + c] * y * (1.0f - y) : 0.0f;
                }
            to_panel<P>(rgbs, FIELD_COLORS, head.grad_out()[t]);
        }
        head.backward(tiles, width, sums + n_trunk());
        for (int t = 0; t < tiles; t++) {
            float *sigmas = tile.sigmas(t), *grad = head.grad_in(t);
            const float* grads = grad_sigmas + t * MLP_TILE;
            if (tile.shape.exponential) {
                map_vectors(sigmas, MLP_TILE, [](GemmVector x) {
                    x = x > FIELD_EXP_LIMIT ? GemmVector{} + FIELD_EXP_LIMIT : x;
                    return exp_vector(x < -FIELD_EXP_LIMIT ? GemmVector{} - FIELD_EXP_LIMIT : x);
                });
                for (int s = 0; s < samples_of(n, t); s++) grad[s] += grads[s] * sigmas[s];
            } else
                for (int s = 0; s < samples_of(n, t); s++) grad[s] += grads[s];
            to_panel<P>(grad, width, trunk.grad_out()[t]);
        }
        trunk.backward(tiles, wants_x ? tile.shape.trunk.width[0] : 0, sums);
    }
};

inline void field_mlp_forward(FieldMlpShape shape, FieldMlpInput input, const float* trunk, const float* head, float* sigmas, float* rgbs) {
    with_precision(shape.trunk.precision, [&](auto p) {
        typedef decltype(p) P;
        const FieldWeights<P> weights(shape, trunk, head, false);
        const int most = tiles_at_once(shape);
        for_tiles(input.n_samples, most, [&] {
            auto tile = std::make_shared<FieldTiles<P>>(shape, input, weights, most);
            return [=](int64_t begin, int n) {
                tile->template forward<0>(begin, n);
                if (tile->shape.exponential) map_vectors(tile->sigmas(0), MLP_TILE * tiles_of(n), exp_vector);
                std::copy_n(tile->sigmas(0), n, sigmas + begin);
                for (int s = 0; s < n; s++)
                    for (int c = 0; c < FIELD_COLORS; c++) rgbs[(begin + s) * FIELD_COLORS + c] = tile->rgbs(s / MLP_TILE)[c * MLP_TILE + s % MLP_TILE];
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
        FieldTiles<P> like(shape, input, weights, 1);
        const FieldTilesGrad<P> layout(like, 1);
        const int most = tiles_at_once(shape);
        const Buffer<float>& sums = sum_tiles(input.n_samples, most, layout.n_trunk() + layout.head.n_sums(), [&] {
            auto tile = std::make_shared<FieldTiles<P>>(shape, input, weights, most);
            auto grad = std::make_shared<FieldTilesGrad<P>>(*tile, most);
            return [=](int64_t begin, int n, float* sums) {
                tile->template forward<ROWS>(begin, n);
                grad->backward(n, grad_sigmas + begin, grad_rgbs + begin * FIELD_COLORS, grad_x, sums);
                const MlpInputGrad to{grad_x, nullptr};
                for (int t = 0; t < tiles_of(n); t++) mlp_store(tile->input.trunk_input(), to, begin + t * MLP_TILE, samples_of(n, t), grad->trunk.grad_in(t));
            };
        });
        layout.trunk.unpack(sums.data(), grad_trunk);
        layout.head.unpack(sums.data() + layout.n_trunk(), grad_head);
    });
}

}  // namespace jnerf
