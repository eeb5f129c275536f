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

    // What a tile leaves for the backward pass: rows of all inputs, densities, colours.
    size_t kept_words(const FieldMlpShape& shape) const { return (rows(shape.trunk, trunk) + rows(shape.head, head) + (1 + FIELD_COLORS) * P::K) * MLP_TILE / P::K; }

private:
    static size_t rows(const MlpShape& shape, const MlpWeights<P>& weights) {
        size_t n = 0;
        for (int l = 0; l < shape.n_layers; l++) n += round_up(weights.width(shape, l), MLP_PAD);
        return n;
    }
};

// Sums of both: the trunk's, and from a line's beginning on the head's.
template <class P> struct FieldSums {
    MlpSums<P> trunk, head;
    FieldSums(const FieldMlpShape& shape, const FieldWeights<P>& weights) : trunk(shape.trunk, weights.trunk), head(shape.head, weights.head) {}
    size_t n_trunk() const { return (trunk.size() + 15) / 16 * 16; }
};

// What the forward pass leaves for the backward pass where there is room for it, tile after tile: the rows of all panels,
// densities before their activation, colours. Tiles begin with a line; the first word says where, or 0: nothing is kept.
template <class P> struct FieldKept {
    uint32_t* words = nullptr;  // of the first tile, or nothing is kept

    // Behind a forward pass.
    explicit FieldKept(float* room) {
        const uint32_t lead = room ? *(const uint32_t*)room : 0;
        if (lead) words = (uint32_t*)room + lead;
    }
    // Before one. room: null or [size].
    FieldKept(float* room, int64_t size, int64_t n_samples, size_t of_tile) {
        if (!room) return;
        const uint32_t lead = 1 + (uint32_t)floats_to_line(room + 1);
        const bool enough = lead + tiles_of(n_samples) * (int64_t)of_tile <= size;
        *(uint32_t*)room = enough ? lead : 0;
        if (enough) words = (uint32_t*)room + lead;
    }
};

// One thread's tile: trunk, head, and what the activations take, [.., MLP_TILE].
template <class P> struct FieldTile {
    const FieldMlpShape& shape;
    const FieldMlpInput& input;
    const size_t kept_words;
    MlpTile<P> trunk, head;
    Buffer<float> sigmas, rgbs;
    float* outputs = nullptr;  // where they are kept

    FieldTile(const FieldMlpShape& shape, const FieldMlpInput& input, const FieldWeights<P>& weights)
        : shape(shape), input(input), kept_words(weights.kept_words(shape)), trunk(shape.trunk, weights.trunk), head(shape.head, weights.head), sigmas(MLP_TILE), rgbs((FIELD_COLORS + 1) * MLP_TILE) {}  // to_panel reads rows in pairs

    // Rows of a tile go to `kept` from now on, or come from there.
    void keep(const FieldKept<P>& kept, int64_t begin) {
        uint32_t* at = kept.words + begin / MLP_TILE * kept_words;
        for (MlpTile<P>* tile : {&trunk, &head})
            for (Panel<P>& panel : tile->layer) {
                panel.rows = (typename P::Element*)at;
                at += panel.n_rows() * MLP_TILE / P::K;
            }
        outputs = (float*)at;
    }
    // The next tile's.
    void fetch_kept() {
        const int pieces = (int)(kept_words * sizeof(uint32_t) / Fetch::PIECE), half = pieces / 2;
        const char* next = (const char*)(outputs + (1 + FIELD_COLORS) * MLP_TILE);
        head.fetch = {next, Fetch::PIECE, half};
        trunk.fetch = {next + half * Fetch::PIECE, Fetch::PIECE, pieces - half};
    }
    void keep_outputs() {
        stream_lines(outputs, sigmas.data(), MLP_TILE);
        stream_lines(outputs + MLP_TILE, rgbs.data(), FIELD_COLORS * MLP_TILE);
    }
    void take_outputs() {
        std::copy_n(outputs, MLP_TILE, sigmas.data());
        std::copy_n(outputs + MLP_TILE, FIELD_COLORS * MLP_TILE, rgbs.data());
    }

    // Leaves the density before its activation in `sigmas` and colours in `rgbs`. KEEP: ROWS where a backward pass
    // follows, with STREAM if not at once, else 0.
    template <int KEEP> void forward(int64_t begin, int n) {
        mlp_load(input.trunk_input(), begin, n, trunk.layer[0], KEEP);
        trunk.fetch = fetch_pairs(input.trunk_input(), begin);
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
    const FieldSums<P>& layout;
    MlpTileGrad<P> trunk, head;
    FieldTileGrad(FieldTile<P>& tile, const FieldSums<P>& layout)
        : tile(tile), layout(layout), trunk(tile.trunk, layout.trunk, tile.shape.geometry()), head(tile.head, layout.head, FIELD_COLORS) {}

    void backward(int n, const float* grad_sigmas, const float* grad_rgbs, bool wants_x, float* sums) {
        float* rgbs = tile.rgbs.data();
        alignas(64) float given[FIELD_COLORS * MLP_TILE] = {};
        for (int s = 0; s < n; s++)
            for (int c = 0; c < FIELD_COLORS; c++) given[c * MLP_TILE + s] = grad_rgbs[s * FIELD_COLORS + c];
        for (int i = 0; i < FIELD_COLORS * MLP_TILE; i++) rgbs[i] = given[i] * rgbs[i] * (1.0f - rgbs[i]);
        to_panel<P>(rgbs, FIELD_COLORS, head.grad_out());
        const int width = tile.shape.geometry();
        head.backward(width, sums + layout.n_trunk());
        float* sigmas = tile.sigmas.data();
        field_slopes(tile.shape.density, sigmas, n);
        float* sums_in = head.grad_in.data();
        #pragma GCC ivdep
        for (int s = 0; s < n; s++) sums_in[s] += grad_sigmas[s] * sigmas[s];
        to_panel<P>(head.grad_in.data(), width, trunk.grad_out());
        trunk.backward(wants_x ? tile.shape.trunk.width[0] : 0, sums);
    }
};

// room: null, or [room_size] to be given to the backward pass.
inline void field_mlp_forward(FieldMlpShape shape, FieldMlpInput input, const float* trunk, const float* head, float* sigmas, float* rgbs, float* room = nullptr,
                              int64_t room_size = 0) {
    with_precision(shape.trunk.precision, [&](auto p) {
        typedef decltype(p) P;
        const FieldWeights<P> weights(shape, trunk, head, false);
        const FieldKept<P> keep(room, room_size, input.n_samples, weights.kept_words(shape));
        for_tiles(input.n_samples, [&] {
            auto tile = std::make_shared<FieldTile<P>>(shape, input, weights);
            return [=](int64_t begin, int n) {
                if (keep.words) {
                    tile->keep(keep, begin);
                    tile->template forward<ROWS | STREAM>(begin, n);
                    tile->keep_outputs();
                } else
                    tile->template forward<0>(begin, n);
                field_densities(tile->shape.density, tile->sigmas.data(), n);
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
                               const float* grad_rgbs, float* grad_x, float* grad_trunk, float* grad_head, float* room = nullptr) {
    with_precision(shape.trunk.precision, [&](auto p) {
        typedef decltype(p) P;
        const FieldWeights<P> weights(shape, trunk, head, true);
        const FieldKept<P> keep(room);
        const FieldSums<P> layout(shape, weights);
        const Buffer<float>& sums = sum_tiles(input.n_samples, layout.n_trunk() + layout.head.size(), [&] {
            auto tile = std::make_shared<FieldTile<P>>(shape, input, weights);
            auto grad = std::make_shared<FieldTileGrad<P>>(*tile, layout);
            return [=](int64_t begin, int n, float* sums) {
                if (keep.words) {
                    tile->keep(keep, begin);
                    tile->take_outputs();
                    tile->fetch_kept();
                } else
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
