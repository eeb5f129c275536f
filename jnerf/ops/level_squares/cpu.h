#pragma once
#include <vector>
#include "level_squares/kernel.h"

namespace jnerf {

constexpr int SQUARE_LANES = 16;

inline double sum_of_squares(const float* p, int64_t n) {
    float lanes[SQUARE_LANES] = {};
    int64_t i = 0;
    for (; i + SQUARE_LANES <= n; i += SQUARE_LANES)
        for (int l = 0; l < SQUARE_LANES; l++) lanes[l] += p[i + l] * p[i + l];
    for (; i < n; i++) lanes[0] += p[i] * p[i];
    double sum = 0;
    for (float lane : lanes) sum += lane;
    return sum;
}

// Chunks of a fixed size, added in their order: the same for any number of threads.
inline void level_squares(const float* table, const int* meta, int n_levels, int n_features, float* out) {
    constexpr int64_t kChunk = 4096;
    for (int l = 0; l < n_levels; l++) {
        const LevelFloats level(meta, l, n_features);
        const int64_t chunks = (level.count + kChunk - 1) / kChunk;
        std::vector<double> sums(chunks);
        share_out(chunks, chunks > 8, [&](int64_t c) {
            sums[c] = sum_of_squares(table + level.first + c * kChunk, std::min(kChunk, level.count - c * kChunk));
        });
        double total = 0;
        for (double sum : sums) total += sum;
        out[l] = (float)(total / level.count);
    }
}

inline void level_squares_backward(int64_t, const LevelSquaresGrad& in) {
    for (int l = 0; l < in.n_levels; l++) {
        const LevelFloats level(in.meta, l, in.n_features);
        const float by = 2.0f * in.grad[l] / level.count;
        const float* from = in.table + level.first;
        float* to = in.out + level.first;
        share_out(level.count, level.count > 65536, [=](int64_t i) { to[i] = from[i] * by; });
    }
}

}  // namespace jnerf
