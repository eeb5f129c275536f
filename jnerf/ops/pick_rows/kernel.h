// Row rows[k] of an array for every k; `add_rows` is its gradient, and the other way round.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

template <class T> struct PickRows {
    const T* array;     // [V, width]
    const int* rows;    // [K]
    T* out;             // [K, width]
    int64_t width;
    JNERF_FN void row(int64_t k) const {
        const T* from = array + rows[k] * width;
        for (int64_t c = 0; c < width; c++) out[k * width + c] = from[c];
    }
    JNERF_FN void number(int64_t i) const { out[i] = array[rows[i / width] * width + i % width]; }
};

}  // namespace jnerf
