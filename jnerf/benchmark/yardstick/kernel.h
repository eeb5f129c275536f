// Yardsticks: what C++ and CUDA share. Deliberately plain: the loops that anyone would write first.
#pragma once
#include <cstring>
#include "common/jnerf_common.h"

namespace jnerf {

// A multiresolution hash grid (layout as in ops/hash_encode) with two float features per row.
struct YardstickGrid {
    const float* positions;  // [n, 3]
    const float* scales;     // [levels]
    const int* meta;         // [levels, 4]: first row, rows, resolution, dense
    int64_t n;
    int levels;
};

struct YardstickLevel {
    float scale;
    uint32_t rows, resolution;
    bool dense;
};

// Row of a corner, relative to the level's first.
JNERF_FN uint32_t yardstick_row(const YardstickLevel& level, uint32_t x, uint32_t y, uint32_t z) {
    if (level.dense) {
        const uint32_t row = x + level.resolution * (y + level.resolution * z);
        return row < level.rows ? row : row - level.rows;
    }
    return (x ^ (y * 2654435761u) ^ (z * 805459861u)) & (level.rows - 1);
}

// One entry of dense Adam; the gradient is cleared for the next step.
JNERF_FN void yardstick_adam_entry(float& p, float& m, float& v, float& g, float rate) {
    m = 0.9f * m + 0.1f * g;
    v = 0.99f * v + 0.01f * g * g;
    p -= rate * m / (sqrtf(v) + 1e-15f);
    g = 0;
}

}  // namespace jnerf
