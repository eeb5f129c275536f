#pragma once
#include "level_squares/kernel.h"

namespace jnerf {

constexpr int SQUARE_THREADS = 1 << 13;  // per level

struct LevelSquaresAdd {
    const float* table;
    const int* meta;
    int n_features;
    float* out;
    __device__ void operator()(int64_t job) const {
        const int l = (int)(job / SQUARE_THREADS);
        const LevelFloats level(meta, l, n_features);
        float sum = 0.0f;
        for (int64_t i = job % SQUARE_THREADS; i < level.count; i += SQUARE_THREADS) sum += table[level.first + i] * table[level.first + i];
        if (sum != 0.0f) atomicAdd(out + l, sum / level.count);
    }
};

inline void level_squares(const float* table, const int* meta, int n_levels, int n_features, float* out) {
    clear_memory(out, n_levels);
    parallel_for((int64_t)n_levels * SQUARE_THREADS, LevelSquaresAdd{table, meta, n_features, out});
}

inline void level_squares_backward(int64_t n, const LevelSquaresGrad& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
