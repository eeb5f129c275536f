// The sum of an array, always in the same order and in double.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

#ifdef __CUDACC__
constexpr int SUM_THREADS = 512;

static __global__ void sum_kernel(int64_t n, const float* values, float* sum) {
    __shared__ double parts[SUM_THREADS];
    const int thread = threadIdx.x;
    double mine = 0.0;
    for (int64_t i = thread; i < n; i += SUM_THREADS) mine += values[i];
    parts[thread] = mine;
    for (int half = SUM_THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (thread < half) parts[thread] += parts[thread + half];
    }
    if (thread == 0) *sum = (float)parts[0];
}
#endif

inline void sum_floats(int64_t n, const float* values, float* sum) {
#ifdef __CUDACC__
    launch(sum_kernel, 1, SUM_THREADS, 0, n, values, sum);
#else
    double parts[8] = {}, all = 0.0;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int k = 0; k < 8; k++) parts[k] += values[i + k];
    for (; i < n; i++) all += values[i];
    for (int k = 0; k < 8; k++) all += parts[k];
    *sum = (float)all;
#endif
}

}  // namespace jnerf
