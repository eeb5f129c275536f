// The layers of an MLP for one tile of samples, forward and backward, while everything about the tile is in the cache.
#pragma once
#include <memory>
#include <vector>
#include "mlp/gemm.h"
#include "mlp/kernel.h"

namespace jnerf {

constexpr int MLP_TILE = 96;

template <class P> inline int items_of(int n) { return (n + P::K - 1) / P::K; }

// Weights as the products want them: W^T [in, pad(out)] forward, W [out, pad(in)] backward, biases padded.
template <class P> struct MlpWeights {
    typedef typename P::Word Item;
    std::vector<Item> forward[MLP_MAX_LAYERS], backward[MLP_MAX_LAYERS];
    std::vector<float> bias[MLP_MAX_LAYERS];

    MlpWeights(const MlpShape& shape, const float* params) {
        for (int l = 0; l < shape.n_layers; l++) {
            const int in = shape.width[l], out = shape.width[l + 1], in_pad = gemm_pad(in), out_pad = gemm_pad(out);
            const float* w = params + shape.weight[l];
            forward[l].assign((size_t)items_of<P>(in) * out_pad, Item{});
            backward[l].assign((size_t)items_of<P>(out) * in_pad, Item{});
            bias[l].assign(out_pad, 0.0f);
            for (int o = 0; o < out; o++)
                for (int i = 0; i < in; i++) {
                    const float value = w[(size_t)o * in + i];
                    put(forward[l], i, o, out_pad, value);
                    put(backward[l], o, i, in_pad, value);
                }
            if (shape.bias[l] >= 0) std::copy_n(params + shape.bias[l], out, bias[l].begin());
        }
    }

private:
    static void put(std::vector<Item>& packed, int k, int column, int columns, float value) {
        ((typename P::Element*)&packed[(size_t)(k / P::K) * columns + column])[k % P::K] = P::element(value);
    }
};

// Values of one tile, [MLP_TILE + 1, pad(width)]: the row behind the last is zero, for products over pairs of samples.
template <class P> struct MlpRows {
    typedef typename P::Element Element;
    std::vector<Element> values;
    int pad;
    explicit MlpRows(int width = 0) : values((size_t)(MLP_TILE + 1) * gemm_pad(width)), pad(gemm_pad(width)) {}
    Element* row(int s) { return &values[(size_t)s * pad]; }
    const typename P::Item* items() const { return (const typename P::Item*)values.data(); }
    int stride() const { return pad / P::K; }  // items from row to row
    void end(int n) { std::fill_n(row(n), pad, Element{}); }

    // Neighbouring samples in one item, [ceil(n / K), pad]: what a product over samples takes.
    const typename P::Item* paired(int n, std::vector<typename P::Word>& scratch) {
        if constexpr (P::K == 1) return items();
        else {
            end(n);
            scratch.resize((size_t)(MLP_TILE / 2 + 1) * pad);
            for (int s = 0; s < n; s += 2) pair(s, &scratch[(size_t)(s / 2) * pad], 1);
            return scratch.data();
        }
    }

    // The same with the samples along rows, [pad, ceil(n / K)]: AMX's left operand.
    const typename P::Item* paired_columns(int n, std::vector<typename P::Word>& scratch) {
        const int columns = (n + P::K - 1) / P::K;
        end(n);
        scratch.resize((size_t)(MLP_TILE / 2 + 1) * pad);
        for (int s = 0; s < n; s += 2) pair(s, &scratch[s / 2], columns);
        return scratch.data();
    }

private:
    // Rows s and s + 1 as one item a column, `stride` apart.
    void pair(int s, uint32_t* out, int stride) {
        const Element *a = row(s), *b = row(s + 1);
        for (int i = 0; i < pad; i += GEMM_LANES) {
            GemmHalves low, high;
            memcpy(&low, a + i, sizeof low);
            memcpy(&high, b + i, sizeof high);
            const GemmBits both = __builtin_convertvector(low, GemmBits) | __builtin_convertvector(high, GemmBits) << 16;
            if (stride == 1) memcpy(out + i, &both, sizeof both);
            else
                for (int k = 0; k < GEMM_LANES; k++) out[(size_t)(i + k) * stride] = both[k];
        }
    }
};

// Everything that one thread needs for an MLP. The caller fills `input`; `out` [MLP_TILE, pad(last width)] is float.
template <class P> struct MlpTile {
    typedef typename P::Item Item;
    const MlpShape& shape;
    const MlpWeights<P>& weights;
    std::vector<MlpRows<P>> layer;  // inputs of each layer
    std::vector<float> out;
    int out_pad;

    MlpTile(const MlpShape& shape, const MlpWeights<P>& weights) : shape(shape), weights(weights), out_pad(gemm_pad(shape.width[shape.n_layers])) {
        for (int l = 0; l < shape.n_layers; l++) layer.emplace_back(shape.width[l]);
        out.assign((size_t)MLP_TILE * out_pad, 0.0f);
    }
    MlpRows<P>& input() { return layer[0]; }

    // n samples; `columns` (a multiple of GEMM_PAD): of the last layer's outputs, how many are needed.
    void forward(int n, int columns) {
        for (int l = 0; l < shape.n_layers; l++) {
            const int pad = gemm_pad(shape.width[l + 1]);
            const float* bias = weights.bias[l].data();
            const bool biased = shape.bias[l] >= 0, last = l + 1 == shape.n_layers;
            const Gemm<P> product{n, last ? columns : pad, items_of<P>(shape.width[l]), layer[l].items(), layer[l].stride(), 1, weights.forward[l].data(), pad};
            const auto start = [=](int, int j) { return biased ? load_vector(bias + j) : GemmVector{}; };
            if (last) {
                float* to = out.data();
                gemm(product, start, [=](int i, int j, GemmVector v) { store_vector(to + (int64_t)i * pad + j, v); });
            } else {
                typename P::Element* to = layer[l + 1].row(0);
                gemm(product, start, [=](int i, int j, GemmVector v) {
                    P::store(to + (int64_t)i * pad + j, v < 0.0f ? GemmVector{} : v);  // NaN stays NaN
                });
            }
        }
    }
};

// The backward pass of a tile behind its `forward`. The caller fills the first `rows` columns of `grad_out`.
template <class P> struct MlpTileGrad {
    typedef typename P::Item Item;
    MlpTile<P>& tile;
    const MlpShape& shape;
    std::vector<MlpRows<P>> grad;  // of each layer's output
    std::vector<float> grad_in;    // of the input, [MLP_TILE, pad(width 0)]
    std::vector<typename P::Word> left, right;
    size_t offset[MLP_MAX_LAYERS + 1];  // where a layer's gradients begin: [out, pad(in)], then the biases'

    explicit MlpTileGrad(MlpTile<P>& tile) : tile(tile), shape(tile.shape) {
        offset[0] = 0;
        for (int l = 0; l < shape.n_layers; l++) {
            grad.emplace_back(shape.width[l + 1]);
            offset[l + 1] = offset[l] + (size_t)shape.width[l + 1] * gemm_pad(shape.width[l]) + (shape.bias[l] >= 0 ? shape.width[l + 1] : 0);
        }
        grad_in.assign((size_t)MLP_TILE * gemm_pad(shape.width[0]), 0.0f);
    }
    MlpRows<P>& grad_out() { return grad.back(); }
    size_t n_sums() const { return offset[shape.n_layers]; }

    // Adds to `sums`; `columns` (a multiple of GEMM_PAD, or 0): how many of the input's gradients are needed.
    void backward(int n, int rows, int columns, float* sums) {
        for (int l = shape.n_layers - 1; l >= 0; l--) {
            const int in_pad = gemm_pad(shape.width[l]), out = l + 1 == shape.n_layers ? rows : shape.width[l + 1];
            weight_grads(l, n, out, sums + offset[l]);
            if (l == 0 && columns == 0) return;
            const Gemm<P> product{n, l == 0 ? columns : in_pad, items_of<P>(out), grad[l].items(), grad[l].stride(), 1, tile.weights.backward[l].data(), in_pad};
            const auto zero = [](int, int) { return GemmVector{}; };
            if (l == 0) {
                float* to = grad_in.data();
                gemm(product, zero, [=](int i, int j, GemmVector v) { store_vector(to + (int64_t)i * in_pad + j, v); });
            } else {
                const typename P::Element* active = tile.layer[l].row(0);
                typename P::Element* to = grad[l - 1].row(0);
                gemm(product, zero, [=](int i, int j, GemmVector v) {
                    const int64_t at = (int64_t)i * in_pad + j;
                    P::store(to + at, P::where_positive(active + at, v));
                });
            }
        }
    }

private:
    // The left operand as AMX takes it, where AMX takes the product.
    bool left_in_rows(Gemm<P>& product, int l, int n) {
        if constexpr (P::K == 2) {
            if (!amx_takes(product)) return false;
            product.a = grad[l].paired_columns(n, left);
            return true;
        }
        return false;
    }
    void weight_grads(int l, int n, int rows, float* sums) {
        const int in_pad = gemm_pad(shape.width[l]), out_pad = grad[l].pad;
        const Item* x = tile.layer[l].paired(n, right);
        const int k = items_of<P>(n);
        Gemm<P> product{rows, in_pad, k, nullptr, k, 1, x, in_pad};
        if (!left_in_rows(product, l, n)) {
            product.a = grad[l].paired(n, left);
            product.a_row = 1;
            product.a_col = out_pad;
        }
        gemm(product,
             [=](int i, int j) { return load_vector(sums + (int64_t)i * in_pad + j); },
             [=](int i, int j, GemmVector v) { store_vector(sums + (int64_t)i * in_pad + j, v); });
        if (shape.bias[l] < 0) return;
        float* b = sums + (size_t)shape.width[l + 1] * in_pad;
        for (int s = 0; s < n; s++)
            for (int o = 0; o < rows; o++) b[o] += to_float(grad[l].row(s)[o]);
    }
    static float to_float(float x) { return x; }
    static float to_float(uint16_t x) {
        const uint32_t bits = (uint32_t)x << 16;
        float value;
        memcpy(&value, &bits, 4);
        return value;
    }
};

// Padded sums [out, pad(in)] -> flat gradients of the parameters.
template <class P> inline void unpad_grads(const MlpShape& shape, const size_t* offset, const float* sums, float* grad_params) {
    for (int l = 0; l < shape.n_layers; l++) {
        const int in = shape.width[l], in_pad = gemm_pad(in), out = shape.width[l + 1];
        for (int o = 0; o < out; o++) std::copy_n(sums + offset[l] + (size_t)o * in_pad, in, grad_params + shape.weight[l] + (size_t)o * in);
        if (shape.bias[l] >= 0) std::copy_n(sums + offset[l] + (size_t)out * in_pad, out, grad_params + shape.bias[l]);
    }
}

}  // namespace jnerf
