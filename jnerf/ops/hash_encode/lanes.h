// Rows and weights of one vector's worth of samples on one level: HashCorners for a batch.
#pragma once
#include <cstring>
#ifdef __AVX512F__
#include <immintrin.h>
#endif
#include "hash_encode/kernel.h"

namespace jnerf {

#if defined(__AVX512F__)
constexpr int HASH_LANES = 16;
#elif defined(__AVX2__)
constexpr int HASH_LANES = 8;
#else
constexpr int HASH_LANES = 4;
#endif

typedef float LaneFloat __attribute__((vector_size(HASH_LANES * 4)));
typedef int32_t LaneInt __attribute__((vector_size(HASH_LANES * 4)));
typedef uint32_t LaneUint __attribute__((vector_size(HASH_LANES * 4)));

inline bool any_lane(LaneInt v) {
#ifdef __AVX512F__
    return _mm512_test_epi32_mask((__m512i)v, (__m512i)v) != 0;
#else
    int32_t any = 0;
    for (int k = 0; k < HASH_LANES; k++) any |= v[k];
    return any != 0;
#endif
}

// Coordinate `d` of positions [HASH_LANES, D].
template <int D> inline __attribute__((always_inline)) LaneFloat lane_axis(const float* positions, int d) {
#ifdef __AVX512F__
    LaneFloat part[D];
    for (int p = 0; p < D; p++) memcpy(&part[p], positions + p * HASH_LANES, sizeof part[p]);  // GCC would copy all at once in halves
    const LaneInt lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, at = lane * D + d;
    const LaneFloat two = __builtin_shuffle(part[0], part[1], at & 31);
    if (D == 2) return two;
    const int here = (2 * HASH_LANES - d + D - 1) / D;  // so many lanes lie in the first two parts
    return __builtin_shuffle(two, part[D - 1], lane < here ? lane : at - HASH_LANES);
#else
    LaneFloat v;
    for (int k = 0; k < HASH_LANES; k++) v[k] = positions[D * k + d];
    return v;
#endif
}

// Adds v[d] to coordinate `d` of the first `count` rows of [.., D]: lane_axis backwards.
template <int D> inline __attribute__((always_inline)) void add_to_rows(float* rows, const LaneFloat* v, int count) {
#ifdef __AVX512F__
    if (count == HASH_LANES) {
        const LaneInt lane = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
        #pragma GCC unroll 8
        for (int p = 0; p < D; p++) {
            const LaneInt at = lane + p * HASH_LANES, row = at / D, axis = at - row * D;
            LaneFloat add = __builtin_shuffle(v[0], v[1], axis == 1 ? row + HASH_LANES : row), part;
            if (D == 3) add = __builtin_shuffle(add, v[D - 1], axis == 2 ? row + HASH_LANES : lane);
            memcpy(&part, rows + p * HASH_LANES, sizeof part);
            part += add;
            memcpy(rows + p * HASH_LANES, &part, sizeof part);
        }
        return;
    }
#endif
    for (int d = 0; d < D; d++)
        for (int k = 0; k < count; k++) rows[D * k + d] += v[d][k];
}

// Where a vector's worth of samples lies in their cells.
template <int D> struct LaneAxes {
    LaneFloat high[D], low[D], slope[D];  // weights of the upper and lower vertex, derivative of the upper one's by x
    LaneInt cell[D];

    // positions: [HASH_LANES, D]
    inline __attribute__((always_inline)) LaneAxes(const HashLevel& level, const float* positions, bool smoothstep) {
        #pragma GCC unroll 8
        for (int d = 0; d < D; d++) {
            LaneFloat v = lane_axis<D>(positions, d);
            const LaneInt flat = (v < level.least) | (v > level.most);
            v = v < level.least ? LaneFloat{} + level.least : v;
            v = v > level.most ? LaneFloat{} + level.most : v;
            const LaneFloat p = v * level.scale + level.shift;
            cell[d] = __builtin_convertvector(p, LaneInt);  // p is not below 0, but for rounding: truncation is floor
            const LaneFloat t = p - __builtin_convertvector(cell[d], LaneFloat);
            high[d] = smoothstep ? t * t * (3.0f - 2.0f * t) : t;
            slope[d] = smoothstep ? 6.0f * level.scale * t * (1.0f - t) : LaneFloat{} + level.scale;
            if (level.shift < 0.0f) slope[d] = flat ? LaneFloat{} : slope[d];
            low[d] = 1.0f - high[d];
        }
    }
};

// Corners come in pairs that differ in x only: pair c has the rows 2 c and 2 c + 1, and `weight[c]` is the weight of
// its (y, z). `upper` is the weight of the upper vertex along x, 1 - upper that of the lower one.
template <int D> struct HashLanes {
    static constexpr int kDims = D, kPairs = 1 << (D - 1);
    static constexpr bool kTurned = false;
    alignas(64) uint32_t row[2 * kPairs][HASH_LANES];
    alignas(64) float weight[kPairs][HASH_LANES];
    alignas(64) float upper[HASH_LANES];
    bool adjacent;  // the rows of every pair are neighbours in memory; row[2 c + 1] is not set then

    // positions: [HASH_LANES, D]; `row` becomes the row within the level.
    inline __attribute__((always_inline)) void compute(const HashLevel& level, const float* positions, const float*, bool smoothstep) {
        place(level, LaneAxes<D>(level, positions, smoothstep));
    }

    inline __attribute__((always_inline)) void place(const HashLevel& level, const LaneAxes<D>& axes) {
        memcpy(upper, &axes.high[0], sizeof upper);
        #pragma GCC unroll 8
        for (int c = 0; c < kPairs; c++) {
            LaneFloat w = c & 1 ? axes.high[1] : axes.low[1];
            if (D == 3) w *= c & 2 ? axes.high[D - 1] : axes.low[D - 1];
            memcpy(weight[c], &w, sizeof w);
        }
        if (level.dense) dense_rows(level, axes.cell);
        else hashed_rows(level, axes.cell);
    }

    inline __attribute__((always_inline)) void hashed_rows(const HashLevel& level, const LaneInt* cell) {
        const uint32_t primes[3] = {1u, 2654435761u, 805459861u};
        LaneUint part[D][2];
        #pragma GCC unroll 8
        for (int d = 0; d < D; d++) {
            part[d][0] = (LaneUint)cell[d] * primes[d];
            part[d][1] = part[d][0] + primes[d];
            if (level.mask) part[d][0] &= level.mask, part[d][1] &= level.mask;
        }
        adjacent = false;
        #pragma GCC unroll 8
        for (int c = 0; c < 2 * kPairs; c++) {
            LaneUint index = part[0][c & 1] ^ part[1][c >> 1 & 1];
            if (D == 3) index ^= part[D - 1][c >> 2];
            memcpy(row[c], &index, sizeof index);
        }
        if (!level.mask) divide(level.rows);
    }

    __attribute__((noinline)) void divide(uint32_t rows) {
        for (int c = 0; c < 2 * kPairs; c++)
            for (int k = 0; k < HASH_LANES; k++) row[c][k] %= rows;
    }

    inline __attribute__((always_inline)) void dense_rows(const HashLevel& level, const LaneInt* cell) {
        LaneUint first[kPairs];
        LaneInt last = {};
        #pragma GCC unroll 8
        for (int c = 0; c < kPairs; c++) {
            LaneUint index = (LaneUint)cell[0] + ((LaneUint)cell[1] + (c & 1)) * level.resolution;
            if (D == 3) index += ((LaneUint)cell[D - 1] + (c >> 1)) * (level.resolution * level.resolution);
            first[c] = wrap(level, index);
            last |= first[c] == level.rows - 1;
            memcpy(row[2 * c], &first[c], sizeof first[c]);
        }
        adjacent = !any_lane(last);
        if (adjacent) return;
        #pragma GCC unroll 8
        for (int c = 0; c < kPairs; c++) {
            const LaneUint next = wrap(level, first[c] + 1);
            memcpy(row[2 * c + 1], &next, sizeof next);
        }
    }

    // Positions are in [0, 1]: at most one vertex too far. NaN ends anywhere, but inside.
    static inline LaneUint wrap(const HashLevel& level, LaneUint index) {
        index = index >= level.rows ? index - level.rows : index;
        return index >= level.rows ? LaneUint{} : index;
    }
};

// Its weights' derivatives along directions [HASH_LANES, D] beside: those of a pair's vertices are
// (1 - upper) along - across weight, and upper along + across weight.
template <int D> struct HashTurnedLanes : HashLanes<D> {
    static constexpr bool kTurned = true;
    alignas(64) float along[HashLanes<D>::kPairs][HASH_LANES];
    alignas(64) float across[HASH_LANES];

    inline __attribute__((always_inline)) void compute(const HashLevel& level, const float* positions, const float* directions, bool smoothstep) {
        const LaneAxes<D> axes(level, positions, smoothstep);
        this->place(level, axes);
        LaneFloat turn[D];
        for (int d = 0; d < D; d++) turn[d] = lane_axis<D>(directions, d) * axes.slope[d];
        memcpy(across, &turn[0], sizeof across);
        #pragma GCC unroll 8
        for (int c = 0; c < this->kPairs; c++) {
            LaneFloat w = c & 1 ? turn[1] : -turn[1];
            if (D == 3) {
                const LaneFloat z = c & 2 ? turn[D - 1] : -turn[D - 1];
                w = w * (c & 2 ? axes.high[D - 1] : axes.low[D - 1]) + z * (c & 1 ? axes.high[1] : axes.low[1]);
            }
            memcpy(along[c], &w, sizeof w);
        }
    }
};

}  // namespace jnerf
