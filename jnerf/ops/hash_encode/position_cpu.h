// The gradient to the positions on the CPU: for each corner the product of its row with the features' gradient, by plain
// loads; then, by vector arithmetic, the derivatives of the interpolation between these eight numbers.
#pragma once
#include "hash_encode/batches_cpu.h"

namespace jnerf {

// A batch with what the derivatives need of its axes.
template <int D> struct HashSlopeLanes : HashLanes<D> {
    alignas(64) float high[D][HASH_LANES], slope[D][HASH_LANES];

    inline __attribute__((always_inline)) void compute(const HashLevel& level, const float* positions, const float*, bool smoothstep) {
        const LaneAxes<D> axes(level, positions, smoothstep);
        this->place(level, axes);
        for (int d = 0; d < D; d++) memcpy(high[d], &axes.high[d], sizeof high[d]), memcpy(slope[d], &axes.slope[d], sizeof slope[d]);
    }

    // Adds the derivatives of `corners`, in the order of `row`, to the first `count` rows of grad [.., D].
    inline __attribute__((always_inline)) void add_slopes(const float (*corners)[HASH_LANES], int count, float* grad) const {
        LaneFloat by_x = {}, at[HashLanes<D>::kPairs], sums[D];
        const auto lane = [](const float* p) { LaneFloat v; memcpy(&v, p, sizeof v); return v; };
        #pragma GCC unroll 8
        for (int c = 0; c < this->kPairs; c++) {
            const LaneFloat low = lane(corners[2 * c]), rise = lane(corners[2 * c + 1]) - low;
            by_x += rise * lane(this->weight[c]);
            at[c] = low + rise * lane(this->upper);
        }
        sums[0] = by_x * lane(slope[0]);
        if (D == 2) sums[1] = (at[1] - at[0]) * lane(slope[1]);
        else {
            const LaneFloat y = lane(high[1]), z = lane(high[D - 1]);
            const LaneFloat by_y = at[1] - at[0], by_z = at[2 % this->kPairs] - at[0], both = at[3 % this->kPairs] - at[2 % this->kPairs] - by_y;
            sums[1] = (by_y + z * both) * lane(slope[1]);
            sums[D - 1] = (by_z + y * both) * lane(slope[D - 1]);
        }
        add_to_rows<D>(grad, sums, count);
    }
};

template <int D, int F, bool ADJACENT, bool FETCH, class Stored> inline void hash_dots(const HashSlopeLanes<D>& lanes, const HashSlopeLanes<D>& next, int count, const Stored* table, const float* grad_out, float* grad) {
    alignas(64) float corners[1 << D][HASH_LANES] = {};
    for (int k = 0; k < count; k++) {
        if (FETCH)
            for (int c = 0; c < lanes.kPairs; c++) __builtin_prefetch(table + (int64_t)next.row[2 * c][k] * F);
        const auto value = load_features<F>(grad_out + k * F);
        #pragma GCC unroll 4
        for (int c = 0; c < lanes.kPairs; c++)
            load_pair<HashLanes<D>, F, ADJACENT>(lanes, c, k, table).dot(value, &corners[2 * c][k], &corners[2 * c + 1][k]);
    }
    lanes.add_slopes(corners, count, grad);
}

template <int D, int F, bool FETCH, class Stored> inline void hash_block_slopes(const HashGridOf<Stored>& grid, const HashLevel& level, int64_t begin, int64_t end, const float* grad_out, float* grad) {
    const Stored* table = grid.table + (int64_t)level.offset * F;
    HashSlopeLanes<D> lanes[2];
    int now = 0;
    next_lanes(grid, level, begin, lanes[0]);
    for (int64_t i = begin; i < end; i += HASH_LANES, now ^= 1) {
        const int count = (int)std::min<int64_t>(HASH_LANES, end - i);
        const bool more = i + HASH_LANES < end;
        if (more) next_lanes(grid, level, i + HASH_LANES, lanes[now ^ 1]);
        const HashSlopeLanes<D>&current = lanes[now], &next = lanes[more ? now ^ 1 : now];
        if (current.adjacent) hash_dots<D, F, true, FETCH>(current, next, count, table, grad_out + i * F, grad + i * D);
        else hash_dots<D, F, false, FETCH>(current, next, count, table, grad_out + i * F, grad + i * D);
    }
}

// d loss / d position [S, D], given that of the features, [L, S, F]. Level by level, so that all threads share a
// table; a block of samples has the same thread on every level, which adds in their order.
template <int D, int F, class Stored> inline void hash_encode_position_grad(HashGridOf<Stored> grid, const float* grad_out, float* grad_positions) {
    const int64_t n = grid.n_samples, n_blocks = (n + HASH_BLOCK - 1) / HASH_BLOCK;
    in_team(n_blocks > 1, [&] {
        for (int l = 0; l < grid.n_levels; l++) {
            const HashLevel level = hash_level(grid.meta, grid.scales, l);
            const float* grad_level = grad_out + l * n * F;
            // static: the same blocks for a thread each time, so none has to wait for the others
            #pragma omp for schedule(static) nowait
            for (int64_t block = 0; block < n_blocks; block++) {
                const int64_t begin = block * HASH_BLOCK, end = std::min(n, begin + HASH_BLOCK);
                if (l == 0) std::fill(grad_positions + begin * D, grad_positions + end * D, 0.0f);
                if (hash_fetched<F, Stored>(level)) hash_block_slopes<D, F, true>(grid, level, begin, end, grad_level, grad_positions);
                else hash_block_slopes<D, F, false>(grid, level, begin, end, grad_level, grad_positions);
            }
        }
    });
}

}  // namespace jnerf
