// The MLP on the CPU: tiles of samples, all layers of a tile while it is in the first-level cache.
// The weight gradient is summed over a fixed number of chunks of samples, each by one thread in sample order, and the
// chunks in order: the same bits for any number of threads.
#pragma once
#include <vector>
#include "mlp/gemm.h"
#include "mlp/kernel.h"

namespace jnerf {

constexpr int MLP_TILE = 48;
constexpr int MLP_CHUNKS = 64;

// Weights as the products want them: W^T [in, pad(out)] forward, W [out, pad(in)] backward, biases padded.
struct MlpPacked {
    std::vector<float> transposed[MLP_MAX_LAYERS], plain[MLP_MAX_LAYERS], bias[MLP_MAX_LAYERS];
    MlpPacked(const MlpShape& shape, const float* params) {
        for (int l = 0; l < shape.n_layers; l++) {
            const int in = shape.width[l], out = shape.width[l + 1], in_pad = gemm_pad(in), out_pad = gemm_pad(out);
            const float* w = params + shape.weight[l];
            transposed[l].assign((size_t)in * out_pad, 0.0f);
            plain[l].assign((size_t)out * in_pad, 0.0f);
            bias[l].assign(out_pad, 0.0f);
            for (int o = 0; o < out; o++)
                for (int i = 0; i < in; i++) {
                    transposed[l][(size_t)i * out_pad + o] = w[(size_t)o * in + i];
                    plain[l][(size_t)o * in_pad + i] = w[(size_t)o * in + i];
                }
            if (shape.bias[l] >= 0) std::copy_n(params + shape.bias[l], out, bias[l].begin());
        }
    }
};

// Activations of one tile, [MLP_TILE, pad(width)] for every layer.
struct MlpTile {
    std::vector<float> layer[MLP_MAX_LAYERS + 1];
    explicit MlpTile(const MlpShape& shape) {
        for (int l = 0; l <= shape.n_layers; l++) layer[l].assign((size_t)MLP_TILE * gemm_pad(shape.width[l]), 0.0f);
    }
};

template <int FEATURES> inline void mlp_copy_groups(const MlpInput& input, int64_t begin, int n, float* tile, int stride) {
    for (int g = 0; g < input.groups; g++) {
        const float* x = input.x + (g * input.n_samples + begin) * FEATURES;
        float* t = tile + g * FEATURES;
        for (int s = 0; s < n; s++) memcpy(t + (int64_t)s * stride, x + s * FEATURES, FEATURES * sizeof(float));
    }
}

inline void mlp_load(const MlpInput& input, int64_t begin, int n, float* tile, int stride) {
    const int width = input.x_width();
    if (input.features == 2) mlp_copy_groups<2>(input, begin, n, tile, stride);
    else if (input.features == 4) mlp_copy_groups<4>(input, begin, n, tile, stride);
    else
        for (int g = 0; g < input.groups; g++)
            for (int s = 0; s < n; s++)
                memcpy(tile + (int64_t)s * stride + g * input.features, input.x + (g * input.n_samples + begin + s) * input.features,
                       input.features * sizeof(float));
    for (int s = 0; s < n && input.extra_width; s++)
        memcpy(tile + (int64_t)s * stride + width, input.extra + (begin + s) * input.extra_width, input.extra_width * sizeof(float));
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

inline void mlp_tile_forward(const MlpShape& shape, const MlpPacked& packed, const MlpInput& input, int64_t begin, int n, MlpTile& tile) {
    mlp_load(input, begin, n, tile.layer[0].data(), gemm_pad(shape.width[0]));
    for (int l = 0; l < shape.n_layers; l++) {
        const int in_pad = gemm_pad(shape.width[l]), out_pad = gemm_pad(shape.width[l + 1]);
        gemm({n, out_pad, shape.width[l], tile.layer[l].data(), in_pad, 1, packed.transposed[l].data(), out_pad, tile.layer[l + 1].data(), out_pad,
              shape.bias[l] >= 0 ? GemmStart::row : GemmStart::zero, packed.bias[l].data(), l + 1 < shape.n_layers});
    }
}

inline void mlp_forward(MlpShape shape, MlpInput input, const float* params, float* out) {
    const MlpPacked packed(shape, params);
    const int last = shape.n_layers, stride = gemm_pad(shape.width[last]);
    const int64_t n_tiles = (input.n_samples + MLP_TILE - 1) / MLP_TILE;
    #pragma omp parallel if (n_tiles > 1)
    {
        FlushSubnormals flush;
        MlpTile tile(shape);
        #pragma omp for schedule(dynamic, 32)
        for (int64_t t = 0; t < n_tiles; t++) {
            const int64_t begin = t * MLP_TILE;
            const int n = (int)std::min<int64_t>(MLP_TILE, input.n_samples - begin);
            mlp_tile_forward(shape, packed, input, begin, n, tile);
            for (int s = 0; s < n; s++) memcpy(out + (begin + s) * shape.n_out, &tile.layer[last][(size_t)s * stride], shape.n_out * sizeof(float));
        }
    }
}

// Gradient of one tile. `grads` holds padded weight gradients [out, pad(in)] then biases, layer after layer.
struct MlpBackward {
    const MlpShape& shape;
    const MlpPacked& packed;
    const MlpInput& input;
    MlpTile tile, grad;
    size_t offset[MLP_MAX_LAYERS + 1];

    MlpBackward(const MlpShape& shape, const MlpPacked& packed, const MlpInput& input) : shape(shape), packed(packed), input(input), tile(shape), grad(shape) {
        offset[0] = 0;
        for (int l = 0; l < shape.n_layers; l++)
            offset[l + 1] = offset[l] + (size_t)shape.width[l + 1] * gemm_pad(shape.width[l]) + (shape.bias[l] >= 0 ? shape.width[l + 1] : 0);
    }

    void layer_grads(int l, int n, float* grads) {
        const int in_pad = gemm_pad(shape.width[l]), out = shape.width[l + 1], out_pad = gemm_pad(out);
        const float* g = grad.layer[l + 1].data();
        const int rows = l + 1 == shape.n_layers ? shape.n_out : out;  // padded outputs have no gradient
        gemm({rows, in_pad, n, g, 1, out_pad, tile.layer[l].data(), in_pad, grads + offset[l], in_pad, GemmStart::keep, nullptr, false});
        if (shape.bias[l] < 0) return;
        float* b = grads + offset[l] + (size_t)out * in_pad;
        for (int s = 0; s < n; s++)
            for (int o = 0; o < rows; o++) b[o] += g[(size_t)s * out_pad + o];
    }

    void run(int64_t begin, int n, const float* grad_out, const MlpInputGrad& grad_in, float* grads) {
        mlp_tile_forward(shape, packed, input, begin, n, tile);
        const int last = shape.n_layers, stride = gemm_pad(shape.width[last]);
        for (int s = 0; s < n; s++) memcpy(&grad.layer[last][(size_t)s * stride], grad_out + (begin + s) * shape.n_out, shape.n_out * sizeof(float));
        for (int l = last - 1; l >= 0; l--) {
            layer_grads(l, n, grads);
            if (l == 0 && !grad_in.x && !grad_in.extra) break;
            const int in_pad = gemm_pad(shape.width[l]), out_pad = gemm_pad(shape.width[l + 1]);
            const int k = l + 1 == last ? shape.n_out : shape.width[l + 1];
            float* g = grad.layer[l].data();
            gemm({n, in_pad, k, grad.layer[l + 1].data(), out_pad, 1, packed.plain[l].data(), in_pad, g, in_pad, GemmStart::zero, nullptr, false});
            if (l > 0) {
                const float* a = tile.layer[l].data();
                for (int64_t i = 0; i < (int64_t)n * in_pad; i++) g[i] = a[i] > 0.0f ? g[i] : 0.0f;
            }
        }
        mlp_store(input, grad_in, begin, n, grad.layer[0].data(), gemm_pad(shape.width[0]));
    }
};

inline void mlp_backward(MlpShape shape, MlpInput input, const float* params, const float* grad_out, MlpInputGrad grad_in, float* grad_params) {
    const MlpPacked packed(shape, params);
    const int64_t n_tiles = (input.n_samples + MLP_TILE - 1) / MLP_TILE;
    const int64_t per_chunk = std::max<int64_t>(8, (n_tiles + MLP_CHUNKS - 1) / MLP_CHUNKS), n_chunks = (n_tiles + per_chunk - 1) / per_chunk;
    const size_t stride = MlpBackward(shape, packed, input).offset[shape.n_layers];
    std::vector<float> partial(stride * n_chunks, 0.0f);
    #pragma omp parallel if (n_chunks > 1)
    {
        FlushSubnormals flush;
        MlpBackward backward(shape, packed, input);
        #pragma omp for schedule(dynamic, 1)
        for (int64_t c = 0; c < n_chunks; c++)
            for (int64_t t = c * per_chunk; t < std::min(n_tiles, (c + 1) * per_chunk); t++)
                backward.run(t * MLP_TILE, (int)std::min<int64_t>(MLP_TILE, input.n_samples - t * MLP_TILE), grad_out, grad_in, &partial[c * stride]);
    }
    for (int64_t c = 1; c < n_chunks; c++)
        for (size_t i = 0; i < stride; i++) partial[i] += partial[c * stride + i];
    const MlpBackward layout(shape, packed, input);
    for (int l = 0; l < shape.n_layers; l++) {
        const int in = shape.width[l], in_pad = gemm_pad(in), out = shape.width[l + 1];
        for (int o = 0; o < out; o++) std::copy_n(&partial[layout.offset[l] + (size_t)o * in_pad], in, grad_params + shape.weight[l] + (size_t)o * in);
        if (shape.bias[l] >= 0) std::copy_n(&partial[layout.offset[l] + (size_t)out * in_pad], out, grad_params + shape.bias[l]);
    }
}

}  // namespace jnerf
