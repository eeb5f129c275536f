// Layers on tensor cores whose activations stay in registers. A warp takes 16 samples. Its sums, rounded to 16 bits, lie in
// its registers just as the next layer's product wants its left factor (PTX manual, "Matrix fragments for mma.m16n8k16":
// lane 4 g + t holds of both rows g and g + 8, columns 8 h + 2 t and one more), so that only weights are read from shared
// memory. Widths are compile-time constants; multiples of 16.
#pragma once
#include "mlp/tensor.h"

namespace jnerf {

constexpr int CHAIN_IN = 32, CHAIN_HIDDEN = 64, CHAIN_OUT = 16;  // the networks of Instant-NGP, outputs padded

template <int WIDTH> struct HalfRows { uint32_t r[WIDTH / 16][4]; };   // 16 rows as the left factor of a product
template <int WIDTH> struct FloatRows { float c[WIDTH / 16][2][4]; };  // 16 rows as a product's sums

// a [16, K] times B [K, N]; B is stored [n][k], rows `stride` halves apart, or [k][n] when TRANSPOSED.
template <class T, bool TRANSPOSED, int N, int K> __device__ __forceinline__ FloatRows<N> chain_product(const HalfRows<K>& a, const uint16_t* b, int stride) {
    FloatRows<N> sums{};
#pragma unroll
    for (int k = 0; k < K / 16; k++)
#pragma unroll
        for (int n = 0; n < N / 16; n++) {
            uint32_t block[4];
            load_b<TRANSPOSED>(block, TRANSPOSED ? b + 16 * k * stride + 16 * n : b + 16 * n * stride + 16 * k, stride);
            multiply_half<T>(sums.c[n][0], a.r[k], block);
            multiply_half<T>(sums.c[n][1], a.r[k], block + 2);
        }
    return sums;
}

template <class T, int WIDTH> __device__ __forceinline__ HalfRows<WIDTH> chain_relu(const FloatRows<WIDTH>& sums) {
    HalfRows<WIDTH> rows;
#pragma unroll
    for (int k = 0; k < WIDTH / 16; k++)
#pragma unroll
        for (int j = 0; j < 4; j++) rows.r[k][j] = T::relu_pair(sums.c[k][j >> 1][2 * (j & 1)], sums.c[k][j >> 1][2 * (j & 1) + 1]);
    return rows;
}

template <class T, int WIDTH> __device__ __forceinline__ HalfRows<WIDTH> chain_scaled(const FloatRows<WIDTH>& sums, float scale) {
    HalfRows<WIDTH> rows;
#pragma unroll
    for (int k = 0; k < WIDTH / 16; k++)
#pragma unroll
        for (int j = 0; j < 4; j++) rows.r[k][j] = T::pair(scale * sums.c[k][j >> 1][2 * (j & 1)], scale * sums.c[k][j >> 1][2 * (j & 1) + 1]);
    return rows;
}

// Where the lane's pairs of 16 rows lie; visit(block of 16 columns, register, two halves).
template <int WIDTH, class Visit> __device__ __forceinline__ void chain_pairs(uint16_t* rows, int stride, const Visit& visit) {
    uint16_t* own = rows + (lane_id() >> 2) * stride + 2 * (lane_id() & 3);
#pragma unroll
    for (int k = 0; k < WIDTH / 16; k++)
#pragma unroll
        for (int j = 0; j < 4; j++) visit(k, j, (uint32_t*)(own + (j & 1) * 8 * stride + 16 * k + (j >> 1) * 8));
}

template <int WIDTH> __device__ __forceinline__ void chain_store(const HalfRows<WIDTH>& a, uint16_t* rows, int stride) {
    chain_pairs<WIDTH>(rows, stride, [&](int k, int j, uint32_t* place) { *place = a.r[k][j]; });
}

// Behind a ReLU: the gradients of what was not above 0 become 0. `rows` are the activations that the lane itself stored.
template <class T, int WIDTH> __device__ __forceinline__ HalfRows<WIDTH> chain_relu_grad(const FloatRows<WIDTH>& grads, uint16_t* rows, int stride) {
    HalfRows<WIDTH> out;
    chain_pairs<WIDTH>(rows, stride, [&](int k, int j, uint32_t* place) {
        const uint32_t a = *place;  // not negative, so any bit is "positive"
        const float* v = grads.c[k][j >> 1] + 2 * (j & 1);
        out.r[k][j] = T::pair(a & 0xffff ? v[0] : 0.0f, a >> 16 ? v[1] : 0.0f);
    });
    return out;
}

// Grouped rows [G, S, F], F even, of CHAIN_IN channels: where each of the lane's channel pairs begins.
struct ChainPlaces {
    int64_t offset[CHAIN_IN / 8];
    int features;
    __device__ __forceinline__ explicit ChainPlaces(const MlpInput& input) : features(input.features) {
#pragma unroll
        for (int p = 0; p < CHAIN_IN / 8; p++) {
            const int channel = 8 * p + 2 * (lane_id() & 3);
            offset[p] = channel / features * input.n_samples * features + channel % features;
        }
    }
    // visit(block of 16 channels, h, 0 or 2 for the row 8 further down, place) for the samples first .. first + 15.
    template <class Visit> __device__ __forceinline__ void each(int64_t first, const Visit& visit) const {
        const int64_t sample = first + (lane_id() >> 2);
#pragma unroll
        for (int p = 0; p < CHAIN_IN / 8; p++)
#pragma unroll
            for (int i = 0; i < 4; i += 2) visit(p / 2, p % 2, i, sample + 4 * i, offset[p] + (sample + 4 * i) * features);
    }
};

template <class T> __device__ __forceinline__ HalfRows<CHAIN_IN> chain_input(const MlpInput& input, const ChainPlaces& places, int64_t first) {
    HalfRows<CHAIN_IN> rows;
    places.each(first, [&](int k, int h, int i, int64_t sample, int64_t at) {
        const float2 v = sample < input.n_samples ? __ldg((const float2*)(input.x + at)) : make_float2(0.0f, 0.0f);
        rows.r[k][2 * h + i / 2] = T::pair(v.x, v.y);
    });
    return rows;
}

inline bool chain_takes(const MlpInput& input) { return input.features % 2 == 0 && (uintptr_t)input.x % 8 == 0; }

// Inputs, hidden layers and outputs as above, without biases or skip connection.
inline bool chain_fits(const MlpShape& shape) {
    bool fits = TensorNet::fits(shape) && shape.n_layers > 1 && shape.width[0] == CHAIN_IN && shape.width[shape.n_layers] <= CHAIN_OUT;
    for (int l = 1; l < shape.n_layers; l++) fits = fits && shape.width[l] == CHAIN_HIDDEN;
    return fits;
}

// All layers; the last one's sums.
template <class T> __device__ __forceinline__ FloatRows<CHAIN_OUT> chain_forward(const TensorNet& net, const HalfRows<CHAIN_IN>& input, const uint16_t* shared) {
    constexpr int stride = CHAIN_HIDDEN + 8;
    HalfRows<CHAIN_HIDDEN> hidden = chain_relu<T>(chain_product<T, false, CHAIN_HIDDEN>(input, shared + net.weight[0], CHAIN_IN + 8));
    const int last = net.shape.n_layers - 1;
#pragma unroll 1
    for (int l = 1; l < last; l++) hidden = chain_relu<T>(chain_product<T, false, CHAIN_HIDDEN>(hidden, shared + net.weight[l], stride));
    return chain_product<T, false, CHAIN_OUT>(hidden, shared + net.weight[last], stride);
}

// visit(row, column, sum) for the lane's sums of the last layer.
template <class Rows, class Visit> __device__ __forceinline__ void chain_each(Rows&& sums, const Visit& visit) {
#pragma unroll
    for (int h = 0; h < 2; h++)
#pragma unroll
        for (int i = 0; i < 4; i++) visit((lane_id() >> 2) + 4 * (i & 2), 8 * h + 2 * (lane_id() & 3) + (i & 1), sums.c[0][h][i]);
}

constexpr int CHAIN_TILE = 128;  // samples of a block of the forward kernels

template <class T> __global__ void __launch_bounds__(2 * CHAIN_TILE) mlp_chain_forward_kernel(TensorNet net, MlpInput input, const float* params, float* out) {
    JNERF_SHARED(uint16_t, shared);
    tensor_load_weights<T>(net, params, shared);
    __syncthreads();
    const ChainPlaces places(input);
    const int n_out = net.shape.n_out;
    for (int64_t begin = (int64_t)blockIdx.x * CHAIN_TILE; begin < input.n_samples; begin += (int64_t)gridDim.x * CHAIN_TILE) {
        const int64_t first = begin + warp_id() * TENSOR_ROWS;
        chain_each(chain_forward<T>(net, chain_input<T>(input, places, first), shared), [=](int row, int column, float v) {
            if (first + row < input.n_samples && column < n_out) out[(first + row) * n_out + column] = v;
        });
    }
}

// False where the network does not fit.
template <class T> inline bool mlp_chain_forward(const MlpShape& shape, const MlpInput& input, const float* params, float* out) {
    if (!chain_fits(shape) || !chain_takes(input) || input.x_width() != CHAIN_IN) return false;
    TensorNet net(shape);
    const int bytes = 2 * net.place_weights(0);
    if (bytes > cuda_device().shared) return false;
    const unsigned blocks = resident_blocks(mlp_chain_forward_kernel<T>, input.n_samples, CHAIN_TILE, 2 * CHAIN_TILE, bytes);
    launch(mlp_chain_forward_kernel<T>, blocks, 2 * CHAIN_TILE, bytes, net, input, params, out);
    return true;
}

}  // namespace jnerf
