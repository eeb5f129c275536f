// Samples by the vector's worth, and their pairs of rows.
#pragma once
#include "hash_encode/features.h"
#include "hash_encode/lanes.h"

namespace jnerf {

constexpr int HASH_BLOCK = 512;
constexpr int64_t HASH_FETCH_BYTES = 1 << 19;  // a level up to here stays in the second cache and need not be fetched

template <int F, class Stored = float> inline bool hash_fetched(const HashLevel& level) { return level.rows * (int64_t)(F * sizeof(Stored)) > HASH_FETCH_BYTES; }

// Rows `i` and the following of [n, D]; those behind the last one are copies of it, in `tail`.
template <int D> inline __attribute__((always_inline)) const float* next_rows(const float* rows, int64_t i, int64_t n, float* tail) {
    if (n - i >= HASH_LANES) return rows + D * i;
    for (int k = 0; k < HASH_LANES; k++)
        for (int d = 0; d < D; d++) tail[D * k + d] = rows[D * std::min<int64_t>(i + k, n - 1) + d];
    return tail;
}

// The samples from `i` on; the last ones of n repeat where fewer are left.
template <class Lanes, class Stored> inline __attribute__((always_inline)) void next_lanes(const HashGridOf<Stored>& grid, const HashLevel& level, int64_t i, Lanes& lanes) {
    constexpr int D = Lanes::kDims;
    float positions[D * HASH_LANES], directions[D * HASH_LANES];
    const float* x = next_rows<D>(grid.positions, i, grid.n_samples, positions);
    lanes.compute(level, x, Lanes::kTurned ? next_rows<D>(grid.directions, i, grid.n_samples, directions) : nullptr, grid.smoothstep);
}

// While a batch is summed, the rows of the one HASH_AHEAD batches later are fetched: a line that main memory has takes as
// long as a fast core takes for more than one batch.
constexpr int HASH_AHEAD = 2;

// Samples `begin` to `end` batch by batch; the first batch has `count` of them.
template <class Lanes, class Stored> class HashBatches {
public:
    inline __attribute__((always_inline)) HashBatches(const HashGridOf<Stored>& grid, const HashLevel& level, int64_t begin, int64_t count, int64_t end)
        : grid_(grid), level_(level), next_(begin), end_(end) {
        prepare(count);
        for (int k = 1; k < HASH_AHEAD; k++) prepare(HASH_LANES);
    }
    // The batch to be summed, the first one first; `fetched` is then the one to be fetched.
    inline __attribute__((always_inline)) const Lanes& step() {
        prepare(HASH_LANES);
        now_ = after(now_);
        return lanes_[now_];
    }
    const Lanes& fetched() const { return lanes_[last_]; }

private:
    const HashGridOf<Stored>& grid_;
    const HashLevel& level_;
    int64_t next_, end_;
    int now_ = HASH_AHEAD, last_ = HASH_AHEAD;
    Lanes lanes_[HASH_AHEAD + 1];

    static int after(int k) { return k == HASH_AHEAD ? 0 : k + 1; }
    inline __attribute__((always_inline)) void prepare(int64_t count) {
        if (next_ >= end_) return;
        last_ = after(last_);
        next_lanes(grid_, level_, next_, lanes_[last_]);
        next_ += count;
    }
};

// The rows of pair c of sample k; `table` is the level's.
template <class Lanes, int F, bool ADJACENT, class Stored> inline __attribute__((always_inline)) FeaturePair<F> load_pair(const Lanes& lanes, int c, int k, const Stored* table) {
    const Stored* low = table + (int64_t)lanes.row[2 * c][k] * F;
    const Stored* high = ADJACENT ? low : table + (int64_t)lanes.row[2 * c + 1][k] * F;
    return FeaturePair<F>::template load<ADJACENT>(low, high);
}

}  // namespace jnerf
