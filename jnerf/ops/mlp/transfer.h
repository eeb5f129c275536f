// Between arrays of samples in memory and the panels of a tile.
#pragma once
#include "mlp/precision.h"

namespace jnerf {

// Channels of samples 0 to n - 1, where `get(sample)` points to `width` floats, into the items of a panel from `at` on;
// zeros behind the last sample.
template <class P, class Get> inline void load_rows(int n, int width, const Get& get, Panel<P>& panel, int at, bool keep_rows) {
    alignas(64) uint32_t items[16 * 16], turned[16 * 16];
    for (int first = 0; first < MLP_TILE; first += 16)
        for (int c = 0; c < width; c += 16 * P::K) {
            const int count = std::min(16 * P::K, width - c), n_items = (count + P::K - 1) / P::K;
            for (int s = 0; s < 16; s++)
                if (first + s < n) P::to_items(get(first + s) + c, count, items + 16 * s);
                else std::fill_n(items + 16 * s, n_items, 0u);
            transpose16(items, 16, turned, 16);
            for (int i = 0; i < n_items; i++) memcpy(panel.items(at + c / P::K + i) + first, turned + 16 * i, 64);
        }
    if (keep_rows) P::rows_from_items(panel, at * P::K, at * P::K + width);
}

// Groups of two features, as the hash grid leaves them: items already, but for the rounding.
template <class P> inline void load_pairs(const MlpInput& input, int64_t begin, int n, Panel<P>& panel, bool keep_rows) {
    alignas(64) float tail[2 * MLP_TILE];
    for (int g = 0; g < input.groups; g++) {
        const float* x = input.x + (g * input.n_samples + begin) * 2;
        if (n < MLP_TILE) {
            std::fill(std::copy_n(x, 2 * n, tail), tail + 2 * MLP_TILE, 0.0f);
            x = tail;
        }
        P::load_pairs(x, panel, 2 * g, keep_rows);
    }
}

// The pieces of the tile behind `begin`'s, too short for the machine to see them coming. Lines by their last floats: what a
// piece begins in is here already.
inline Fetch fetch_pairs(const MlpInput& input, int64_t begin) {
    static_assert(2 * MLP_TILE * sizeof(float) == Fetch::PIECE, "a group of a tile");
    if (input.features != 2 || input.extra_width) return {};
    const float* next = input.x + 2 * (begin + MLP_TILE) + 64 / sizeof(float) - 1;
    return {(const char*)next, input.n_samples * 2 * (int64_t)sizeof(float), input.groups, 2};
}

template <class P> inline void mlp_load(const MlpInput& input, int64_t begin, int n, Panel<P>& panel, bool keep_rows) {
    const int width = input.x_width() + input.extra_width;
    if (input.features == 2 && input.extra_width == 0) load_pairs(input, begin, n, panel, keep_rows);
    else if (input.groups == 1 && input.extra_width == 0)
        load_rows(n, width, [&](int s) { return input.x + (begin + s) * width; }, panel, 0, keep_rows);
    else {
        std::vector<float> rows((size_t)n * width);
        for (int s = 0; s < n; s++) {
            float* at = &rows[(size_t)s * width];
            for (int g = 0; g < input.groups; g++) at = std::copy_n(input.x + (g * input.n_samples + begin + s) * input.features, input.features, at);
            std::copy_n(input.extra + (begin + s) * input.extra_width, input.extra_width, at);
        }
        load_rows(n, width, [&](int s) { return &rows[(size_t)s * width]; }, panel, 0, keep_rows);
    }
}

// Floats [pad(width), MLP_TILE] -> `put(sample)` [width] for samples 0 to n - 1.
template <class Put> inline void store_rows(const float* rows, int width, int n, const Put& put) {
    alignas(64) uint32_t turned[16 * 16];
    for (int c = 0; c < width; c += 16)
        for (int first = 0; first < n; first += 16) {
            transpose16((const uint32_t*)rows + (int64_t)c * MLP_TILE + first, MLP_TILE, turned, 16);
            for (int s = 0; s < std::min(16, n - first); s++) memcpy(put(first + s) + c, turned + 16 * s, std::min(16, width - c) * sizeof(float));
        }
}

// Gradients of the inputs, floats [pad(width), MLP_TILE], to where mlp_load took the inputs from.
inline void mlp_store(const MlpInput& input, const MlpInputGrad& grad, int64_t begin, int n, const float* rows) {
    const int width = input.x_width();
    if (grad.x && input.groups == 1) store_rows(rows, width, n, [&](int s) { return grad.x + (begin + s) * width; });
    else if (grad.x)
        for (int g = 0; g < input.groups; g++) {
            const float* from = rows + (int64_t)g * input.features * MLP_TILE;
            float* to = grad.x + (g * input.n_samples + begin) * input.features;
            if (input.features == 2)
                for (int s = 0; s < n; s++) to[2 * s] = from[s], to[2 * s + 1] = from[MLP_TILE + s];
            else
                for (int s = 0; s < n; s++)
                    for (int f = 0; f < input.features; f++) to[s * input.features + f] = from[f * MLP_TILE + s];
        }
    if (!grad.extra) return;
    for (int c = 0; c < input.extra_width; c++)
        for (int s = 0; s < n; s++) grad.extra[(begin + s) * input.extra_width + c] = rows[(int64_t)(width + c) * MLP_TILE + s];
}

}  // namespace jnerf
