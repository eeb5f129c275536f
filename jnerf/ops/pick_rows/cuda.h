#pragma once
#include "pick_rows/kernel.h"

namespace jnerf {

struct AddRows {
    const float* values;
    const int* rows;
    int64_t width;
    float* sums;
    __device__ void operator()(int64_t i) const { atomicAdd(sums + rows[i / width] * width + i % width, values[i]); }
};

inline void add_rows(int64_t n, const float* values, const int* rows, int64_t width, int64_t n_rows, float* sums) {
    cudaMemsetAsync(sums, 0, sizeof(float) * n_rows * width);
    parallel_for(n * width, AddRows{values, rows, width, sums});
}

}  // namespace jnerf
