// The weights of an MLP as operands of its products.
#pragma once
#include "mlp/precision.h"

namespace jnerf {

// Weights as the products' left operands, row-major in items: W forward, its transpose backward. The network's input may
// begin behind `first` rows that it does not see, and from its channel `split` on be moved to begin with a new item; where
// it comes again, it begins with a new block of rows.
template <class P> struct MlpWeights {
    Buffer<uint32_t> forward[MLP_MAX_LAYERS], backward[MLP_MAX_LAYERS];
    Buffer<float> bias[MLP_MAX_LAYERS];
    int first, split, gap;

    // both: for a backward pass too.
    MlpWeights(const MlpShape& shape, const float* params, bool both, int split = 0, int first = 0) : first(first), split(split), gap((first + split) % P::K) {
        for (int l = 0; l < shape.n_layers; l++) {
            const int n = shape.inputs(l), in = width(shape, l), out = shape.width[l + 1];
            const float* w = params + shape.weight[l];
            Buffer<float> apart;
            if (in != n) {  // columns have gaps between them
                apart.resize((size_t)out * in);
                share_out(out, many(out, in), [&](int64_t o) {
                    for (int i = 0; i < n; i++) apart[(size_t)o * in + column(shape, l, i)] = w[o * n + i];
                });
                w = apart.data();
            }
            pack(w, out, in, forward[l]);
            if (both) pack_transpose(w, out, in, backward[l]);
            bias[l].assign(round_up(out, MLP_PAD), 0.0f);
            if (shape.bias[l] >= 0) std::copy_n(params + shape.bias[l], out, bias[l].begin());
        }
    }
    // Where input i of layer l lies, and how many rows they take.
    int column(const MlpShape& shape, int l, int i) const {
        if (l == 0) return first + (i >= split ? i + gap : i);
        return i < shape.width[l] ? i : again(shape) + column(shape, 0, i - shape.width[l]);
    }
    int width(const MlpShape& shape, int l) const {
        if (l == 0) return first + shape.width[0] + gap;
        return l == shape.skip ? again(shape) + width(shape, 0) : shape.width[l];
    }
    static int again(const MlpShape& shape) { return round_up(shape.width[shape.skip], MLP_PAD); }  // where the input comes again
    static int stride(int n) { return round_up(n, MLP_PAD) / P::K; }
    static bool many(int rows, int columns) { return rows * columns >= 1 << 14; }  // fewer are not worth a second thread

private:
    static void pack(const float* w, int rows, int columns, Buffer<uint32_t>& to) {
        const int pad = stride(columns);
        to.assign((size_t)round_up(rows, MLP_PAD) * pad, 0u);
        share_out(rows, many(rows, columns), [&](int64_t r) { P::to_items(&w[(size_t)r * columns], columns, &to[(size_t)r * pad]); });
    }

    // The transpose of w [rows, columns], by blocks of 16 x 16 items.
    static void pack_transpose(const float* w, int rows, int columns, Buffer<uint32_t>& to) {
        const int pad = stride(rows);
        to.assign((size_t)round_up(columns, MLP_PAD) * pad, 0u);
        share_out((columns + 15) / 16, many(rows, columns), [&](int64_t block) {
            const int c = 16 * (int)block;
            alignas(64) uint32_t items[16 * 16];
            const int n = std::min(16, columns - c);
            for (int r = 0; r < rows; r += 16 * P::K) {
                for (int k = 0; k < 16; k++) {
                    const int row = r + k * P::K;
                    const float *low = &w[(size_t)std::min(row, rows - 1) * columns + c], *high = &w[(size_t)std::min(row + 1, rows - 1) * columns + c];
                    const float has_low = row < rows, has_high = row + 1 < rows;
                    if (n == 16 && has_low && has_high)
                        for (int i = 0; i < 16; i++) items[16 * k + i] = P::item(low[i], high[i]);
                    else
                        for (int i = 0; i < 16; i++) items[16 * k + i] = P::item(has_low && i < n ? low[i] : 0.0f, has_high && i < n ? high[i] : 0.0f);
                }
                transpose16(items, 16, &to[(size_t)c * pad + r / P::K], pad);
            }
        });
    }
};

}  // namespace jnerf
