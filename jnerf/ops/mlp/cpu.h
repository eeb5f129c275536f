// The MLP on the CPU: tiles of samples, each through all layers by one thread.
// The weight gradient is summed over a fixed number of chunks of samples, each by one thread in sample order, and the
// chunks in order: the same bits for any number of threads.
#pragma once
#include <memory>
#include "common/jnerf_stream.h"
#include "mlp/tile.h"
#include "mlp/transfer.h"
#include "activate/kernel.h"

namespace jnerf {

constexpr int MLP_CHUNKS = 64;
constexpr size_t MLP_LARGE_SUMS = 1 << 18;  // 1 MiB

inline int64_t tiles_of(int64_t n_samples) { return (n_samples + MLP_TILE - 1) / MLP_TILE; }

// Calls run(first sample, samples) for every tile, with make() called once a thread.
template <class Make> inline void for_tiles(int64_t n_samples, const Make& make) {
    const int64_t n_tiles = tiles_of(n_samples);
    in_team(n_tiles > 1, [&] {
        AmxTiles tiles;
        auto run = make();
        #pragma omp for schedule(dynamic, 8)
        for (int64_t t = 0; t < n_tiles; t++) run(t * MLP_TILE, (int)std::min<int64_t>(MLP_TILE, n_samples - t * MLP_TILE));
        stream_done();
    });
}

// The same for passes that sum up: run(first sample, samples, sums), with `n_sums` floats for each chunk of tiles.
template <class Make> inline const Buffer<float>& sum_tiles(int64_t n_samples, size_t n_sums, const Make& make) {
    // Sums that overflow the cache cost main memory three passes a chunk, as much time as several tiles: fewer chunks then.
    const bool large = n_sums > MLP_LARGE_SUMS;
    const int64_t n_tiles = tiles_of(n_samples), most = large ? MLP_CHUNKS / 4 : MLP_CHUNKS;
    const int64_t per_chunk = std::max<int64_t>(large ? 32 : 4, (n_tiles + most - 1) / most);
    const int64_t n_chunks = (n_tiles + per_chunk - 1) / per_chunk;
    const size_t stride = (n_sums + 15) / 16 * 16;
    static thread_local Buffer<float> sums;  // kept: fresh pages in every call would cost more than the sums
    sums.resize(std::max(sums.size(), stride * std::max<int64_t>(n_chunks, 1)));
    float* const all = sums.data();  // the name is another variable in every thread
    in_team(n_chunks > 1, [&] {
        AmxTiles tiles;
        auto run = make();
        #pragma omp for schedule(dynamic, 1)
        for (int64_t c = 0; c < n_chunks; c++) {
            std::fill_n(all + c * stride, n_sums, 0.0f);
            for (int64_t t = c * per_chunk; t < std::min(n_tiles, (c + 1) * per_chunk); t++)
                run(t * MLP_TILE, (int)std::min<int64_t>(MLP_TILE, n_samples - t * MLP_TILE), all + c * stride);
        }
        #pragma omp for schedule(static)
        for (size_t begin = 0; begin < n_sums; begin += 256)
            for (int64_t c = 1; c < n_chunks; c++) {
                const size_t end = std::min(n_sums, begin + 256), from = c * stride;
                #pragma GCC ivdep
                for (size_t i = begin; i < end; i++) all[i] += all[from + i];
            }
    });
    return sums;
}

inline void mlp_forward(MlpShape shape, MlpInput input, const float* params, float* out) {
    with_precision(shape.precision, [&](auto p) {
        typedef decltype(p) P;
        const MlpWeights<P> weights(shape, params, false);
        for_tiles(input.n_samples, [&] {
            return [&, tile = MlpTile<P>(shape, weights), rows = Buffer<float>((size_t)round_up(shape.n_out, MLP_PAD) * MLP_TILE)](int64_t begin, int n) mutable {
                mlp_load(input, begin, n, tile.layer[0], false);
                tile.fetch = fetch_pairs(input, begin);
                tile.template forward_hidden<0>();
                tile.forward_last(Outlet<P, PLAIN>{shape.n_out, nullptr, nullptr, rows.data(), shape.n_out});
                float* at = out + begin * shape.n_out;
                if (shape.n_out == 1) std::copy_n(rows.data(), n, at);
                else store_rows(rows.data(), shape.n_out, n, [=](int s) { return at + (int64_t)s * shape.n_out; });
            };
        });
    });
}

inline void mlp_backward(MlpShape shape, MlpInput input, const float* params, const float* grad_out, MlpInputGrad grad_in, float* grad_params) {
    with_precision(shape.precision, [&](auto p) {
        typedef decltype(p) P;
        const MlpWeights<P> weights(shape, params, true);
        const MlpSums<P> layout(shape, weights);
        const int inputs = grad_in.extra ? shape.width[0] : grad_in.x ? input.x_width() : 0;
        const Buffer<float>& sums = sum_tiles(input.n_samples, layout.size(), [&] {
            auto tile = std::make_shared<MlpTile<P>>(shape, weights);
            return [&, tile, grad = MlpTileGrad<P>(*tile, layout, shape.n_out)](int64_t begin, int n, float* sums) mutable {
                mlp_load(input, begin, n, tile->layer[0], true);
                tile->fetch = fetch_pairs(input, begin);
                tile->template forward_hidden<ROWS>();
                load_rows(n, shape.n_out, [&](int s) { return grad_out + (begin + s) * shape.n_out; }, grad.grad_out(), 0, true);
                grad.backward(inputs, sums);
                mlp_store(input, grad_in, begin, n, grad.grad_in.data());
            };
        });
        layout.unpack(sums.data(), grad_params);
    });
}

}  // namespace jnerf
