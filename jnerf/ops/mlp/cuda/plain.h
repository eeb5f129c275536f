// The MLP on CUDA in float, without biases or skip connection (those go layer by layer, layers.h): a block of
// threads takes a tile of samples through all layers in shared memory. Blocks are persistent and sum the weight gradients
// of their tiles in scratch of their own, added up in block order afterwards: no atomics, the same result every time.
#pragma once
#include "mlp/kernel.h"

namespace jnerf {

constexpr int MLP_THREADS = 128;
constexpr int MLP_BLOCKS = 528;
constexpr int MLP_SHARED = 48 * 1024;

// Floats that one sample's activations take, all layers.
inline int mlp_floats(const MlpShape& shape) {
    int sum = 0;
    for (int l = 0; l <= shape.n_layers; l++) sum += shape.width[l];
    return sum;
}

inline int mlp_tile_size(int floats_per_sample) {
    return std::max(1, std::min(64, MLP_SHARED / (4 * floats_per_sample)));
}

template <class Input>
__device__ inline void mlp_tile_forward(const MlpShape& shape, const Input& input, const float* params, int64_t begin, int n, int tile, float* acts) {
    for (int i = threadIdx.x; i < n * shape.width[0]; i += blockDim.x)
        acts[i] = input.load(begin + i / shape.width[0], i % shape.width[0]);
    for (int l = 0; l < shape.n_layers; l++) {
        __syncthreads();
        const int in = shape.width[l], out = shape.width[l + 1];
        float* next = acts + tile * in;
        for (int i = threadIdx.x; i < n * out; i += blockDim.x) {
            const float* w = params + shape.weight[l] + (int64_t)(i % out) * in;
            float sum = 0.0f;
            for (int k = 0; k < in; k++) sum += w[k] * acts[i / out * in + k];
            next[i] = l + 1 < shape.n_layers && sum < 0.0f ? 0.0f : sum;
        }
        acts = next;
    }
    __syncthreads();
}

template <class Input> __global__ void mlp_forward_kernel(MlpShape shape, Input input, const float* params, float* out, int tile) {
    JNERF_SHARED(float, acts);
    int last = 0;
    for (int l = 0; l < shape.n_layers; l++) last += tile * shape.width[l];
    const int width = shape.width[shape.n_layers];
    for (int64_t begin = (int64_t)blockIdx.x * tile; begin < input.n_samples; begin += (int64_t)gridDim.x * tile) {
        const int n = (int)(input.n_samples - begin < tile ? input.n_samples - begin : tile);
        mlp_tile_forward(shape, input, params, begin, n, tile, acts);
        for (int i = threadIdx.x; i < n * shape.n_out; i += blockDim.x)
            out[begin * shape.n_out + i] = acts[last + i / shape.n_out * width + i % shape.n_out];
        __syncthreads();
    }
}

// After the forward pass of a tile, its activations are overwritten, layer by layer from the back, by their gradients.
template <class Input, class InputGrad>
__global__ void mlp_backward_kernel(MlpShape shape, Input input, const float* params, const float* grad_out, InputGrad grad_in, float* partial, int tile) {
    JNERF_SHARED(float, acts);
    float* sums = partial + (int64_t)blockIdx.x * shape.n_params;
    for (int64_t begin = (int64_t)blockIdx.x * tile; begin < input.n_samples; begin += (int64_t)gridDim.x * tile) {
        const int n = (int)(input.n_samples - begin < tile ? input.n_samples - begin : tile);
        mlp_tile_forward(shape, input, params, begin, n, tile, acts);
        int at = 0;
        for (int l = 0; l < shape.n_layers; l++) at += tile * shape.width[l];
        const int last = shape.width[shape.n_layers];
        for (int i = threadIdx.x; i < n * last; i += blockDim.x)
            acts[at + i] = i % last < shape.n_out ? grad_out[(begin + i / last) * shape.n_out + i % last] : 0.0f;
        __syncthreads();
        for (int l = shape.n_layers - 1; l >= 0; l--) {
            const int in = shape.width[l], out = shape.width[l + 1];
            const float* g = acts + at;
            at -= tile * in;
            float* a = acts + at;
            for (int i = threadIdx.x; i < in * out; i += blockDim.x) {
                float sum = 0.0f;
                for (int s = 0; s < n; s++) sum += g[s * out + i / in] * a[s * in + i % in];
                sums[shape.weight[l] + i] += sum;
            }
            __syncthreads();
            for (int i = threadIdx.x; i < n * in; i += blockDim.x) {
                const float* w = params + shape.weight[l] + i % in;
                float sum = 0.0f;
                for (int o = 0; o < out; o++) sum += g[i / in * out + o] * w[(int64_t)o * in];
                if (l == 0) grad_in.store(input, begin + i / in, i % in, sum);
                else a[i] = a[i] > 0.0f ? sum : 0.0f;
            }
            __syncthreads();
        }
    }
}

// out[i] = the sum over blocks of partial[block stride + i].
struct MlpSumBlocks {
    const float* partial;
    float* out;
    int64_t stride;
    int n_blocks;
    JNERF_FN void operator()(int64_t i) const {
        float sum = 0.0f;
        for (int b = 0; b < n_blocks; b++) sum += partial[b * stride + i];
        out[i] = sum;
    }
};

// Input: any struct with n_samples and load(sample, channel), as MlpInput; InputGrad: with store, as MlpInputGrad.
template <class Input> inline void mlp_plain_forward(const MlpShape& shape, const Input& input, const float* params, float* out) {
    const int floats = mlp_floats(shape), tile = mlp_tile_size(floats);
    const int64_t tiles = (input.n_samples + tile - 1) / tile;
    launch(mlp_forward_kernel<Input>, (unsigned)std::min<int64_t>(tiles, 65535), MLP_THREADS, (size_t)tile * floats * 4, shape, input, params, out, tile);
}

template <class Input, class InputGrad>
inline void mlp_plain_backward(const MlpShape& shape, const Input& input, const float* params, const float* grad_out,
                               const InputGrad& grad_in, float* grad_params) {
    const int floats = mlp_floats(shape), tile = mlp_tile_size(floats);
    const int blocks = (int)std::min<int64_t>((input.n_samples + tile - 1) / tile, MLP_BLOCKS);
    const CudaScratch<float> partial(blocks * shape.n_params, "gradients of an MLP");
    clear_memory(partial.data, blocks * shape.n_params);
    launch(mlp_backward_kernel<Input, InputGrad>, blocks, MLP_THREADS, (size_t)tile * floats * 4, shape, input, params, grad_out, grad_in, partial.data, tile);
    parallel_for(shape.n_params, MlpSumBlocks{partial.data, grad_params, shape.n_params, blocks});
}

}  // namespace jnerf
