// Sums of arrays, always in the same order and in double.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

#ifdef __CUDACC__
constexpr int SUM_THREADS = 512;

// Of what the threads of a block have; the first gets it, others 0.
template <int THREADS> __device__ __forceinline__ double sum_of_block(double mine) {
    __shared__ double parts[THREADS];
    const int thread = threadIdx.x;
    parts[thread] = mine;
    for (int half = THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) parts[thread] += parts[thread + half];
    }
    return thread == 0 ? parts[0] : 0.0;
}

static __global__ void sum_kernel(int64_t n, const float* values, float weight, float* sum) {
    double mine = 0.0;
    for (int64_t i = threadIdx.x; i < n; i += SUM_THREADS) mine += values[i];
    const double all = sum_of_block<SUM_THREADS>(mine);
    if (threadIdx.x == 0) *sum = (float)all * weight;
}
#endif

// Of value(i), i < n, by one thread of the CPU.
template <class Value> inline double sum_in_order(int64_t n, const Value& value) {
    double parts[8] = {}, all = 0.0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++) parts[k] += value(i + k);
    for (; i < n; i++) all += value(i);
    for (double part : parts) all += part;
    return all;
}

// weight times the sum of n values.
inline void sum_floats(int64_t n, const float* values, float* sum, float weight = 1.0f) {
#ifdef __CUDACC__
    launch(sum_kernel, 1, SUM_THREADS, 0, n, values, weight, sum);
#else
    *sum = (float)sum_in_order(n, [=](int64_t i) { return values[i]; }) * weight;
#endif
}

}  // namespace jnerf
