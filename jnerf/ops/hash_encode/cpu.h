// Hash grid on the CPU.
// Output and its gradient are level-major, [L, S, F]: one level at a time is what the cache can hold. Samples are taken sixteen at a time: rows and weights of all corners are computed by vector
// arithmetic, the lookups themselves by plain loads (cheaper than gathers, and two features are one load).
// The scatter is owned: a thread has one level (or one slice of its table) to itself and adds in sample order,
// so that the sum has the same bits for any number of threads. Consecutive samples of a ray mostly share their
// cell on coarse levels; their gradients are summed in registers and written once.
#pragma once
#include <cstring>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include "hash_encode/kernel.h"

namespace jnerf {

constexpr int HASH_LANES = 16;
constexpr int HASH_BLOCK = 512;

// The features of one row as one register. Two features travel as the low half of an SSE register: GCC moves 8-byte
// vectors through integer registers, at several times the cost.
template <int F> struct Features { typedef float type __attribute__((vector_size(F * 4))); };
template <> struct Features<1> { typedef float type; };
#ifdef __SSE2__
template <> struct Features<2> { typedef float type __attribute__((vector_size(16))); };
#endif

template <int F> inline typename Features<F>::type load_features(const float* p) {
#ifdef __SSE2__
    if constexpr (F == 2) return _mm_castpd_ps(_mm_load_sd((const double*)p));
#endif
    typename Features<F>::type v;
    memcpy(&v, p, F * sizeof(float));
    return v;
}

template <int F> inline void store_features(float* p, typename Features<F>::type v) {
#ifdef __SSE2__
    if constexpr (F == 2) { _mm_store_sd((double*)p, _mm_castps_pd(v)); return; }
#endif
    memcpy(p, &v, F * sizeof(float));
}

typedef float LaneFloat __attribute__((vector_size(HASH_LANES * 4)));
typedef int32_t LaneInt __attribute__((vector_size(HASH_LANES * 4)));
typedef uint32_t LaneUint __attribute__((vector_size(HASH_LANES * 4)));

// Rows and weights of HASH_LANES samples on one level; `same[k]` says that sample k lies in the cell of sample k - 1.
// The arithmetic of HashCorners on vectors; the compiler splits them where the machine's are shorter.
template <int D> struct HashLanes {
    alignas(64) uint32_t row[1 << D][HASH_LANES];
    alignas(64) float weight[1 << D][HASH_LANES];
    alignas(64) int32_t same[HASH_LANES];
    int32_t last_cell[D];

    // x: D planes, `stride` apart. `first`: there is no sample before these.
    inline __attribute__((always_inline)) void compute(const HashLevel& level, const float* x, int64_t stride, bool smoothstep, bool first) {
        LaneFloat upper[D], lower[D];
        LaneInt cell[D], equal = LaneInt{} - 1;
        const LaneInt before = {0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
        for (int d = 0; d < D; d++) {
            LaneFloat v;
            memcpy(&v, x + d * stride, sizeof v);
            v = v < 0.0f ? LaneFloat{} : v;
            v = v > 1.0f ? LaneFloat{} + 1.0f : v;
            const LaneFloat p = v * level.scale + 0.5f;
            cell[d] = __builtin_convertvector(p, LaneInt);  // p > 0: truncation is floor
            upper[d] = p - __builtin_convertvector(cell[d], LaneFloat);
            if (smoothstep) upper[d] = upper[d] * upper[d] * (3.0f - 2.0f * upper[d]);
            lower[d] = 1.0f - upper[d];
            LaneInt previous = __builtin_shuffle(cell[d], before);
            previous[0] = last_cell[d];
            last_cell[d] = cell[d][HASH_LANES - 1];
            equal &= previous == cell[d];
        }
        if (first) equal[0] = 0;
        memcpy(same, &equal, sizeof equal);
        const uint32_t primes[3] = {1u, 2654435761u, 805459861u};
        LaneUint part[D][2];
        uint32_t stride_d = 1;
        for (int d = 0; d < D; d++) {
            const uint32_t factor = level.dense ? stride_d : primes[d];
            part[d][0] = (LaneUint)cell[d] * factor;
            part[d][1] = part[d][0] + factor;
            stride_d *= level.resolution;
        }
        for (int c = 0; c < (1 << D); c++) {
            LaneFloat w = c & 1 ? upper[0] : lower[0];
            LaneUint index = part[0][c & 1];
            for (int d = 1; d < D; d++) {
                w *= (c >> d) & 1 ? upper[d] : lower[d];
                const LaneUint next = part[d][(c >> d) & 1];
                index = level.dense ? index + next : index ^ next;
            }
            if (level.mask) {
                index &= level.mask;
            } else if (level.dense) {  // positions are in [0, 1]: at most one vertex too far
                index = index >= level.rows ? index - level.rows : index;
                index = index >= level.rows ? LaneUint{} : index;
            } else {
                for (int k = 0; k < HASH_LANES; k++) index[k] = wrap_row(level, index[k]);
            }
            memcpy(row[c], &index, sizeof index);
            memcpy(weight[c], &w, sizeof w);
        }
    }
};

// [n, D] row-major -> D planes of HASH_BLOCK; rows past n repeat the last one.
template <int D> inline void to_planes(const float* positions, int n, float* planes) {
    const int padded = (n + HASH_LANES - 1) / HASH_LANES * HASH_LANES;
    for (int i = 0; i < padded; i++)
        for (int d = 0; d < D; d++) planes[d * HASH_BLOCK + i] = positions[(int64_t)D * std::min(i, n - 1) + d];
}

template <int D, int F> inline void hash_block_forward(const HashGrid& grid, const HashLevel& level, int64_t begin, int n, float* out) {
    alignas(64) float planes[D * HASH_BLOCK];
    to_planes<D>(grid.positions + D * begin, n, planes);
    const float* table = grid.table + (int64_t)level.offset * F;
    HashLanes<D> lanes;
    for (int i = 0; i < n; i += HASH_LANES) {
        lanes.compute(level, planes + i, HASH_BLOCK, grid.smoothstep, i == 0);
        const int count = std::min(HASH_LANES, n - i);
        for (int k = 0; k < count; k++) {
            typename Features<F>::type sum = lanes.weight[0][k] * load_features<F>(table + (int64_t)lanes.row[0][k] * F);
            for (int c = 1; c < (1 << D); c++)
                sum += lanes.weight[c][k] * load_features<F>(table + (int64_t)lanes.row[c][k] * F);
            store_features<F>(out + (begin + i + k) * F, sum);
        }
    }
}

// Blocks are handed out level by level, so that all threads share one level's table in the cache.
template <int D, int F> inline void hash_encode_forward(HashGrid grid, float* out) {
    const int64_t n = grid.n_samples, n_blocks = (n + HASH_BLOCK - 1) / HASH_BLOCK;
    #pragma omp parallel if (n_blocks > 1)
    {
        FlushSubnormals flush;
        #pragma omp for schedule(dynamic, 8)
        for (int64_t job = 0; job < grid.n_levels * n_blocks; job++) {
            const int l = (int)(job / n_blocks);
            const int64_t begin = job % n_blocks * HASH_BLOCK;
            hash_block_forward<D, F>(grid, hash_level(grid.meta, grid.scales, l), begin, (int)std::min<int64_t>(HASH_BLOCK, n - begin), out + l * n * F);
        }
    }
}

// Adds the gradients of one run of samples in the same cell to the rows of [first, last).
template <int D, int F> inline void hash_flush(typename Features<F>::type* sums, const uint32_t* rows, uint32_t first, uint32_t last, float* table) {
    for (int c = 0; c < (1 << D); c++) {
        if (rows[c] < first || rows[c] >= last) continue;
        float* p = table + (int64_t)rows[c] * F;
        store_features<F>(p, load_features<F>(p) + sums[c]);
    }
}

// Scatter of one level into the rows [first, last) of its table.
template <int D, int F> inline void hash_level_scatter(const HashGrid& grid, int l, uint32_t first, uint32_t last, const float* grad_out, float* grad_table) {
    typedef typename Features<F>::type Feature;
    const HashLevel level = hash_level(grid.meta, grid.scales, l);
    float* table = grad_table + (int64_t)level.offset * F;
    memset(table + (int64_t)first * F, 0, (int64_t)(last - first) * F * sizeof(float));
    const float* grad_level = grad_out + l * grid.n_samples * F;
    alignas(64) float planes[D * HASH_BLOCK];
    HashLanes<D> lanes;
    Feature sums[1 << D] = {};
    uint32_t rows[1 << D] = {};
    bool pending = false;
    for (int64_t begin = 0; begin < grid.n_samples; begin += HASH_BLOCK) {
        const int n = (int)std::min<int64_t>(HASH_BLOCK, grid.n_samples - begin);
        to_planes<D>(grid.positions + D * begin, n, planes);
        for (int i = 0; i < n; i += HASH_LANES) {
            lanes.compute(level, planes + i, HASH_BLOCK, grid.smoothstep, begin + i == 0);
            const int count = std::min(HASH_LANES, n - i);
            for (int k = 0; k < count; k++) {
                const Feature g = load_features<F>(grad_level + (begin + i + k) * F);
                if (!lanes.same[k]) {
                    if (pending) hash_flush<D, F>(sums, rows, first, last, table);
                    for (int c = 0; c < (1 << D); c++) { rows[c] = lanes.row[c][k]; sums[c] = lanes.weight[c][k] * g; }
                    pending = true;
                } else {
                    for (int c = 0; c < (1 << D); c++) sums[c] += lanes.weight[c][k] * g;
                }
            }
        }
    }
    if (pending) hash_flush<D, F>(sums, rows, first, last, table);
}

template <int D, int F> inline void hash_encode_table_grad(HashGrid grid, const float* grad_out, float* grad_table, int64_t) {
    const int slices = std::max(1, (omp_get_max_threads() + 7) / 8);
    #pragma omp parallel
    {
        FlushSubnormals flush;
        #pragma omp for schedule(dynamic, 1)
        for (int job = grid.n_levels * slices - 1; job >= 0; job--) {
            const int l = job / slices, s = job % slices;
            const uint64_t rows = hash_level(grid.meta, grid.scales, l).rows;
            hash_level_scatter<D, F>(grid, l, (uint32_t)(rows * s / slices), (uint32_t)(rows * (s + 1) / slices), grad_out, grad_table);
        }
    }
}

}  // namespace jnerf
