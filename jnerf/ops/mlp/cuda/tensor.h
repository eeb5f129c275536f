// The MLP on tensor cores: forward, and the backward pass that computes the activations again. Blocks are persistent;
// each sums its weight gradients, and the sums are added in block order: no atomics, the same result every time.
#pragma once
#include "mlp/cuda/chain.h"
#include "mlp/cuda/plain.h"

namespace jnerf {

template <class T> __global__ void mlp_tensor_forward_kernel(TensorNet net, MlpInput input, const float* params, float* out, int tile) {
    JNERF_SHARED(uint16_t, shared);
    tensor_load_weights<T>(net, params, shared);
    __syncthreads();
    const int last = net.shape.n_layers - 1, width = net.shape.width[0], n_out = net.shape.n_out;
    uint16_t* rows = shared + net.act[0] + warp_id() * TENSOR_ROWS * tensor_stride(width);
    for (int64_t begin = (int64_t)blockIdx.x * tile; begin < input.n_samples; begin += (int64_t)gridDim.x * tile) {
        const int64_t first = begin + warp_id() * TENSOR_ROWS;
        tensor_load_input<T>(input, first, width, rows);
        tensor_hidden_layers<T>(net, last, shared);
        tensor_layer<T>(net, last, shared, [=](int row, int column, float v, float w) {
            if (first + row >= input.n_samples) return;
            float* place = out + (first + row) * n_out + column;
            if (column < n_out) place[0] = v;
            if (column + 1 < n_out) place[1] = w;
        });
        __syncwarp();
    }
}

// sums: in shared memory at float `shared_sums`, or, if that is negative, in `partial` at once.
template <class T>
__global__ void mlp_tensor_backward_kernel(TensorNet net, MlpInput input, const float* params, const float* grad_out, MlpInputGrad grad_in,
                                           float* partial, int tile, int shared_sums) {
    JNERF_SHARED(uint16_t, shared);
    const MlpShape& shape = net.shape;
    const int last = shape.n_layers, n_out = shape.n_out, stride = tensor_stride(shape.width[last]), columns = tensor_pad(shape.width[last]);
    float* own = partial + blockIdx.x * shape.n_params;
    float* sums = shared_sums < 0 ? own : (float*)shared + shared_sums;
    tensor_load_weights<T>(net, params, shared);
    for (int64_t i = threadIdx.x; i < shape.n_params; i += blockDim.x) sums[i] = 0.0f;
    __syncthreads();
    for (int64_t begin = (int64_t)blockIdx.x * tile; begin < input.n_samples; begin += (int64_t)gridDim.x * tile) {
        const int64_t first = begin + warp_id() * TENSOR_ROWS, n = input.n_samples - begin;
        tensor_load_input<T>(input, first, shape.width[0], shared + net.act[0] + warp_id() * TENSOR_ROWS * tensor_stride(shape.width[0]));
        tensor_hidden_layers<T>(net, last - 1, shared);
        const float* grads = grad_out + begin * n_out;
        const int count = (int)(n < tile ? n : tile);
        float most = 0.0f;
        for (int i = threadIdx.x; i < count * n_out; i += blockDim.x) most = larger(most, fabsf(grads[i]));
        const float scale = tile_scale(most), unscale = 1.0f / scale;
        for (int i = threadIdx.x; i < tile * columns; i += blockDim.x) {
            const int s = i / columns, c = i % columns;
            shared[net.act[last] + s * stride + c] = T::from(s < count && c < n_out ? grads[s * n_out + c] * scale : 0.0f);
        }
        const bool wanted = grad_in.x || grad_in.extra;
        tensor_backward<T>(net, tile, shared + net.act[last], stride, unscale, wanted, shared, sums, [=](int row, int column, float v, float w) {
            if (first + row >= input.n_samples) return;
            if (column < shape.width[0]) grad_in.store(input, first + row, column, v * unscale);
            if (column + 1 < shape.width[0]) grad_in.store(input, first + row, column + 1, w * unscale);
        });
    }
    for (int64_t i = threadIdx.x; shared_sums >= 0 && i < shape.n_params; i += blockDim.x) own[i] = sums[i];
}

// How much of shared memory a kernel takes: the largest tile, with sums inside if they fit.
struct TensorPlan {
    int tile, sums, bytes;  // tile 0: it does not fit; sums: first float, or -1
    // place(tile) lays networks out and returns the halves they take; n_sums: floats, 0 for none.
    template <class Place> TensorPlan(int64_t n_sums, const Place& place) : tile(0), sums(-1), bytes(0) {
        const int most = cuda_device().shared;
        for (int with_sums = n_sums > 0; with_sums >= 0; with_sums--)
            for (tile = 128; tile >= (with_sums ? 64 : 16); tile /= 2) {
                const int64_t floats = (place(tile) + 7) / 8 * 4;
                sums = with_sums ? (int)floats : -1;
                const int64_t size = 4 * (floats + (with_sums ? n_sums : 0)) + 64;
                bytes = (int)size;
                if (size <= most) return;
            }
        tile = 0;
    }
};

template <class... Parameters> inline unsigned tensor_blocks(void (*kernel)(Parameters...), int64_t n_samples, const TensorPlan& plan) {
    return resident_blocks(kernel, n_samples, plan.tile, 2 * plan.tile, plan.bytes);
}

// Both return false where the network does not fit.
template <class T> inline bool mlp_tensor_forward(const MlpShape& shape, const MlpInput& input, const float* params, float* out) {
    if (takes_way("mlp", "chain", "tensor") && mlp_chain_forward<T>(shape, input, params, out)) return true;
    TensorNet net(shape);
    const TensorPlan plan(0, [&](int tile) { return net.place_activations(net.place_weights(0), tile); });
    if (plan.tile == 0) return false;
    const unsigned blocks = tensor_blocks(mlp_tensor_forward_kernel<T>, input.n_samples, plan);
    launch(mlp_tensor_forward_kernel<T>, blocks, 2 * plan.tile, plan.bytes, net, input, params, out, plan.tile);
    return true;
}

template <class T>
inline bool mlp_tensor_backward(const MlpShape& shape, const MlpInput& input, const float* params, const float* grad_out, MlpInputGrad grad_in, float* grad_params) {
    TensorNet net(shape);
    const TensorPlan plan(shape.n_params, [&](int tile) { return net.place_activations(net.place_weights(0), tile); });
    if (plan.tile == 0) return false;
    const unsigned blocks = tensor_blocks(mlp_tensor_backward_kernel<T>, input.n_samples, plan);
    const CudaScratch<float> partial(blocks * shape.n_params, "gradients of an MLP");
    launch(mlp_tensor_backward_kernel<T>, blocks, 2 * plan.tile, plan.bytes, net, input, params, grad_out, grad_in, partial.data, plan.tile, plan.sums);
    parallel_for(shape.n_params, MlpSumBlocks{partial.data, grad_params, shape.n_params, (int)blocks});
    return true;
}

}  // namespace jnerf
