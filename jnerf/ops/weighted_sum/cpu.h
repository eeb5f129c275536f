#pragma once
#include <algorithm>
#include <vector>
#include "photometric/sum.h"
#include "weighted_sum/kernel.h"

namespace jnerf {

constexpr int64_t SUM_CHUNK = 1 << 15;

// Chunks of a fixed size, added in their order: the same for any number of threads.
inline float sum_all(const float* values, int64_t n, SummandOf f) {
    const int64_t chunks = (n + SUM_CHUNK - 1) / SUM_CHUNK;
    std::vector<double> sums(chunks);
    share_out(chunks, chunks > 4, [&](int64_t c) {
        sums[c] = sum_in_order(std::min(SUM_CHUNK, n - c * SUM_CHUNK), [=](int64_t i) { return f(values[c * SUM_CHUNK + i]); });
    });
    double all = 0.0;
    for (double sum : sums) all += sum;
    return (float)all;
}

inline void weighted_sum(const WeightedSum& kernel) {
    for (int k = 0; k < kernel.arrays; k++)
        if (kernel.sizes[k] > 1) kernel.scratch[k] = sum_all(kernel.values[k], kernel.sizes[k], kernel.summand(k));
    if (kernel.live) kernel.scratch[MAX_SUMMED] = sum_all(kernel.live, kernel.n_live, {Summand::value});
    kernel(0);
}

}  // namespace jnerf
