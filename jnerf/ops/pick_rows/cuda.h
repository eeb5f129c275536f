// Number by number, so that neighbouring threads touch neighbouring numbers.
#pragma once
#include "pick_rows/kernel.h"

namespace jnerf {

template <class T> struct PickNumber : PickRows<T> {
    __device__ void operator()(int64_t i) const { this->number(i); }
};

template <class T> inline void pick_rows(int64_t n, const T* array, const int* rows, int64_t width, T* out) {
    parallel_for(n * width, PickNumber<T>{{array, rows, out, width}});
}

struct AddRows {
    const float* values;
    const int* rows;
    int64_t width;
    float* sums;
    __device__ void operator()(int64_t i) const { atomicAdd(sums + rows[i / width] * width + i % width, values[i]); }
};

inline void add_rows(int64_t n, const float* values, const int* rows, int64_t width, int64_t n_rows, float* sums) {
    clear_memory(sums, n_rows * width);
    parallel_for(n * width, AddRows{values, rows, width, sums});
}

}  // namespace jnerf
