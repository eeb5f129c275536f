// An MLP for a few tiles of samples, by one thread: forward, and backward with the weights' gradients. A layer takes all the
// tiles before the next begins: its weights and their gradients, which do not fit into the cache together with those of the
// other layers where layers are wide, are fetched once for all of them.
#pragma once
#include "mlp/weights.h"

namespace jnerf {

// Tiles that are worth taking at once. Narrow networks lie in the cache whole.
inline int tiles_at_once(const MlpShape& shape) {
    const int widest = *std::max_element(shape.width, shape.width + shape.n_layers + 1);
    return widest > 128 ? 4 : 1;
}

// What weights [rows, columns], from row `at` on, make of the first k rows of panels. start(tile), to(tile): what a tile
// begins with, its outlet. Rows go by blocks that the cache holds while all tiles pass by.
template <class P, class Start, class To>
inline void multiply(const Buffer<uint32_t>& weights, int rows, int columns, int k, Panels<P>& input, int tiles, const Start& start, const To& to, int at = 0) {
    constexpr int CACHED = 1 << 16, BLOCK = 96;  // items; rows that fill the registers of every engine
    const int lda = MlpWeights<P>::stride(columns), items = P::K == 2 && amx_ready() ? MlpWeights<P>::stride(k) : (k + P::K - 1) / P::K;
    const int at_once = tiles == 1 ? rows : std::max(1, CACHED / lda / BLOCK) * BLOCK;
    for (int first = 0; first < rows; first += at_once)
        for (int t = 0; t < tiles; t++)
            P::product(Product{std::min(at_once, rows - first), MLP_TILE, items, weights.data() + (size_t)(at + first) * lda, lda, input[t].items(0), first}, start(t), to(t));
}

// Floats [n, MLP_TILE] -> rows of a panel.
template <class P> inline void to_panel(const float* x, int n, const Panel<P>& panel) {
    const Outlet<P, PANEL | ROWS> to{n, panel};
    for (int i = 0; i < n; i += 2)
        for (int j = 0; j < MLP_TILE; j += 2 * GEMM_LANES) {
            GemmVector sum[2][2];
            StartSums{x, MLP_TILE}(i, j, sum);
            to(i, j, sum);
        }
}

template <class P> struct MlpTiles {
    const MlpShape& shape;
    const MlpWeights<P>& weights;
    std::vector<Panels<P>> layer;  // inputs of each layer; the caller fills the first

    // most: how many tiles there may be.
    MlpTiles(const MlpShape& shape, const MlpWeights<P>& weights, int most) : shape(shape), weights(weights) {
        for (int l = 0; l < shape.n_layers; l++) layer.emplace_back(weights.width(shape, l), most);
    }

    // KEEP: ROWS where a backward pass follows, else 0.
    template <int KEEP> void forward_hidden(int tiles) {
        if (shape.skip >= 0) layer[shape.skip].template copy<KEEP>(layer[0], MlpWeights<P>::again(shape), tiles);
        for (int l = 0; l + 1 < shape.n_layers; l++)
            multiply_layer(l, shape.width[l + 1], tiles, [&](int t) { return Outlet<P, RELU | PANEL | KEEP>{shape.width[l + 1], layer[l + 1][t]}; });
    }
    // The last layer's first `rows` results; to(tile) takes them.
    template <class To> void forward_last(int rows, int tiles, const To& to) { multiply_layer(shape.n_layers - 1, rows, tiles, to); }

private:
    template <class To> void multiply_layer(int l, int rows, int tiles, const To& to) {
        const int k = layer[l].width;
        if (shape.bias[l] >= 0) multiply<P>(weights.forward[l], rows, k, k, layer[l], tiles, [&](int) { return StartBias{weights.bias[l].data()}; }, to);
        else multiply<P>(weights.forward[l], rows, k, k, layer[l], tiles, [](int) { return StartZero{}; }, to);
    }
};

// The backward pass of tiles behind their `forward`. The caller fills `grad_out`, of which `rows` rows count.
template <class P> struct MlpTilesGrad {
    MlpTiles<P>& tile;
    const MlpShape& shape;
    int rows;
    std::vector<Panels<P>> panels;
    int panel[MLP_MAX_LAYERS];  // which hold the gradient of a layer's results: only neighbours need two at once
    size_t offset[MLP_MAX_LAYERS + 1];  // where a layer's gradients begin: [even out, pad(in)], then the biases'

    MlpTilesGrad(MlpTiles<P>& tile, int rows, int most) : tile(tile), shape(tile.shape), rows(rows) {
        offset[0] = 0;
        int widest = 0;
        for (int l = 0; l < shape.n_layers; l++) {
            const int in = round_up(tile.layer[l].width, MLP_PAD), out = shape.width[l + 1];
            panel[l] = (int)panels.size();
            for (int k = l - 2; k >= 0; k -= 2)
                if (shape.width[k + 1] == out) panel[l] = panel[k];
            if (panel[l] == (int)panels.size()) panels.emplace_back(out, most);
            offset[l + 1] = offset[l] + (size_t)round_up(out, 2) * in + (shape.bias[l] >= 0 ? out : 0);
            widest = std::max(widest, in);
        }
        of_inputs = (size_t)round_up(tile.layer[0].width, MLP_PAD) * MLP_TILE;
        all_inputs.resize(of_inputs * most);
        transposed.resize((size_t)round_up(widest, MLP_TILE) * MLP_TILE / P::K * most);
    }
    Panels<P>& grad(int l) { return panels[panel[l]]; }
    Panels<P>& grad_out() { return grad(shape.n_layers - 1); }
    float* grad_in(int tile) { return all_inputs.data() + of_inputs * tile; }  // of a tile's inputs, [pad(width 0), MLP_TILE]
    size_t n_sums() const { return offset[shape.n_layers]; }

    // Adds to `sums`; `inputs`: of how many inputs the gradient is needed.
    void backward(int tiles, int inputs, float* sums) {
        const auto zero = [](int) { return StartZero{}; };
        const auto to_input = [&](int t) { return Outlet<P, PLAIN>{inputs, {}, {}, grad_in(t), inputs}; };
        for (int l = shape.n_layers - 1; l >= 0; l--) {
            const int out = l + 1 == shape.n_layers ? rows : shape.width[l + 1], columns = shape.width[l + 1];
            weight_grads(l, out, tiles, sums + offset[l]);
            if (l == 0 && inputs == 0) return;
            const auto& weights = tile.weights.backward[l];
            const auto below = [&](int t) { return Outlet<P, ACTIVE | PANEL | ROWS>{shape.width[l], grad(l - 1)[t], tile.layer[l][t]}; };
            if (l) multiply<P>(weights, shape.width[l], columns, out, grad(l), tiles, zero, below);
            else if (shape.skip < 0) multiply<P>(weights, inputs, columns, out, grad(l), tiles, zero, to_input);
            else multiply<P>(weights, inputs, columns, out, grad(l), tiles, [&](int t) { return StartSums{grad_in(t), MLP_TILE}; }, to_input);
            if (l && l == shape.skip && inputs) multiply<P>(weights, inputs, columns, out, grad(l), tiles, zero, to_input, MlpWeights<P>::again(shape));
        }
    }

    // Sums -> flat gradients of the parameters.
    void unpack(const float* sums, float* grad_params) const {
        for (int l = 0; l < shape.n_layers; l++) {
            const int in = shape.inputs(l), pad = round_up(tile.layer[l].width, MLP_PAD), out = shape.width[l + 1];
            #pragma omp parallel for schedule(static) if ((int64_t)in * out > 1 << 14)
            for (int o = 0; o < out; o++)
                for (int i = 0; i < in; i++) grad_params[shape.weight[l] + (int64_t)o * in + i] = sums[offset[l] + (size_t)o * pad + tile.weights.column(shape, l, i)];
            if (shape.bias[l] >= 0) std::copy_n(sums + offset[l] + (size_t)round_up(out, 2) * pad, out, grad_params + shape.bias[l]);
        }
    }

private:
    size_t of_inputs;
    Buffer<float> all_inputs;
    Buffer<uint32_t> transposed;

    // dW [out, in] += dY X^T, over the samples: dY's rows as they are, X's transposed.
    void weight_grads(int l, int out, int tiles, float* sums) {
        const int in = tile.layer[l].width, pad = round_up(in, MLP_PAD), items = MLP_TILE / P::K;
        for (int i = 0; i < in; i += 16)
            for (int t = 0; t < tiles; t++)
                for (int s = 0; s < items; s += 16)
                    transpose16((const uint32_t*)tile.layer[l][t].row(i) + s, items, &transposed[(size_t)((i / MLP_TILE * tiles + t) * items + s) * MLP_TILE + i % MLP_TILE], MLP_TILE);
        const Product product{out, pad, items, (const uint32_t*)grad(l)[0].row(0), items, transposed.data(), 0, tiles, (int64_t)grad(l).stride};
        P::product(product, StartSums{sums, pad}, StoreSums{sums, pad});
        if (shape.bias[l] < 0) return;
        float* b = sums + (size_t)round_up(shape.width[l + 1], 2) * pad;
        for (int o = 0; o < out; o++)
            for (int t = 0; t < tiles; t++) b[o] += P::row_sum(grad(l)[t].row(o));
    }
};

}  // namespace jnerf
