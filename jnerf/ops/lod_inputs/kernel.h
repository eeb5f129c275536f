// Rows (x, sum of features of levels 0 .. l), for some levels l, and their gradient.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

constexpr int MOST_LODS = 16;

struct LodInputs {
    const float *unit, *features;  // [S, 3], [L, S, F]
    int64_t n, width;              // S, F
    int levels;
    float* rows[MOST_LODS];        // [S, 3 + F]; null where a level's is not wanted
    JNERF_FN void operator()(int64_t i) const {
        for (int l = 0; l < levels; l++)
            for (int c = 0; c < 3; c++)
                if (rows[l]) rows[l][i * (3 + width) + c] = unit[3 * i + c];
        for (int64_t f = 0; f < width; f++) {
            float sum = 0.0f;
            for (int l = 0; l < levels; l++) {
                sum += features[(l * n + i) * width + f];
                if (rows[l]) rows[l][i * (3 + width) + 3 + f] = sum;
            }
        }
    }
};

struct LodInputsGrad {
    int64_t n, width;
    int levels;
    float *unit, *features;
    const float* rows[MOST_LODS];  // null: no gradient of that
    JNERF_FN void operator()(int64_t i) const {
        for (int c = 0; c < 3; c++) {
            float sum = 0.0f;
            for (int l = 0; l < levels; l++) sum += rows[l] ? rows[l][i * (3 + width) + c] : 0.0f;
            unit[3 * i + c] = sum;
        }
        for (int64_t f = 0; f < width; f++) {
            float sum = 0.0f;
            for (int l = levels - 1; l >= 0; l--) {
                sum += rows[l] ? rows[l][i * (3 + width) + 3 + f] : 0.0f;
                features[(l * n + i) * width + f] = sum;
            }
        }
    }
};

template <class Kernel> inline void lod_each(int64_t n, const Kernel& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
