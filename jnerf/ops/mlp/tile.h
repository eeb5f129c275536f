// An MLP for one tile of samples, by one thread: forward, and backward with the weights' gradients.
#pragma once
#include "mlp/weights.h"

namespace jnerf {

// What weights [to.rows, columns], from row `first` on, make of the first k rows of a panel.
template <class P, int KIND, class Start>
inline void multiply(const Buffer<uint32_t>& weights, int columns, int k, Panel<P>& input, const Start& start, const Outlet<P, KIND>& to, Fetch* fetch, int first = 0) {
    const int lda = MlpWeights<P>::stride(columns), items = P::K == 2 && amx_ready() ? MlpWeights<P>::stride(k) : (k + P::K - 1) / P::K;
    P::product(Product{to.rows, MLP_TILE, items, weights.data() + (size_t)first * lda, lda, input.items(0), MLP_TILE, fetch}, start, to);
}

// Floats [n, MLP_TILE] -> rows of a panel. Of an odd n, memory holds one row more, of anything.
template <class P> inline void to_panel(const float* x, int n, Panel<P>& panel) {
    const Outlet<P, PANEL | ROWS> to{n, &panel};
    for (int i = 0; i < n; i += 2)
        for (int j = 0; j < MLP_TILE; j += 2 * GEMM_LANES) {
            GemmVector sum[2][2];
            StartSums{x, MLP_TILE}(i, j, sum);
            to(i, j, sum);
        }
}

template <class P> struct MlpTile {
    const MlpShape& shape;
    const MlpWeights<P>& weights;
    std::vector<Panel<P>> layer;  // inputs of each layer; the caller fills the first
    Fetch fetch;

    MlpTile(const MlpShape& shape, const MlpWeights<P>& weights) : shape(shape), weights(weights) {
        for (int l = 0; l < shape.n_layers; l++) layer.emplace_back(weights.width(shape, l));
    }

    // KEEP: ROWS where a backward pass follows, else 0.
    template <int KEEP> void forward_hidden() {
        if (shape.skip >= 0) layer[shape.skip].template copy<KEEP>(layer[0], MlpWeights<P>::again(shape));
        for (int l = 0; l + 1 < shape.n_layers; l++) multiply_layer(l, Outlet<P, RELU | PANEL | KEEP>{shape.width[l + 1], &layer[l + 1]});
    }
    // The last layer's first `to.rows` results.
    template <int KIND> void forward_last(const Outlet<P, KIND>& to) { multiply_layer(shape.n_layers - 1, to); }

private:
    template <int KIND> void multiply_layer(int l, const Outlet<P, KIND>& to) {
        const int k = layer[l].width;
        if (shape.bias[l] >= 0) multiply<P>(weights.forward[l], k, k, layer[l], StartBias{weights.bias[l].data()}, to, &fetch);
        else multiply<P>(weights.forward[l], k, k, layer[l], StartZero{}, to, &fetch);
    }
};

// Where gradients of the parameters are summed up: of each layer [even out, pad(in)], then the biases'.
template <class P> struct MlpSums {
    const MlpShape& shape;
    const MlpWeights<P>& weights;
    size_t offset[MLP_MAX_LAYERS + 1];

    MlpSums(const MlpShape& shape, const MlpWeights<P>& weights) : shape(shape), weights(weights) {
        offset[0] = 0;
        for (int l = 0; l < shape.n_layers; l++) offset[l + 1] = biases(l) + (shape.bias[l] >= 0 ? shape.width[l + 1] : 0);
    }
    int pad(int l) const { return round_up(weights.width(shape, l), MLP_PAD); }
    size_t biases(int l) const { return offset[l] + (size_t)round_up(shape.width[l + 1], 2) * pad(l); }
    size_t size() const { return offset[shape.n_layers]; }

    // Sums -> flat gradients of the parameters.
    void unpack(const float* sums, float* grad_params) const {
        for (int l = 0; l < shape.n_layers; l++) {
            const int in = shape.inputs(l), out = shape.width[l + 1];
            const float* rows = sums + offset[l];
            const size_t stride = pad(l);
            share_out(out, MlpWeights<P>::many(in, out), [&](int64_t o) {
                float* to = grad_params + shape.weight[l] + o * in;
                const float* from = rows + o * stride;
                if (weights.width(shape, l) == in) std::copy_n(from, in, to);
                else
                    for (int i = 0; i < in; i++) to[i] = from[weights.column(shape, l, i)];
            });
            if (shape.bias[l] >= 0) std::copy_n(sums + biases(l), out, grad_params + shape.bias[l]);
        }
    }
};

// The backward pass of a tile behind its `forward`. The caller fills `grad_out`, of which `rows` rows count.
template <class P> struct MlpTileGrad {
    MlpTile<P>& tile;
    const MlpShape& shape;
    const MlpSums<P>& layout;
    int rows;
    std::vector<Panel<P>> panels;
    int panel[MLP_MAX_LAYERS];   // which holds the gradient of a layer's results: only neighbours need two at once
    Buffer<float> grad_in;       // of the inputs, [pad(width 0), MLP_TILE]
    Buffer<uint32_t> transposed;

    MlpTileGrad(MlpTile<P>& tile, const MlpSums<P>& layout, int rows) : tile(tile), shape(tile.shape), layout(layout), rows(rows) {
        int widest = 0;
        for (int l = 0; l < shape.n_layers; l++) {
            const int out = shape.width[l + 1];
            panel[l] = (int)panels.size();
            // Of the last layer's panel only `rows` rows are filled; AMX reads all, and the rest must stay zero.
            const bool own = l + 1 == shape.n_layers && rows != out;
            for (int k = l - 2; !own && k >= 0; k -= 2)
                if (shape.width[k + 1] == out) panel[l] = panel[k];
            if (panel[l] == (int)panels.size()) panels.emplace_back(out);
            widest = std::max(widest, layout.pad(l));
        }
        grad_in.resize((size_t)layout.pad(0) * MLP_TILE);
        transposed.resize((size_t)widest * MLP_TILE / P::K);
    }
    Panel<P>& grad(int l) { return panels[panel[l]]; }
    Panel<P>& grad_out() { return grad(shape.n_layers - 1); }

    // Adds to `sums`; `inputs`: of how many inputs the gradient is needed.
    void backward(int inputs, float* sums) {
        for (int l = shape.n_layers - 1; l >= 0; l--) {
            const int out = l + 1 == shape.n_layers ? rows : shape.width[l + 1];
            weight_grads(l, out, sums);
            if (l == 0 && inputs == 0) return;
            const auto& weights = tile.weights.backward[l];
            const int columns = shape.width[l + 1];
            const Outlet<P, PLAIN> to_input{inputs, nullptr, nullptr, grad_in.data(), inputs};
            if (l) multiply<P>(weights, columns, out, grad(l), StartZero{}, Outlet<P, ACTIVE | PANEL | ROWS>{shape.width[l], &grad(l - 1), &tile.layer[l]}, &tile.fetch);
            else if (shape.skip < 0) multiply<P>(weights, columns, out, grad(l), StartZero{}, to_input, &tile.fetch);
            else multiply<P>(weights, columns, out, grad(l), StartSums{grad_in.data(), MLP_TILE}, to_input, &tile.fetch);
            if (l && l == shape.skip && inputs) multiply<P>(weights, columns, out, grad(l), StartZero{}, to_input, &tile.fetch, MlpWeights<P>::again(shape));
        }
    }

private:
    // dW [out, in] += dY X^T, over the samples: dY's rows as they are, X's transposed.
    void weight_grads(int l, int out, float* sums) {
        const int in = tile.layer[l].width, pad = layout.pad(l), items = MLP_TILE / P::K;
        for (int i = 0; i < in; i += 16)
            for (int s = 0; s < items; s += 16)
                transpose16((const uint32_t*)tile.layer[l].row(i) + s, items, &transposed[(size_t)s * pad + i], pad);
        const Product product{out, pad, items, (const uint32_t*)grad(l).row(0), items, transposed.data(), pad, &tile.fetch};
        float* w = sums + layout.offset[l];
        P::product(product, StartSums{w, pad}, StoreSums{w, pad});
        if (shape.bias[l] < 0) return;
        float* b = sums + layout.biases(l);
        for (int o = 0; o < out; o++) b[o] += P::row_sum(grad(l).row(o));
    }
};

}  // namespace jnerf
