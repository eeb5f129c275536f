// An MLP for one tile of samples, by one thread: forward, and backward with the weights' gradients.
#pragma once
#include "mlp/precision.h"

namespace jnerf {

// Weights as the products' left operands, row-major in items: W forward, its transpose backward. The first layer's inputs
// from `split` on may be moved so that they begin with a new item.
template <class P> struct MlpWeights {
    Buffer<uint32_t> forward[MLP_MAX_LAYERS], backward[MLP_MAX_LAYERS];
    Buffer<float> bias[MLP_MAX_LAYERS];
    int split, gap;

    MlpWeights(const MlpShape& shape, const float* params, int split = 0) : split(split), gap(split % P::K) {
        for (int l = 0; l < shape.n_layers; l++) {
            const int in = width(shape, l), out = shape.width[l + 1];
            Buffer<float> w((size_t)out * in);
            for (int o = 0; o < out; o++)
                for (int i = 0; i < shape.width[l]; i++) w[(size_t)o * in + column(l, i)] = params[shape.weight[l] + (int64_t)o * shape.width[l] + i];
            forward[l] = packed(out, in, &w[0], in, 1);
            backward[l] = packed(in, out, &w[0], 1, in);
            bias[l].assign(round_up(out, MLP_PAD), 0.0f);
            if (shape.bias[l] >= 0) std::copy_n(params + shape.bias[l], out, bias[l].begin());
        }
    }
    int column(int l, int i) const { return l == 0 && i >= split ? i + gap : i; }
    int width(const MlpShape& shape, int l) const { return shape.width[l] + (l == 0 ? gap : 0); }
    static int stride(int n) { return round_up(n, MLP_PAD) / P::K; }

private:
    static Buffer<uint32_t> packed(int rows, int columns, const float* w, int row, int column) {
        const int pad = stride(columns);
        Buffer<uint32_t> result((size_t)round_up(rows, MLP_PAD) * pad);
        for (int r = 0; r < rows; r++)
            for (int c = 0; c < columns; c += P::K)
                result[(size_t)r * pad + c / P::K] = P::item(w[(int64_t)r * row + (int64_t)c * column], c + 1 < columns ? w[(int64_t)r * row + (int64_t)(c + 1) * column] : 0.0f);
        return result;
    }
};

// What weights [to.rows, columns] make of the first k rows of a panel.
template <class P, int KIND, class Start>
inline void multiply(const Buffer<uint32_t>& weights, int columns, int k, Panel<P>& input, const Start& start, const Outlet<P, KIND>& to) {
    const int lda = MlpWeights<P>::stride(columns), items = P::K == 2 && amx_ready() ? MlpWeights<P>::stride(k) : (k + P::K - 1) / P::K;
    P::product(Product{to.rows, MLP_TILE, items, weights.data(), lda, input.items(0), MLP_TILE}, start, to);
}

// Floats [n, MLP_TILE] -> rows of a panel.
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

    MlpTile(const MlpShape& shape, const MlpWeights<P>& weights) : shape(shape), weights(weights) {
        for (int l = 0; l < shape.n_layers; l++) layer.emplace_back(weights.width(shape, l));
    }

    // KEEP: ROWS where a backward pass follows, else 0.
    template <int KEEP> void forward_hidden() {
        for (int l = 0; l + 1 < shape.n_layers; l++) multiply_layer(l, Outlet<P, RELU | PANEL | KEEP>{shape.width[l + 1], &layer[l + 1]});
    }
    // The last layer's first `to.rows` results.
    template <int KIND> void forward_last(const Outlet<P, KIND>& to) { multiply_layer(shape.n_layers - 1, to); }

private:
    template <int KIND> void multiply_layer(int l, const Outlet<P, KIND>& to) {
        const int k = layer[l].width;
        if (shape.bias[l] >= 0) multiply<P>(weights.forward[l], k, k, layer[l], StartBias{weights.bias[l].data()}, to);
        else multiply<P>(weights.forward[l], k, k, layer[l], StartZero{}, to);
    }
};

// The backward pass of a tile behind its `forward`. The caller fills `grad_out`, of which `rows` rows count.
template <class P> struct MlpTileGrad {
    MlpTile<P>& tile;
    const MlpShape& shape;
    int rows;
    std::vector<Panel<P>> grad;  // of each layer's results
    Buffer<float> grad_in;       // of the inputs, [pad(width 0), MLP_TILE]
    Buffer<uint32_t> transposed;
    size_t offset[MLP_MAX_LAYERS + 1];  // where a layer's gradients begin: [even out, pad(in)], then the biases'

    MlpTileGrad(MlpTile<P>& tile, int rows) : tile(tile), shape(tile.shape), rows(rows) {
        offset[0] = 0;
        int widest = 0;
        for (int l = 0; l < shape.n_layers; l++) {
            const int in = round_up(tile.layer[l].width, MLP_PAD), out = shape.width[l + 1];
            grad.emplace_back(out);
            offset[l + 1] = offset[l] + (size_t)round_up(out, 2) * in + (shape.bias[l] >= 0 ? out : 0);
            widest = std::max(widest, in);
        }
        grad_in.resize((size_t)round_up(tile.layer[0].width, MLP_PAD) * MLP_TILE);
        transposed.resize((size_t)widest * MLP_TILE / P::K);
    }
    Panel<P>& grad_out() { return grad.back(); }
    size_t n_sums() const { return offset[shape.n_layers]; }

    // Adds to `sums`; `inputs`: of how many inputs the gradient is needed.
    void backward(int inputs, float* sums) {
        for (int l = shape.n_layers - 1; l >= 0; l--) {
            const int out = l + 1 == shape.n_layers ? rows : shape.width[l + 1];
            weight_grads(l, out, sums + offset[l]);
            if (l == 0 && inputs == 0) return;
            const auto& weights = tile.weights.backward[l];
            const int columns = shape.width[l + 1];
            if (l) multiply<P>(weights, columns, out, grad[l], StartZero{}, Outlet<P, ACTIVE | PANEL | ROWS>{shape.width[l], &grad[l - 1], &tile.layer[l]});
            else multiply<P>(weights, columns, out, grad[l], StartZero{}, Outlet<P, PLAIN>{inputs, nullptr, nullptr, grad_in.data(), inputs});
        }
    }

    // Sums -> flat gradients of the parameters.
    void unpack(const float* sums, float* grad_params) const {
        for (int l = 0; l < shape.n_layers; l++) {
            const int in = shape.width[l], pad = round_up(tile.layer[l].width, MLP_PAD), out = shape.width[l + 1];
            for (int o = 0; o < out; o++)
                for (int i = 0; i < in; i++) grad_params[shape.weight[l] + (int64_t)o * in + i] = sums[offset[l] + (size_t)o * pad + tile.weights.column(l, i)];
            if (shape.bias[l] >= 0) std::copy_n(sums + offset[l] + (size_t)round_up(out, 2) * pad, out, grad_params + shape.bias[l]);
        }
    }

private:
    // dW [out, in] += dY X^T, over the samples: dY's rows as they are, X's transposed.
    void weight_grads(int l, int out, float* sums) {
        const int in = tile.layer[l].width, pad = round_up(in, MLP_PAD), items = MLP_TILE / P::K;
        for (int i = 0; i < in; i += 16)
            for (int s = 0; s < items; s += 16)
                transpose16((const uint32_t*)tile.layer[l].row(i) + s, items, &transposed[(size_t)s * pad + i], pad);
        const Product product{out, pad, items, (const uint32_t*)grad[l].row(0), items, transposed.data(), pad};
        P::product(product, StartSums{sums, pad}, StoreSums{sums, pad});
        if (shape.bias[l] < 0) return;
        float* b = sums + (size_t)round_up(shape.width[l + 1], 2) * pad;
        for (int o = 0; o < out; o++) b[o] += P::row_sum(grad[l].row(o));
    }
};

}  // namespace jnerf
