// Hash grid on the CPU.
// Output and its gradient are level-major, [L, S, F]: one level at a time is what the cache can hold. Samples are
// taken a vector's worth at a time: rows and weights by vector arithmetic (lanes.h), the lookups themselves by plain
// loads, which are cheaper than gathers. While one batch is summed, the rows of a later one are fetched.
#pragma once
#include "common/jnerf_stream.h"
#include "hash_encode/batches_cpu.h"
#include "hash_encode/position_cpu.h"

namespace jnerf {

// Lanes: HashLanes for features, HashTurnedLanes for their derivatives along directions.
// FETCH: while a sample is summed, the rows of one of `next` are on their way. A pair lies mostly in one cache line.
template <class Lanes, int F, bool ADJACENT, bool FETCH, class Stored> inline void hash_sum(const Lanes& lanes, const Lanes& next, int count, const Stored* table, float* out) {
    typedef FeaturePair<F> Pair;
    for (int k = 0; k < count; k++) {
        if (FETCH)
            for (int c = 0; c < lanes.kPairs; c++) __builtin_prefetch(table + (int64_t)next.row[2 * c][k] * F);
        Pair sum, turned;
        for (int c = 0; c < lanes.kPairs; c++) {
            const Pair pair = load_pair<Lanes, F, ADJACENT>(lanes, c, k, table);
            if (c == 0) sum = pair * lanes.weight[c][k];
            else sum.add(pair, lanes.weight[c][k]);
            if constexpr (Lanes::kTurned) {
                if (c == 0) turned = pair * lanes.along[c][k];
                else turned.add(pair, lanes.along[c][k]);
            }
        }
        if constexpr (Lanes::kTurned) store_features<F>(out + k * F, turned.mix(lanes.upper[k]) + lanes.across[k] * sum.rise());
        else store_features<F>(out + k * F, sum.mix(lanes.upper[k]));
    }
}

// Samples `begin` to `end` of a level. STREAM: past the caches, for which batches begin with a line of `out`.
template <class Lanes, int F, bool FETCH, bool STREAM, class Stored> inline void hash_block_forward(const HashGridOf<Stored>& grid, const HashLevel& level, int64_t begin, int64_t end, float* out) {
    const Stored* table = grid.table + (int64_t)level.offset * F;
    int count = HASH_LANES;
    if (STREAM && floats_to_line(out + begin * F)) count = (int)(floats_to_line(out + begin * F) / F);
    HashBatches<Lanes, Stored> batches(grid, level, begin, count, end);
    for (int64_t i = begin; i < end; i += count, count = HASH_LANES) {
        count = (int)std::min<int64_t>(count, end - i);
        const Lanes &current = batches.step(), &next = batches.fetched();
        alignas(STREAM_LINE) float batch[HASH_LANES * F];
        float* to = STREAM ? batch : out + i * F;
        if (current.adjacent) hash_sum<Lanes, F, true, FETCH>(current, next, count, table, to);
        else hash_sum<Lanes, F, false, FETCH>(current, next, count, table, to);
        if (STREAM && count == HASH_LANES) stream_lines(out + i * F, batch, HASH_LANES * F);
        else if (STREAM) memcpy(out + i * F, batch, count * F * sizeof(float));
    }
}

template <class Lanes, int F, bool STREAM, class Stored> inline void hash_encode_levels(const HashGridOf<Stored>& grid, float* out) {
    constexpr int64_t size = 4 * HASH_BLOCK;  // the first batches of a block have to wait for their rows
    const int64_t n = grid.n_samples, n_blocks = (n + size - 1) / size;
    // Tables that all together overflow the cache: the level that the last call ended with is still there.
    static thread_local bool downwards = false;
    const bool down = downwards = !downwards;
    in_team(n > HASH_BLOCK, [&] {
        #pragma omp for schedule(dynamic, 2)
        for (int64_t job = 0; job < grid.n_levels * n_blocks; job++) {
            const int turn = (int)(job / n_blocks), l = down ? grid.n_levels - 1 - turn : turn;
            const HashLevel level = hash_level(grid.meta, grid.scales, l);
            float* features = out + l * n * F;
            // So that no line belongs to two blocks, all but the first begin with one.
            const int64_t lead = STREAM ? floats_to_line(features) / F : 0;
            const auto start = [=](int64_t block) { return block ? std::min(n, lead + block * size) : 0; };
            const int64_t begin = start(job % n_blocks), end = job % n_blocks + 1 < n_blocks ? start(job % n_blocks + 1) : n;
            if (begin == end) continue;
            if (hash_fetched<F, Stored>(level)) hash_block_forward<Lanes, F, true, STREAM>(grid, level, begin, end, features);
            else hash_block_forward<Lanes, F, false, STREAM>(grid, level, begin, end, features);
        }
        if (STREAM) stream_done();
    });
}

// Blocks are handed out level by level, so that all threads share one level's table in the cache.
template <class Lanes, int F, class Stored> inline void hash_features(const HashGridOf<Stored>& grid, float* out) {
    constexpr bool whole_lines = HASH_LANES * F * sizeof(float) % STREAM_LINE == 0 && STREAM_LINE % (F * sizeof(float)) == 0;
    const bool large = grid.n_levels * grid.n_samples * F * (int64_t)sizeof(float) >= STREAM_BYTES;
    if (whole_lines && large) hash_encode_levels<Lanes, F, whole_lines>(grid, out);
    else hash_encode_levels<Lanes, F, false>(grid, out);
}

template <int D, int F, class Stored> inline void hash_encode_forward(HashGridOf<Stored> grid, float* out) { hash_features<HashLanes<D>, F>(grid, out); }

// The rows of a level's gradient that a thread owns: [first, last).
template <int F> struct HashSlice {
    float* table;
    uint32_t first, last;
    float other[F];  // takes what belongs to other threads

    float* row(uint32_t i) { return i >= first && i < last ? table + (int64_t)i * F : other; }
};

// WHOLE: the slice is the level.
template <class Lanes, int F, bool ADJACENT, bool WHOLE, bool FETCH> inline void hash_add(const Lanes& lanes, const Lanes& next, int count, const float* grad_out, HashSlice<F>& slice) {
    for (int k = 0; k < count; k++) {
        if (FETCH)
            for (int c = 0; c < lanes.kPairs; c++) __builtin_prefetch(slice.table + (int64_t)next.row[2 * c][k] * F, 1);
        typedef FeaturePair<F> Pair;
        const auto value = load_features<F>(grad_out + k * F);
        const Pair grad = Pair::split(value, lanes.upper[k]);
        Pair opposed;
        if constexpr (Lanes::kTurned) opposed = Pair::opposed(value * lanes.across[k]);
        #pragma GCC unroll 4
        for (int c = 0; c < lanes.kPairs; c++) {
            const uint32_t low = lanes.row[2 * c][k], high = ADJACENT ? low + 1 : lanes.row[2 * c + 1][k];
            float* a = WHOLE ? slice.table + (int64_t)low * F : slice.row(low);
            float* b = WHOLE ? slice.table + (int64_t)high * F : slice.row(high);
            if constexpr (Lanes::kTurned) {
                Pair share = opposed * lanes.weight[c][k];
                share.add(grad, lanes.along[c][k]);
                share.add_to(a, b);
            } else (grad * lanes.weight[c][k]).add_to(a, b);
        }
    }
}

template <class Lanes, int F, bool WHOLE, bool FETCH> inline void hash_scatter(const HashGrid& grid, const HashLevel& level, const float* grad_out, HashSlice<F> slice) {
    HashBatches<Lanes, float> batches(grid, level, 0, HASH_LANES, grid.n_samples);
    for (int64_t i = 0; i < grid.n_samples; i += HASH_LANES) {
        const int count = (int)std::min<int64_t>(HASH_LANES, grid.n_samples - i);
        const Lanes &current = batches.step(), &next = batches.fetched();
        if (current.adjacent) hash_add<Lanes, F, true, WHOLE, FETCH>(current, next, count, grad_out + i * F, slice);
        else hash_add<Lanes, F, false, WHOLE, FETCH>(current, next, count, grad_out + i * F, slice);
    }
}

// The scatter is owned: a thread has one level (or one slice of its table) to itself and adds in sample order, so that
// the sum has the same bits for any number of threads.
template <class Lanes, int F> inline void hash_table_grad(const HashGrid& grid, const float* grad_out, float* grad_table) {
    const int slices = std::max(1, (omp_get_max_threads() + 7) / 8);
    in_team(true, [&] {
        #pragma omp for schedule(dynamic, 1)
        for (int job = grid.n_levels * slices - 1; job >= 0; job--) {
            const int l = job / slices, s = job % slices;
            const HashLevel level = hash_level(grid.meta, grid.scales, l);
            const uint32_t first = (uint32_t)((uint64_t)level.rows * s / slices), last = (uint32_t)((uint64_t)level.rows * (s + 1) / slices);
            float* table = grad_table + (int64_t)level.offset * F;
            memset(table + (int64_t)first * F, 0, (int64_t)(last - first) * F * sizeof(float));
            const HashSlice<F> slice{table, first, last, {}};
            const float* grad_level = grad_out + l * grid.n_samples * F;
            if (slices > 1) hash_scatter<Lanes, F, false, false>(grid, level, grad_level, slice);
            else if (hash_fetched<F>(level)) hash_scatter<Lanes, F, true, true>(grid, level, grad_level, slice);
            else hash_scatter<Lanes, F, true, false>(grid, level, grad_level, slice);
        }
    });
}

template <int D, int F> inline void hash_encode_table_grad(HashGrid grid, const float* grad_out, float* grad_table, int64_t) {
    hash_table_grad<HashLanes<D>, F>(grid, grad_out, grad_table);
}

// A CPU has nothing to gain from sums in fp16.
template <int D, int F> inline void hash_encode_table_grad_half(HashGrid grid, const float* grad_out, float* grad_table, int64_t n_rows) {
    hash_encode_table_grad<D, F>(grid, grad_out, grad_table, n_rows);
}

}  // namespace jnerf
