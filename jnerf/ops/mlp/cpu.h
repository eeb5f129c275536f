// The MLP on the CPU: tiles of samples, each through all layers by one thread.
// The weight gradient is summed over a fixed number of chunks of samples, each by one thread in sample order, and the
// chunks in order: the same bits for any number of threads.
#pragma once
#include <memory>
#include "mlp/tile.h"
#include "mlp/transfer.h"
#include "trunc_exp/kernel.h"

namespace jnerf {

constexpr int MLP_CHUNKS = 64;

// Samples that a thread takes at once: how many times `most` tiles there are.
inline int64_t groups_of(int64_t n_samples, int most) { return (n_samples + MLP_TILE * most - 1) / (MLP_TILE * most); }
inline int tiles_of(int n) { return (n + MLP_TILE - 1) / MLP_TILE; }
// How many of n samples a tile has.
inline int samples_of(int n, int tile) { return std::min(MLP_TILE, n - tile * MLP_TILE); }

// Calls run(first sample, samples) for every group of tiles, with make() called once a thread.
template <class Make> inline void for_tiles(int64_t n_samples, int most, const Make& make) {
    const int64_t n_groups = groups_of(n_samples, most), size = MLP_TILE * most;
    #pragma omp parallel if (n_groups > 1)
    {
        FlushSubnormals flush;
        AmxTiles tiles;
        auto run = make();
        #pragma omp for schedule(dynamic, 8)
        for (int64_t g = 0; g < n_groups; g++) run(g * size, (int)std::min<int64_t>(size, n_samples - g * size));
    }
}

// The same for passes that sum up: run(first sample, samples, sums), with `n_sums` floats for each chunk of samples.
template <class Make> inline const Buffer<float>& sum_tiles(int64_t n_samples, int most, size_t n_sums, const Make& make) {
    const size_t stride = (n_sums + 15) / 16 * 16;
    // Sums that no cache holds are worth fewer chunks: each is written once and read again.
    const int64_t most_chunks = stride > (1 << 18) ? MLP_CHUNKS / 4 : MLP_CHUNKS;
    const int64_t n_groups = groups_of(n_samples, most), size = MLP_TILE * most;
    const int64_t per_chunk = std::max<int64_t>(4, (n_groups + most_chunks - 1) / most_chunks), n_chunks = (n_groups + per_chunk - 1) / per_chunk;
    static thread_local Buffer<float> sums;  // kept: fresh pages in every call would cost more than the sums
    sums.resize(std::max(sums.size(), stride * std::max<int64_t>(n_chunks, 1)));
    float* const all = sums.data();  // the name is another variable in every thread
    #pragma omp parallel if (n_chunks > 1)
    {
        FlushSubnormals flush;
        AmxTiles tiles;
        auto run = make();
        #pragma omp for schedule(dynamic, 1)
        for (int64_t c = 0; c < n_chunks; c++) {
            std::fill_n(all + c * stride, n_sums, 0.0f);
            for (int64_t g = c * per_chunk; g < std::min(n_groups, (c + 1) * per_chunk); g++)
                run(g * size, (int)std::min<int64_t>(size, n_samples - g * size), all + c * stride);
        }
        #pragma omp for schedule(static)
        for (size_t begin = 0; begin < n_sums; begin += 256)
            for (int64_t c = 1; c < n_chunks; c++)
                for (size_t i = begin; i < std::min(n_sums, begin + 256); i++) all[i] += all[c * stride + i];
    }
    return sums;
}

inline void mlp_forward(MlpShape shape, MlpInput input, const float* params, float* out) {
    with_precision(shape.precision, [&](auto p) {
        typedef decltype(p) P;
        const MlpWeights<P> weights(shape, params, false);
        const int most = tiles_at_once(shape), n_out = shape.n_out;
        const size_t size = (size_t)round_up(n_out, MLP_PAD) * MLP_TILE;
        for_tiles(input.n_samples, most, [&] {
            return [&, tile = MlpTiles<P>(shape, weights, most), rows = Buffer<float>(size * most)](int64_t begin, int n) mutable {
                const int tiles = tiles_of(n);
                for (int t = 0; t < tiles; t++) mlp_load(input, begin + t * MLP_TILE, samples_of(n, t), tile.layer[0][t], false);
                tile.template forward_hidden<0>(tiles);
                tile.forward_last(n_out, tiles, [&](int t) { return Outlet<P, PLAIN>{n_out, {}, {}, rows.data() + t * size, n_out}; });
                for (int t = 0; t < tiles; t++) {
                    float* at = out + (begin + t * MLP_TILE) * n_out;
                    if (n_out == 1) std::copy_n(rows.data() + t * size, samples_of(n, t), at);
                    else store_rows(rows.data() + t * size, n_out, samples_of(n, t), [=](int s) { return at + (int64_t)s * n_out; });
                }
            };
        });
    });
}

inline void mlp_backward(MlpShape shape, MlpInput input, const float* params, const float* grad_out, MlpInputGrad grad_in, float* grad_params) {
    with_precision(shape.precision, [&](auto p) {
        typedef decltype(p) P;
        const MlpWeights<P> weights(shape, params, true);
        MlpTiles<P> like(shape, weights, 1);
        const MlpTilesGrad<P> layout(like, shape.n_out, 1);
        const int inputs = grad_in.extra ? shape.width[0] : grad_in.x ? input.x_width() : 0, most = tiles_at_once(shape);
        const Buffer<float>& sums = sum_tiles(input.n_samples, most, layout.n_sums(), [&] {
            auto tile = std::make_shared<MlpTiles<P>>(shape, weights, most);
            return [&, tile, grad = MlpTilesGrad<P>(*tile, shape.n_out, most)](int64_t begin, int n, float* sums) mutable {
                const int tiles = tiles_of(n);
                for (int t = 0; t < tiles; t++) mlp_load(input, begin + t * MLP_TILE, samples_of(n, t), tile->layer[0][t], true);
                tile->template forward_hidden<ROWS>(tiles);
                for (int t = 0; t < tiles; t++) {
                    const float* from = grad_out + (begin + t * MLP_TILE) * shape.n_out;
                    load_rows(samples_of(n, t), shape.n_out, [&](int s) { return from + (int64_t)s * shape.n_out; }, grad.grad_out()[t], 0, true);
                }
                grad.backward(tiles, inputs, sums);
                for (int t = 0; t < tiles; t++) mlp_store(input, grad_in, begin + t * MLP_TILE, samples_of(n, t), grad.grad_in(t));
            };
        });
        layout.unpack(sums.data(), grad_params);
    });
}

}  // namespace jnerf
