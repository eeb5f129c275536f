// Squared differences of neighbouring vertices on the planes of one scale, 3 g rows of g vertices of F floats.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct PlaneRows {
    int64_t g, F;
    const float* table;  // of the scale

    JNERF_FN int64_t rows() const { return 3 * g; }
    JNERF_FN int64_t floats() const { return g * F; }
    JNERF_FN bool last(int64_t row) const { return row % g == g - 1; }
    JNERF_FN bool first(int64_t row) const { return row % g == 0; }
    // 2 / differences along an axis of one plane
    JNERF_FN float scale() const { return 2.0f / ((float)(g - 1) * g * F); }
};

}  // namespace jnerf
