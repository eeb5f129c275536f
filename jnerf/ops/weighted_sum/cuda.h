#pragma once
#include "photometric/sum.h"
#include "weighted_sum/kernel.h"

namespace jnerf {

constexpr int SUM_WIDTH = 256;  // threads of a block

// One double for each block of `sums`, in an order that follows from the sizes alone.
template <class Value> static __global__ void sum_blocks_kernel(int64_t n, Value value, double* sums) {
    double mine = 0.0;
    for (int64_t i = (int64_t)blockIdx.x * SUM_WIDTH + threadIdx.x; i < n; i += (int64_t)gridDim.x * SUM_WIDTH) mine += value(i);
    const double all = sum_of_block<SUM_WIDTH>(mine);
    if (threadIdx.x == 0) sums[blockIdx.x] = all;
}

struct SummandAt {
    const float* values;
    SummandOf f;
    __device__ double operator()(int64_t i) const { return f(values[i]); }
};

struct AddBlocks {
    const double* sums;
    int blocks;
    float* out;
    JNERF_FN void operator()(int64_t) const {
        double all = 0.0;
        for (int b = 0; b < blocks; b++) all += sums[b];
        *out = (float)all;
    }
};

inline void sum_all(const float* values, int64_t n, SummandOf f, double* sums, float* out) {
    const int64_t wanted = (n + 8 * SUM_WIDTH - 1) / (8 * SUM_WIDTH);
    const int blocks = (int)(wanted < SUM_BLOCKS ? wanted : SUM_BLOCKS);
    launch(sum_blocks_kernel<SummandAt>, blocks, SUM_WIDTH, 0, n, SummandAt{values, f}, sums);
    parallel_for(1, AddBlocks{sums, blocks, out});
}

inline void weighted_sum(const WeightedSum& kernel) {
    double* sums = (double*)(kernel.scratch + MAX_SUMMED + 2);
    for (int k = 0; k < kernel.arrays; k++)
        if (kernel.sizes[k] > 1) sum_all(kernel.values[k], kernel.sizes[k], kernel.summand(k), sums, kernel.scratch + k);
    if (kernel.live) sum_all(kernel.live, kernel.n_live, {Summand::value}, sums, kernel.scratch + MAX_SUMMED);
    parallel_for(1, kernel);
}

}  // namespace jnerf
