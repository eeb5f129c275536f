// Row rows[k] of an array for every k; `add_rows` of cpu.h and cuda.h is its gradient, and the other way round.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

template <class T> struct PickRows {
    const T* array;     // [V, width]
    const int* rows;    // [K]
    T* out;             // [K, width]
    int64_t width;
    JNERF_FN void operator()(int64_t i) const { out[i] = array[rows[i / width] * width + i % width]; }
};

// n numbers in all.
template <class T> inline void pick_rows(int64_t n, const T* array, const int* rows, int64_t width, T* out) {
    parallel_for(n, PickRows<T>{array, rows, out, width});
}

}  // namespace jnerf
