// Some columns of an array, copied to some of another.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct Columns {
    const float* from;  // [S, from_width]; null: zeros
    int64_t from_width, from_first;
    float* to;          // [S, to_width]
    int64_t to_width, to_first, count;
    JNERF_FN void row(int64_t i) const {
        const float* source = from ? from + i * from_width + from_first : nullptr;
        float* out = to + i * to_width + to_first;
        for (int64_t c = 0; c < count; c++) out[c] = source ? source[c] : 0.0f;
    }
    JNERF_FN void number(int64_t i) const {
        const int64_t at = i / count, c = i % count;
        to[at * to_width + to_first + c] = from ? from[at * from_width + from_first + c] : 0.0f;
    }
};

}  // namespace jnerf
