// Samples by the vector's worth, and their pairs of rows.
#pragma once
#include "hash_encode/features.h"
#include "hash_encode/lanes.h"

namespace jnerf {

constexpr int HASH_BLOCK = 512;
constexpr int64_t HASH_FETCH_BYTES = 1 << 19;  // a level up to here stays in the second cache and need not be fetched

template <int F> inline bool hash_fetched(const HashLevel& level) { return level.rows * (int64_t)(F * sizeof(float)) > HASH_FETCH_BYTES; }

// Rows `i` and the following of [n, D]; those behind the last one are copies of it, in `tail`.
template <int D> inline __attribute__((always_inline)) const float* next_rows(const float* rows, int64_t i, int64_t n, float* tail) {
    if (n - i >= HASH_LANES) return rows + D * i;
    for (int k = 0; k < HASH_LANES; k++)
        for (int d = 0; d < D; d++) tail[D * k + d] = rows[D * std::min<int64_t>(i + k, n - 1) + d];
    return tail;
}

// The samples from `i` on; the last ones of n repeat where fewer are left.
template <class Lanes> inline __attribute__((always_inline)) void next_lanes(const HashGrid& grid, const HashLevel& level, int64_t i, Lanes& lanes) {
    constexpr int D = Lanes::kDims;
    float positions[D * HASH_LANES], directions[D * HASH_LANES];
    const float* x = next_rows<D>(grid.positions, i, grid.n_samples, positions);
    lanes.compute(level, x, Lanes::kTurned ? next_rows<D>(grid.directions, i, grid.n_samples, directions) : nullptr, grid.smoothstep);
}

// The rows of pair c of sample k; `table` is the level's.
template <class Lanes, int F, bool ADJACENT> inline __attribute__((always_inline)) FeaturePair<F> load_pair(const Lanes& lanes, int c, int k, const float* table) {
    const float* low = table + (int64_t)lanes.row[2 * c][k] * F;
    const float* high = ADJACENT ? low : table + (int64_t)lanes.row[2 * c + 1][k] * F;
    return FeaturePair<F>::template load<ADJACENT>(low, high);
}

}  // namespace jnerf
