// sum = sum_k w_k (all of array k), divided by the share of `live` where it is given; each array gets its weight back.
#pragma once
#include "common/jnerf_common.h"
#include "common/jnerf_sum.h"

namespace jnerf {

constexpr int MAX_SUMMED = 8;

struct WeightedSum {
    int arrays;
    const float* values[MAX_SUMMED];
    int64_t sizes[MAX_SUMMED];
    float weights[MAX_SUMMED];
    const float* live;  // [R]; null: all count
    int64_t n_live;
    float* parts;  // [MAX_SUMMED + 1]: sums of arrays longer than 1, and of `live`
    float* sum;    // [1]
    JNERF_FN float share() const { return live ? parts[MAX_SUMMED] / n_live : 1.0f; }
    JNERF_FN void operator()(int64_t) const {
        float all = 0.0f;
        for (int k = 0; k < arrays; k++) {
            const float term = (sizes[k] == 1 ? values[k][0] : sizes[k] == 0 ? 0.0f : parts[k]) * weights[k];
            all = k == 0 ? term : all + term;
        }
        *sum = live ? all / share() : all;
    }
};

inline void weighted_sum(const WeightedSum& kernel) {
    for (int k = 0; k < kernel.arrays; k++)
        if (kernel.sizes[k] > 1) sum_floats(kernel.sizes[k], kernel.values[k], kernel.parts + k);
    if (kernel.live) sum_floats(kernel.n_live, kernel.live, kernel.parts + MAX_SUMMED);
    parallel_for(1, kernel);
}

struct WeightedSumGrad {
    const float *grad, *parts;  // [1], and of the sum
    float weight;
    int64_t n_live;  // 0: all count
    float* out;
    JNERF_FN void operator()(int64_t i) const {
        const float g = *grad * weight;
        out[i] = n_live > 0 ? g / (parts[MAX_SUMMED] / n_live) : g;
    }
};

inline void weighted_sum_backward(int64_t n, const WeightedSumGrad& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
