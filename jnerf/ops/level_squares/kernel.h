// Mean square of the features of each level of a hash grid's table: out[l] = sum over the level's rows of V^2 / their number.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

// The floats of one level. meta: int32 [L, 4] = (first row, rows, ..).
struct LevelFloats {
    int64_t first, count;
    JNERF_FN LevelFloats(const int* meta, int level, int n_features) : first((int64_t)meta[4 * level] * n_features), count((int64_t)meta[4 * level + 1] * n_features) {}
};

// One feature per call; `level` ascends with it.
struct LevelSquaresGrad {
    const float *table, *grad;  // grad [L]
    const int* meta;
    int n_levels, n_features;
    float* out;
    JNERF_FN void operator()(int64_t i) const {
        int level = 0;
        while (level + 1 < n_levels && i >= (int64_t)meta[4 * (level + 1)] * n_features) level++;
        out[i] = table[i] * (2.0f * grad[level] / LevelFloats(meta, level, n_features).count);
    }
};

// In place: how large features of a level are, the root of a mean square and something to keep it above 0.
struct LevelSizes {
    float least, *squares;
    JNERF_FN void operator()(int64_t level) const { squares[level] = sqrtf(squares[level] + least); }
};

}  // namespace jnerf
