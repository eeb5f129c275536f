// The pieces of an MLP on tensor cores. A block takes a tile of samples, a warp 16 of them. Weights and activations lie
// in shared memory in 16 bits, rows padded (cuda/mma.h); sums are float.
// Gradients are scaled by a power of two, chosen for every tile from its largest gradient, before they become 16 bits,
// and scaled back when they leave: the loss scale needs no setting, and nothing over- or underflows that matters.
#pragma once
#include "common/jnerf_grid.h"
#include "mlp/cuda/mma.h"
#include "mlp/kernel.h"

namespace jnerf {

constexpr int TENSOR_WIDTH = 128;  // widest layer
constexpr int TENSOR_ROWS = 16;    // samples of a warp

JNERF_FN constexpr int tensor_pad(int width) { return (width + 15) / 16 * 16; }
JNERF_FN constexpr int tensor_stride(int width) { return tensor_pad(width) + 8; }

// Where a network lies in shared memory: first half of each layer's weights [pad(out), stride(in)] and of the
// activations [tile, stride(width)] that each layer reads; the last one is the output's.
struct TensorNet {
    MlpShape shape;
    int weight[MLP_MAX_LAYERS], act[MLP_MAX_LAYERS + 1];

    explicit TensorNet(const MlpShape& shape) : shape(shape), weight{}, act{} {}
    static bool fits(const MlpShape& shape) {
        bool fits = true;
        for (int l = 0; l <= shape.n_layers; l++) fits = fits && shape.width[l] <= TENSOR_WIDTH;
        for (int l = 0; l < shape.n_layers; l++) fits = fits && shape.bias[l] < 0;
        return fits && shape.skip < 0;
    }
    // Both return the first half behind.
    int place_weights(int at) {
        for (int l = 0; l < shape.n_layers; l++) {
            weight[l] = at;
            at += tensor_pad(shape.width[l + 1]) * tensor_stride(shape.width[l]);
        }
        return at;
    }
    int place_activations(int at, int tile) {
        for (int l = 0; l <= shape.n_layers; l++) {
            act[l] = at;
            at += tile * tensor_stride(shape.width[l]);
        }
        return at;
    }
};

__device__ __forceinline__ int warp_id() { return (int)(threadIdx.x >> 5); }

template <class T> __device__ inline void tensor_load_weights(const TensorNet& net, const float* params, uint16_t* shared) {
    for (int l = 0; l < net.shape.n_layers; l++) {
        const int in = net.shape.width[l], out = net.shape.width[l + 1], stride = tensor_stride(in);
        const float* w = params + net.shape.weight[l];
        for (int i = threadIdx.x; i < tensor_pad(out) * stride; i += blockDim.x) {
            const int o = i / stride, k = i % stride;
            shared[net.weight[l] + i] = T::from(o < out && k < in ? w[o * in + k] : 0.0f);
        }
    }
}

// The network's input for the 16 samples from `first` on; zeros behind the last sample and the last channel.
template <class T> __device__ inline void tensor_load_input(const MlpInput& input, int64_t first, int width, uint16_t* rows) {
    const int stride = tensor_stride(width), lane = lane_id(), x_width = input.x_width(), F = input.features;
    const int n = (int)(input.n_samples - first < TENSOR_ROWS ? input.n_samples - first : TENSOR_ROWS);  // may be negative
    for (int i = lane; i < TENSOR_ROWS * x_width; i += 32) {  // in the order of memory: a group's samples lie together
        const int group = i / (TENSOR_ROWS * F), rest = i % (TENSOR_ROWS * F), s = rest / F;
        rows[s * stride + group * F + rest % F] = T::from(s < n ? input.x[(group * input.n_samples + first) * F + rest] : 0.0f);
    }
    const int others = tensor_pad(width) - x_width;
    for (int i = lane; i < TENSOR_ROWS * others; i += 32) {
        const int s = i / others, channel = x_width + i % others;
        rows[s * stride + channel] = T::from(s < n && channel < width ? input.load(first + s, channel) : 0.0f);
    }
}

// A warp's 16 rows of a [16, k] times B [k, n], both in 16-column blocks; visit(row, column, value, next column's value).
// B is stored [n][k], or [k][n] when TRANSPOSED.
template <class T, bool TRANSPOSED, class Visit>
__device__ __forceinline__ void tensor_rows(const uint16_t* a, int a_stride, int k_blocks, const uint16_t* b, int b_stride, int n_blocks,
                                            const Visit& visit) {
    uint32_t a_blocks[TENSOR_WIDTH / 16][4];
#pragma unroll
    for (int k = 0; k < TENSOR_WIDTH / 16; k++)
        if (k < k_blocks) load_a<false>(a_blocks[k], a + 16 * k, a_stride);
    for (int n = 0; n < n_blocks; n++) {
        BlockSum<T> sum;
#pragma unroll
        for (int k = 0; k < TENSOR_WIDTH / 16; k++) {
            if (k >= k_blocks) continue;
            uint32_t b_block[4];
            load_b<TRANSPOSED>(b_block, TRANSPOSED ? b + 16 * k * b_stride + 16 * n : b + 16 * n * b_stride + 16 * k, b_stride);
            sum.add(a_blocks[k], b_block);
        }
        sum.each([&](int row, int column, float v, float w) { visit(row, 16 * n + column, v, w); });
    }
}

// Layer l of a warp's rows; the sums, before any activation, go to `visit`.
template <class T, class Visit> __device__ __forceinline__ void tensor_layer(const TensorNet& net, int l, uint16_t* shared, const Visit& visit) {
    const int in = net.shape.width[l], stride = tensor_stride(in);
    tensor_rows<T, false>(shared + net.act[l] + warp_id() * TENSOR_ROWS * stride, stride, tensor_pad(in) / 16, shared + net.weight[l], stride,
                          tensor_pad(net.shape.width[l + 1]) / 16, visit);
}

// Layers 0 .. n - 1 with their ReLU.
template <class T> __device__ inline void tensor_hidden_layers(const TensorNet& net, int n, uint16_t* shared) {
    for (int l = 0; l < n; l++) {
        const int stride = tensor_stride(net.shape.width[l + 1]);
        uint16_t* next = shared + net.act[l + 1] + warp_id() * TENSOR_ROWS * stride;
        __syncwarp();
        tensor_layer<T>(net, l, shared, [=](int row, int column, float v, float w) {
            *(uint32_t*)(next + row * stride + column) = T::relu_pair(v, w);
        });
    }
    __syncwarp();
}

// sums[o, i] += G^T A / scale over the block's tile, for layer l: G [tile, out] at `grad`. A warp owns whole blocks.
template <class T>
__device__ inline void tensor_weight_grad(const TensorNet& net, int l, int tile, const uint16_t* grad, int grad_stride, float unscale,
                                          const uint16_t* shared, float* sums) {
    const int in = net.shape.width[l], out = net.shape.width[l + 1], stride = tensor_stride(in);
    const int i_blocks = tensor_pad(in) / 16, blocks = i_blocks * (tensor_pad(out) / 16);
    float* layer = sums + net.shape.weight[l];
    for (int block = warp_id(); block < blocks; block += blockDim.x / 32) {
        const int first_out = block / i_blocks * 16, first_in = block % i_blocks * 16;
        BlockSum<T> sum;
        for (int s = 0; s < tile; s += 16) {
            uint32_t a[4], b[4];
            load_a<true>(a, grad + s * grad_stride + first_out, grad_stride);
            load_b<true>(b, shared + net.act[l] + s * stride + first_in, stride);
            sum.add(a, b);
        }
        sum.each([=](int row, int column, float v, float w) {
            const int o = first_out + row, i = first_in + column;
            if (o >= out) return;
            if (i < in) layer[o * in + i] += v * unscale;
            if (i + 1 < in) layer[o * in + i + 1] += w * unscale;
        });
    }
}

// Gradients of the inputs of layer l for a warp's rows, from those of its sums at `grad` [tile, out].
template <class T, class Visit>
__device__ __forceinline__ void tensor_input_grad(const TensorNet& net, int l, const uint16_t* grad, int grad_stride, uint16_t* shared, const Visit& visit) {
    const int in = net.shape.width[l];
    tensor_rows<T, true>(grad + warp_id() * TENSOR_ROWS * grad_stride, grad_stride, tensor_pad(net.shape.width[l + 1]) / 16,
                         shared + net.weight[l], tensor_stride(in), tensor_pad(in) / 16, visit);
}

// The whole backward pass of a tile whose activations are there: from the scaled gradients at `grad` [tile, out] to the
// weights' sums, and to `visit_input` for the input's (still scaled) where `input_wanted`. Ends with a barrier.
template <class T, class Visit>
__device__ inline void tensor_backward(const TensorNet& net, int tile, const uint16_t* grad, int grad_stride, float unscale, bool input_wanted,
                                       uint16_t* shared, float* sums, const Visit& visit_input) {
    for (int l = net.shape.n_layers - 1; l >= 0; l--) {
        __syncthreads();
        tensor_weight_grad<T>(net, l, tile, grad, grad_stride, unscale, shared, sums);
        __syncthreads();
        if (l == 0) {
            if (input_wanted) tensor_input_grad<T>(net, 0, grad, grad_stride, shared, visit_input);
            break;
        }
        // Overwrites the activations: a lane reads what it replaces, and nobody else needs it any more.
        const int stride = tensor_stride(net.shape.width[l]);
        uint16_t* act = shared + net.act[l] + warp_id() * TENSOR_ROWS * stride;
        tensor_input_grad<T>(net, l, grad, grad_stride, shared, [=](int row, int column, float v, float w) {
            uint32_t* place = (uint32_t*)(act + row * stride + column);
            const uint32_t a = *place;  // behind a ReLU: not negative, so any bit is "positive"
            *place = T::pair(a & 0xffff ? v : 0.0f, a >> 16 ? w : 0.0f);
        });
        grad = shared + net.act[l];
        grad_stride = stride;
    }
    __syncthreads();
}

// The power of two that brings v >= 0 to [8, 16); 1 where there is none.
__device__ __forceinline__ float power_to_eight(float v) {
    if (!(v > 0.0f && v < 3e38f)) return 1.0f;
    const int e = 4 - exponent(v);
    return exp2i(e < -100 ? -100 : e > 100 ? 100 : e);
}

// The power of two that brings the block's largest |v| to [8, 16); every thread gives its own largest.
__device__ inline float tile_scale(float most) {
    __shared__ unsigned bits;
    __syncthreads();
    if (threadIdx.x == 0) bits = 0;
    for (int with = 16; with > 0; with /= 2) most = larger(most, __shfl_xor_sync(~0u, most, with));
    __syncthreads();
    if (lane_id() == 0) atomicMax(&bits, __float_as_uint(most));
    __syncthreads();
    return power_to_eight(__uint_as_float(bits));
}

// Persistent blocks: as many as the device runs at a time, and no more than there are tiles.
template <class... Parameters> inline unsigned resident_blocks(void (*kernel)(Parameters...), int64_t n_samples, int tile, int threads, int shared) {
    int resident = 0;
    allow_shared((const void*)kernel, shared);
    cuda_check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, kernel, threads, shared), "occupancy of a kernel");
    const int64_t tiles = (n_samples + tile - 1) / tile;
    return (unsigned)std::min<int64_t>(tiles, (int64_t)std::max(resident, 1) * cuda_device().processors);
}

}  // namespace jnerf
