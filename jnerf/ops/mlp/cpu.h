// The MLP on the CPU: tiles of samples, each through all layers by one thread.
// The weight gradient is summed over a fixed number of chunks of samples, each by one thread in sample order, and the
// chunks in order: the same bits for any number of threads.
#pragma once
#include "mlp/tile.h"

namespace jnerf {

constexpr int MLP_CHUNKS = 32;

// n floats -> elements, in vectors.
template <class P> inline void to_elements(const float* x, int64_t n, typename P::Element* to) {
    int64_t i = 0;
    for (; i + GEMM_LANES <= n; i += GEMM_LANES) P::store(to + i, load_vector(x + i));
    for (; i < n; i++) to[i] = P::element(x[i]);
}

// A group's features are neighbours in memory and in a tile's rows: converted together, then spread over the rows.
template <class P, int FEATURES> inline void mlp_load_groups(const MlpInput& input, int64_t begin, int n, MlpRows<P>& rows) {
    typedef typename P::Element Element;
    alignas(64) Element group[MLP_TILE * FEATURES];
    constexpr int LINE = 64 / sizeof(float);
    for (int g = 0; g < input.groups; g++) {
        const float* x = input.x + (g * input.n_samples + begin) * FEATURES;
        // The next tile's pieces: too short for the machine to see them coming. A prefetch beyond the end is harmless.
        for (int i = 0; i < MLP_TILE * FEATURES; i += LINE) __builtin_prefetch(x + MLP_TILE * FEATURES + i);
        to_elements<P>(x, (int64_t)n * FEATURES, group);
        Element* to = rows.row(0) + g * FEATURES;
        for (int s = 0; s < n; s++) memcpy(to + (int64_t)s * rows.pad, group + s * FEATURES, FEATURES * sizeof(Element));
    }
}

template <class P> inline void mlp_load_rows(const float* x, int width, int n, MlpRows<P>& rows, int at) {
    for (int s = 0; s < n; s++) to_elements<P>(x + (int64_t)s * width, width, rows.row(s) + at);
}

template <class P> inline void mlp_load(const MlpInput& input, int64_t begin, int n, MlpRows<P>& rows) {
    if (input.features == 2) mlp_load_groups<P, 2>(input, begin, n, rows);
    else if (input.features == 4) mlp_load_groups<P, 4>(input, begin, n, rows);
    else
        for (int g = 0; g < input.groups; g++)
            mlp_load_rows<P>(input.x + (g * input.n_samples + begin) * input.features, input.features, n, rows, g * input.features);
    if (input.extra_width) mlp_load_rows<P>(input.extra + begin * input.extra_width, input.extra_width, n, rows, input.x_width());
}

// Inverse of mlp_load for gradients.
inline void mlp_store(const MlpInput& input, const MlpInputGrad& grad, int64_t begin, int n, const float* tile, int stride) {
    if (grad.x)
        for (int g = 0; g < input.groups; g++) {
            float* x = grad.x + (g * input.n_samples + begin) * input.features;
            const float* t = tile + g * input.features;
            if (input.features == 2)
                for (int s = 0; s < n; s++) memcpy(x + s * 2, t + (int64_t)s * stride, 2 * sizeof(float));
            else
                for (int s = 0; s < n; s++) memcpy(x + (int64_t)s * input.features, t + (int64_t)s * stride, input.features * sizeof(float));
        }
    if (grad.extra)
        for (int s = 0; s < n; s++)
            memcpy(grad.extra + (begin + s) * input.extra_width, tile + (int64_t)s * stride + input.x_width(), input.extra_width * sizeof(float));
}

inline int64_t tiles_of(int64_t n_samples) { return (n_samples + MLP_TILE - 1) / MLP_TILE; }

// Calls run(first sample, samples) for every tile, with make() called once a thread.
template <class Make> inline void for_tiles(int64_t n_samples, const Make& make) {
    const int64_t n_tiles = tiles_of(n_samples);
    #pragma omp parallel if (n_tiles > 1)
    {
        FlushSubnormals flush;
        AmxTiles tiles;
        auto run = make();
        #pragma omp for schedule(dynamic, 8)
        for (int64_t t = 0; t < n_tiles; t++) run(t * MLP_TILE, (int)std::min<int64_t>(MLP_TILE, n_samples - t * MLP_TILE));
    }
}

// The same for passes that sum up: run(first sample, samples, sums), with `n_sums` floats for each chunk of tiles.
template <class Make> inline std::vector<float> sum_tiles(int64_t n_samples, size_t n_sums, const Make& make) {
    const int64_t n_tiles = tiles_of(n_samples), per_chunk = std::max<int64_t>(4, (n_tiles + MLP_CHUNKS - 1) / MLP_CHUNKS);
    const int64_t n_chunks = (n_tiles + per_chunk - 1) / per_chunk;
    std::vector<float> sums(n_sums * std::max<int64_t>(n_chunks, 1), 0.0f);
    #pragma omp parallel if (n_chunks > 1)
    {
        FlushSubnormals flush;
        AmxTiles tiles;
        auto run = make();
        #pragma omp for schedule(dynamic, 1)
        for (int64_t c = 0; c < n_chunks; c++)
            for (int64_t t = c * per_chunk; t < std::min(n_tiles, (c + 1) * per_chunk); t++)
                run(t * MLP_TILE, (int)std::min<int64_t>(MLP_TILE, n_samples - t * MLP_TILE), &sums[c * n_sums]);
    }
    for (int64_t c = 1; c < n_chunks; c++)
        for (size_t i = 0; i < n_sums; i++) sums[i] += sums[c * n_sums + i];
    return sums;
}

inline void mlp_forward(MlpShape shape, MlpInput input, const float* params, float* out) {
    with_precision(shape.precision, [&](auto p) {
        typedef decltype(p) P;
        const MlpWeights<P> weights(shape, params);
        for_tiles(input.n_samples, [&] {
            return [&, tile = MlpTile<P>(shape, weights)](int64_t begin, int n) mutable {
                mlp_load(input, begin, n, tile.input());
                tile.forward(n, gemm_pad(shape.n_out));
                for (int s = 0; s < n; s++)
                    for (int o = 0; o < shape.n_out; o++) out[(begin + s) * shape.n_out + o] = tile.out[(size_t)s * tile.out_pad + o];
            };
        });
    });
}

inline void mlp_backward(MlpShape shape, MlpInput input, const float* params, const float* grad_out, MlpInputGrad grad_in, float* grad_params) {
    with_precision(shape.precision, [&](auto p) {
        typedef decltype(p) P;
        const MlpWeights<P> weights(shape, params);
        MlpTile<P> like(shape, weights);
        const MlpTileGrad<P> layout(like);
        const int columns = grad_in.extra ? gemm_pad(shape.width[0]) : grad_in.x ? gemm_pad(input.x_width()) : 0;
        const std::vector<float> sums = sum_tiles(input.n_samples, layout.n_sums(), [&] {
            auto tile = std::make_shared<MlpTile<P>>(shape, weights);
            return [&, tile, grad = MlpTileGrad<P>(*tile)](int64_t begin, int n, float* sums) mutable {
                mlp_load(input, begin, n, tile->input());
                tile->forward(n, 0);
                mlp_load_rows<P>(grad_out + begin * shape.n_out, shape.n_out, n, grad.grad_out(), 0);
                grad.backward(n, shape.n_out, columns, sums);
                mlp_store(input, grad_in, begin, n, grad.grad_in.data(), gemm_pad(shape.width[0]));
            };
        });
        unpad_grads<P>(shape, layout.offset, sums.data(), grad_params);
    });
}

}  // namespace jnerf
