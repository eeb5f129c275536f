// The table's gradient summed in fp16 on CUDA: two features are one addition to memory on every device.
// Sums must neither overflow nor vanish, so that those of level l are kept times a power of two, s_l, with
// s_l sum over samples of |grad| <= 2^14. A row's weights of one sample are at most 1 together, and rounding can at most
// double what is added (the sum before it is a number of fp16 itself, so that rounding is off by no more than what is
// added): no sum exceeds 2^15, half of fp16's largest.
#pragma once
#include <cuda_fp16.h>
#include "hash_encode/rows_cuda.h"

namespace jnerf {

constexpr int HASH_HALF_TOTAL = 14, HASH_HALF_THREADS = 256, HASH_HALF_BLOCKS = 128;

// The exponent of s_l, from the sum of a level's gradients; 0 where there is nothing to scale: no gradient, or inf.
__device__ __forceinline__ int hash_half_exponent(float total) {
    if (!(total > 0.0f && total <= 3.402823466e38f)) return 0;
    const int e = HASH_HALF_TOTAL - 1 - ilogbf(total);  // total < 2^(1 + ilogb(total))
    return e < 110 ? e : 110;
}

// totals[l] += sum over samples of the largest |gradient| of level l's features.
template <int F> __global__ void __launch_bounds__(HASH_HALF_THREADS) hash_half_totals(int64_t n, const float* grad_out, float* totals) {
    const int level = blockIdx.y;
    float sum = 0.0f;
    for (int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x; i < n; i += (int64_t)gridDim.x * blockDim.x) {
        float g[F], most = 0.0f;
        load_row<F>(g, grad_out + (level * n + i) * F);
#pragma unroll
        for (int f = 0; f < F; f++) most = fmaxf(most, fabsf(g[f]));  // NaN is left to the sums
        sum += most;
    }
#pragma unroll
    for (int by = 16; by > 0; by /= 2) sum += __shfl_xor_sync(~0u, sum, by);
    if ((threadIdx.x & 31) == 0 && sum != 0.0f) atomicAdd(totals + level, sum);
}

// Where `hash_scatter` adds to.
template <int F> struct HashHalfRows {
    __half2* sums;
    const float* totals;
    __device__ __forceinline__ float scale(int level) const { return ldexpf(1.0f, hash_half_exponent(totals[level])); }
    __device__ __forceinline__ void add(uint32_t row, const float (&v)[F], float scale) const {
#pragma unroll
        for (int f = 0; f < F; f += 2) atomicAdd(sums + ((int64_t)row * F + f) / 2, __floats2half2_rn(v[f] * scale, v[f + 1] * scale));
    }
};

// Back to fp32, each level with its own factor.
template <int F> __global__ void __launch_bounds__(HASH_HALF_THREADS) hash_half_unscale(const int* meta, const float* totals, const __half2* sums, float2* grad_table) {
    const int level = blockIdx.y;
    const int64_t first = (int64_t)meta[4 * level] * F / 2, count = (int64_t)meta[4 * level + 1] * F / 2;
    const float unscale = ldexpf(1.0f, -hash_half_exponent(totals[level]));
    for (int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x; i < count; i += (int64_t)gridDim.x * blockDim.x) {
        const float2 v = __half22float2(sums[first + i]);
        grad_table[first + i] = make_float2(v.x * unscale, v.y * unscale);
    }
}

}  // namespace jnerf
