// The field of Instant-NGP on tensor cores with activations in registers (mlp/cuda/chain.h), of the paper's widths: trunk
// 32-64-16, head 32-64-64-3 with 16 channels of the ray. Forward nothing but weights is in shared memory. Backward a block
// takes 64 samples, a warp 16 of them through all layers and back, without waiting but for two scales; what the weights'
// gradients need, layers' inputs and their gradients, is left in shared memory, and then each warp sums its blocks of the
// gradient over all samples, in registers for as long as the block lives. The scales are as in mlp/tensor.h.
#pragma once
#include "field_mlp/kernel.h"
#include "field_mlp/tensor_cuda.h"
#include "mlp/cuda/chain.h"

namespace jnerf {

constexpr int FIELD_CHAIN_TILE = 64, FIELD_CHAIN_THREADS = 2 * FIELD_CHAIN_TILE, FIELD_CHAIN_BLOCKS = 10;  // blocks of 16 x 16 weights of a warp
constexpr int FIELD_NARROW = CHAIN_IN + 8, FIELD_WIDE = CHAIN_HIDDEN + 8, FIELD_OUT = CHAIN_OUT + 8;       // strides

inline bool field_chain_fits(const FieldMlpShape& shape, const FieldMlpInput& input) {
    return shape.first == 0 && shape.trunk.n_layers == 2 && shape.head.n_layers == 3 && chain_fits(shape.trunk) && chain_fits(shape.head) && shape.geometry() == CHAIN_OUT &&
           input.extra_width == CHAIN_OUT && input.x_width() == CHAIN_IN && chain_takes(input.trunk_input()) && (uintptr_t)input.extra % 8 == 0;
}

// The head's input: geometry, and the channels of the samples' rays.
template <class T> __device__ __forceinline__ HalfRows<CHAIN_IN> field_chain_head_input(const FieldMlpInput& input, const FloatRows<CHAIN_OUT>& geometry, int64_t first) {
    HalfRows<CHAIN_IN> rows;
    const HalfRows<CHAIN_OUT> known = chain_scaled<T>(geometry, 1.0f);
#pragma unroll
    for (int j = 0; j < 4; j++) rows.r[0][j] = known.r[0][j];
#pragma unroll
    for (int i = 0; i < 2; i++) {
        const int64_t sample = first + (lane_id() >> 2) + 8 * i;
        const bool is = sample < input.n_samples;
        const float* extra = input.extra + (is ? (int64_t)input.ray_indices[sample] * CHAIN_OUT : 0) + 2 * (lane_id() & 3);
#pragma unroll
        for (int h = 0; h < 2; h++) {
            const float2 v = is ? __ldg((const float2*)(extra + 8 * h)) : make_float2(0.0f, 0.0f);
            rows.r[1][2 * h + i] = T::pair(v.x, v.y);
        }
    }
    return rows;
}

template <class T>
__global__ void __launch_bounds__(2 * CHAIN_TILE) field_chain_forward_kernel(TensorField field, FieldMlpInput input, const float* trunk, const float* head, float* sigmas, float* rgbs) {
    JNERF_SHARED(uint16_t, shared);
    tensor_load_weights<T>(field.trunk, trunk, shared);
    tensor_load_weights<T>(field.head, head, shared);
    __syncthreads();
    const ChainPlaces places(input.trunk_input());
    for (int64_t begin = (int64_t)blockIdx.x * CHAIN_TILE; begin < input.n_samples; begin += (int64_t)gridDim.x * CHAIN_TILE) {
        const int64_t first = begin + warp_id() * TENSOR_ROWS;
        const FloatRows<CHAIN_OUT> geometry = chain_forward<T>(field.trunk, chain_input<T>(input.trunk_input(), places, first), shared);
        chain_each(geometry, [=](int row, int column, float v) {
            if (column == 0 && first + row < input.n_samples) sigmas[first + row] = field.density.value(v);
        });
        chain_each(chain_forward<T>(field.head, field_chain_head_input<T>(input, geometry, first), shared), [=](int row, int column, float v) {
            if (column < FIELD_COLORS && first + row < input.n_samples) rgbs[(first + row) * FIELD_COLORS + column] = field_sigmoid(v);
        });
    }
}

// What of a tile lies in shared memory, [tile, width + 8] halves each: layers' inputs (x, trunk's hidden, head's input and
// hidden ones), and gradients of what layers give.
struct FieldChainTile {
    uint16_t *x, *hidden, *middle, *first, *second;
    uint16_t *of_geometry, *of_hidden, *of_out, *of_first, *of_second;
    static constexpr int kHalves = FIELD_CHAIN_TILE * (2 * FIELD_NARROW + 6 * FIELD_WIDE + 2 * FIELD_OUT);
    __device__ __forceinline__ explicit FieldChainTile(uint16_t* at) {
        x = at, middle = x + FIELD_CHAIN_TILE * FIELD_NARROW;
        hidden = middle + FIELD_CHAIN_TILE * FIELD_NARROW, first = hidden + FIELD_CHAIN_TILE * FIELD_WIDE, second = first + FIELD_CHAIN_TILE * FIELD_WIDE;
        of_hidden = second + FIELD_CHAIN_TILE * FIELD_WIDE, of_first = of_hidden + FIELD_CHAIN_TILE * FIELD_WIDE, of_second = of_first + FIELD_CHAIN_TILE * FIELD_WIDE;
        of_geometry = of_second + FIELD_CHAIN_TILE * FIELD_WIDE, of_out = of_geometry + FIELD_CHAIN_TILE * FIELD_OUT;
    }
    __device__ __forceinline__ static uint16_t* own(uint16_t* rows, int stride) { return rows + warp_id() * TENSOR_ROWS * stride; }
};

// The power of two that brings the largest |v| of the block to [8, 16). `slots` has one float per warp; the barrier inside
// also makes what warps have stored known.
__device__ __forceinline__ float chain_scale(float most, float* slots) {
    for (int with = 16; with > 0; with /= 2) most = larger(most, __shfl_xor_sync(~0u, most, with));
    if (lane_id() == 0) slots[warp_id()] = most;
    __syncthreads();
    most = 0.0f;
#pragma unroll
    for (int w = 0; w < FIELD_CHAIN_TILE / TENSOR_ROWS; w++) most = larger(most, slots[w]);
    return power_to_eight(most);
}

// OUTS blocks of a layer's weight gradient, `step` outputs apart, all of the same inputs: += unscale G^T A over the tile.
template <class T, int OUTS>
__device__ __forceinline__ void field_chain_sums(BlockSum<T>* sums, const uint16_t* grads, int grad_stride, int first_out, int step, const uint16_t* acts, int stride, int first_in, float unscale) {
    BlockSum<T> found[OUTS];
#pragma unroll
    for (int s = 0; s < FIELD_CHAIN_TILE; s += 16) {
        uint32_t a[4], b[4];
        load_b<true>(b, acts + s * stride + first_in, stride);
#pragma unroll
        for (int o = 0; o < OUTS; o++) {
            load_a<true>(a, grads + s * grad_stride + first_out + o * step, grad_stride);
            found[o].add(a, b);
        }
    }
#pragma unroll
    for (int o = 0; o < OUTS; o++)
#pragma unroll
        for (int i = 0; i < 8; i++) sums[o].c[i / 4][i % 4] += unscale * found[o].c[i / 4][i % 4];
}

template <class T> __device__ __forceinline__ void field_chain_put(const BlockSum<T>& sum, const MlpShape& shape, int l, int first_out, int first_in, float* out) {
    const int in = shape.width[l], outs = shape.width[l + 1];
    sum.each([=](int row, int column, float v, float w) {
        if (first_out + row >= outs) return;
        float* place = out + shape.weight[l] + (first_out + row) * in + first_in + column;
        place[0] = v, place[1] = w;
    });
}

template <class T>
__global__ void __launch_bounds__(FIELD_CHAIN_THREADS)
    field_chain_backward_kernel(TensorField field, FieldMlpInput input, const float* trunk, const float* head, FieldGrads grads, float* partial, int tile_at) {
    JNERF_SHARED(uint16_t, shared);
    __shared__ float slots[2][FIELD_CHAIN_TILE / TENSOR_ROWS];
    tensor_load_weights<T>(field.trunk, trunk, shared);
    tensor_load_weights<T>(field.head, head, shared);
    __syncthreads();
    const FieldChainTile tile(shared + tile_at);
    uint16_t *x = tile.own(tile.x, FIELD_NARROW), *middle = tile.own(tile.middle, FIELD_NARROW), *hidden = tile.own(tile.hidden, FIELD_WIDE);
    uint16_t *first_act = tile.own(tile.first, FIELD_WIDE), *second_act = tile.own(tile.second, FIELD_WIDE);
    const uint16_t *trunk0 = shared + field.trunk.weight[0], *trunk1 = shared + field.trunk.weight[1];
    const uint16_t *head0 = shared + field.head.weight[0], *head1 = shared + field.head.weight[1], *head2 = shared + field.head.weight[2];
    const ChainPlaces places(input.trunk_input());
    const int warp = warp_id(), in = 16 * warp, narrow_in = 16 * (warp & 1), narrow_out = 16 * (warp >> 1);
    BlockSum<T> sums[FIELD_CHAIN_BLOCKS];  // 1 of the head's last layer, 4 and 2 of those before, 1 and 2 of the trunk's
    for (int64_t begin = (int64_t)blockIdx.x * FIELD_CHAIN_TILE; begin < input.n_samples; begin += (int64_t)gridDim.x * FIELD_CHAIN_TILE) {
        const int64_t first = begin + warp * TENSOR_ROWS;
        const HalfRows<CHAIN_IN> features = chain_input<T>(input.trunk_input(), places, first);
        chain_store(features, x, FIELD_NARROW);
        HalfRows<CHAIN_HIDDEN> rows = chain_relu<T>(chain_product<T, false, CHAIN_HIDDEN>(features, trunk0, FIELD_NARROW));
        chain_store(rows, hidden, FIELD_WIDE);
        const FloatRows<CHAIN_OUT> geometry = chain_product<T, false, CHAIN_OUT>(rows, trunk1, FIELD_WIDE);
        const HalfRows<CHAIN_IN> head_in = field_chain_head_input<T>(input, geometry, first);
        chain_store(head_in, middle, FIELD_NARROW);
        rows = chain_relu<T>(chain_product<T, false, CHAIN_HIDDEN>(head_in, head0, FIELD_NARROW));
        chain_store(rows, first_act, FIELD_WIDE);
        rows = chain_relu<T>(chain_product<T, false, CHAIN_HIDDEN>(rows, head1, FIELD_WIDE));
        chain_store(rows, second_act, FIELD_WIDE);
        FloatRows<CHAIN_OUT> out = chain_product<T, false, CHAIN_OUT>(rows, head2, FIELD_WIDE);
        float most = 0.0f;
        chain_each(out, [&](int row, int column, float& v) {
            const bool is = column < FIELD_COLORS && first + row < input.n_samples;
            const float c = field_sigmoid(v);
            v = is ? grads.rgbs[(first + row) * FIELD_COLORS + column] * c * (1.0f - c) : 0.0f;
            most = larger(most, fabsf(v));
        });
        float scale = chain_scale(most, slots[0]);
        const float head_unscale = 1.0f / scale;
        const HalfRows<CHAIN_OUT> of_out = chain_scaled<T>(out, scale);
        chain_store(of_out, tile.own(tile.of_out, FIELD_OUT), FIELD_OUT);
        rows = chain_relu_grad<T>(chain_product<T, true, CHAIN_HIDDEN>(of_out, head2, FIELD_WIDE), second_act, FIELD_WIDE);
        chain_store(rows, tile.own(tile.of_second, FIELD_WIDE), FIELD_WIDE);
        rows = chain_relu_grad<T>(chain_product<T, true, CHAIN_HIDDEN>(rows, head1, FIELD_WIDE), first_act, FIELD_WIDE);
        chain_store(rows, tile.own(tile.of_first, FIELD_WIDE), FIELD_WIDE);
        FloatRows<CHAIN_OUT> joined = chain_product<T, true, CHAIN_OUT>(rows, head0, FIELD_NARROW);
        most = 0.0f;
        FloatRows<CHAIN_OUT> of_density = geometry;
        chain_each(of_density, [&](int row, int column, float& v) {
            v = column == 0 && first + row < input.n_samples ? grads.sigmas[first + row] * field.density.slope(v) : 0.0f;
        });
#pragma unroll
        for (int i = 0; i < 8; i++) {  // the density's gradient joins, at a scale that suits both
            float& v = joined.c[0][i / 4][i % 4];
            v = fmaf(v, head_unscale, of_density.c[0][i / 4][i % 4]);
            most = larger(most, fabsf(v));
        }
        scale = chain_scale(most, slots[1]);
        const float unscale = 1.0f / scale;
        const HalfRows<CHAIN_OUT> of_geometry = chain_scaled<T>(joined, scale);
        chain_store(of_geometry, tile.own(tile.of_geometry, FIELD_OUT), FIELD_OUT);
        rows = chain_relu_grad<T>(chain_product<T, true, CHAIN_HIDDEN>(of_geometry, trunk1, FIELD_WIDE), hidden, FIELD_WIDE);
        chain_store(rows, tile.own(tile.of_hidden, FIELD_WIDE), FIELD_WIDE);
        if (grads.x) {
            const FloatRows<CHAIN_IN> of_x = chain_product<T, true, CHAIN_IN>(rows, trunk0, FIELD_NARROW);
            places.each(first, [&](int k, int h, int i, int64_t sample, int64_t at) {
                if (sample < input.n_samples) *(float2*)(grads.x + at) = make_float2(unscale * of_x.c[k][h][i], unscale * of_x.c[k][h][i + 1]);
            });
        }
        __syncthreads();
        field_chain_sums<T, 1>(sums, tile.of_out, FIELD_OUT, 0, 0, tile.second, FIELD_WIDE, in, head_unscale);
        field_chain_sums<T, 4>(sums + 1, tile.of_second, FIELD_WIDE, 0, 16, tile.first, FIELD_WIDE, in, head_unscale);
        field_chain_sums<T, 2>(sums + 5, tile.of_first, FIELD_WIDE, narrow_out, 32, tile.middle, FIELD_NARROW, narrow_in, head_unscale);
        field_chain_sums<T, 1>(sums + 7, tile.of_geometry, FIELD_OUT, 0, 0, tile.hidden, FIELD_WIDE, in, unscale);
        field_chain_sums<T, 2>(sums + 8, tile.of_hidden, FIELD_WIDE, narrow_out, 32, tile.x, FIELD_NARROW, narrow_in, unscale);
        __syncthreads();  // the next tile's rows take their place
    }
    float *of_trunk = partial + blockIdx.x * (field.trunk.shape.n_params + field.head.shape.n_params), *of_head = of_trunk + field.trunk.shape.n_params;
    field_chain_put(sums[0], field.head.shape, 2, 0, in, of_head);
#pragma unroll
    for (int o = 0; o < 4; o++) field_chain_put(sums[1 + o], field.head.shape, 1, 16 * o, in, of_head);
    field_chain_put(sums[7], field.trunk.shape, 1, 0, in, of_trunk);
#pragma unroll
    for (int o = 0; o < 2; o++) {
        field_chain_put(sums[5 + o], field.head.shape, 0, narrow_out + 32 * o, narrow_in, of_head);
        field_chain_put(sums[8 + o], field.trunk.shape, 0, narrow_out + 32 * o, narrow_in, of_trunk);
    }
}

// Both return false where the networks, or their memory, do not fit.
template <class T> inline bool field_chain_forward(const FieldMlpShape& shape, const FieldMlpInput& input, const float* trunk, const float* head, float* sigmas, float* rgbs) {
    TensorField field(shape);
    const int bytes = 2 * field.head.place_weights(field.trunk.place_weights(0));
    if (!field_chain_fits(shape, input) || bytes > cuda_device().shared) return false;
    const unsigned blocks = resident_blocks(field_chain_forward_kernel<T>, input.n_samples, CHAIN_TILE, 2 * CHAIN_TILE, bytes);
    launch(field_chain_forward_kernel<T>, blocks, 2 * CHAIN_TILE, bytes, field, input, trunk, head, sigmas, rgbs);
    return true;
}

template <class T>
inline bool field_chain_backward(const FieldMlpShape& shape, const FieldMlpInput& input, const float* trunk, const float* head, FieldGrads grads, float* grad_trunk, float* grad_head) {
    TensorField field(shape);
    const int tile_at = field.head.place_weights(field.trunk.place_weights(0)), bytes = 2 * (tile_at + FieldChainTile::kHalves);
    if (!field_chain_fits(shape, input) || bytes + 1024 > cuda_device().shared || (uintptr_t)grads.x % 8) return false;
    const int64_t n_trunk = shape.trunk.n_params, n_params = n_trunk + shape.head.n_params;
    const unsigned blocks = resident_blocks(field_chain_backward_kernel<T>, input.n_samples, FIELD_CHAIN_TILE, FIELD_CHAIN_THREADS, bytes);
    const CudaScratch<float> partial(blocks * n_params, "gradients of field_mlp");
    launch(field_chain_backward_kernel<T>, blocks, FIELD_CHAIN_THREADS, bytes, field, input, trunk, head, grads, partial.data, tile_at);
    parallel_for(n_trunk, MlpSumBlocks{partial.data, grad_trunk, n_params, (int)blocks});
    parallel_for(n_params - n_trunk, MlpSumBlocks{partial.data + n_trunk, grad_head, n_params, (int)blocks});
    return true;
}

}  // namespace jnerf
