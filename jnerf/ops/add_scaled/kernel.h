// out[r, c] = rows[r, c] factors[c] (+ add[r, c]).
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct AddScaled {
    const float *rows, *factors, *add;  // add: null for nothing
    int64_t channels;
    float* out;
    JNERF_FN void operator()(int64_t i) const { out[i] = fmaf(rows[i], factors[i % channels], add ? add[i] : 0.0f); }
};

}  // namespace jnerf
