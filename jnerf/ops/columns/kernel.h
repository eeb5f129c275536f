// Some columns of an array, copied to some of another.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct Columns {
    const float* from;  // [S, from_width]; null: zeros
    int64_t from_width, from_first;
    float* to;          // [S, to_width]
    int64_t to_width, to_first, count;
    JNERF_FN void operator()(int64_t i) const {
        const int64_t row = i / count, column = i % count;
        to[row * to_width + to_first + column] = from ? from[row * from_width + from_first + column] : 0.0f;
    }
};

inline void copy_columns(int64_t rows, const Columns& kernel) { parallel_for(rows * kernel.count, kernel); }

}  // namespace jnerf
