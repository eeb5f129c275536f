// Squared differences of features between points and their neighbours along the axes.
#pragma once
#include "common/jnerf_common.h"
#include "photometric/sum.h"

namespace jnerf {

struct NeighbourPoints {
    float distance;
    uint32_t seed, step, draw;
    int64_t n;
    float* points;  // [4, n, 3]: the points, then their neighbours along x, y, z
    JNERF_FN void operator()(int64_t i) const {
        for (int axis = 0; axis < 3; axis++) {
            const float x = uniform(seed, step, (uint32_t)i, draw + axis) * (1.0f - distance);
            for (int k = 0; k < 4; k++) points[(k * n + i) * 3 + axis] = k == axis + 1 ? x + distance : x;
        }
    }
};

struct Neighbours {
    const float* features;  // [L, 4, m]
    int64_t m;
    JNERF_FN const float* first(int64_t i) const { return features + i / m * 4 * m + i % m; }
};

struct NeighbourValues {
    Neighbours at;
    float* values;  // [L, m]
    JNERF_FN void operator()(int64_t i) const {
        const float* x = at.first(i);
        float sum = 0.0f;
        for (int k = 1; k < 4; k++) sum += (x[k * at.m] - x[0]) * (x[k * at.m] - x[0]);
        values[i] = sum;
    }
};

struct NeighbourGrad {
    Neighbours at;
    const float* grad;  // [1]
    float weight;
    float* out;  // [L, 4, m]
    JNERF_FN void operator()(int64_t i) const {
        const float *x = at.first(i), factor = 2.0f * (*grad * weight);
        float* g = out + (x - at.features);
        float all = 0.0f;
        for (int k = 1; k < 4; k++) {
            const float slope = factor * (x[k * at.m] - x[0]);
            g[k * at.m] = slope;
            all += slope;
        }
        g[0] = -all;
    }
};

inline void neighbour_points(const NeighbourPoints& kernel) { parallel_for(kernel.n, kernel); }

inline void neighbour_variation(int64_t n, const NeighbourValues& kernel, float weight, float* sum) {
    parallel_for(n, kernel);
    sum_floats(n, kernel.values, sum, weight);
}

inline void neighbour_variation_backward(int64_t n, const NeighbourGrad& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
