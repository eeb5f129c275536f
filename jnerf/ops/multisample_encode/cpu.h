// On the CPU a level at a time, by blocks of samples; of a vector's worth of samples one point after the other, so that rows
// and weights are those of hash_encode.
#pragma once
#include "hash_encode/cpu.h"
#include "multisample_encode/kernel.h"

namespace jnerf {

inline LaneFloat load_lanes(const float* p) {
    LaneFloat v;
    memcpy(&v, p, sizeof v);
    return v;
}

inline LaneFloat root_lanes(LaneFloat v) {
#ifdef __AVX512F__
    return (LaneFloat)_mm512_sqrt_ps((__m512)v);
#else
    for (int k = 0; k < HASH_LANES; k++) v[k] = sqrtf(v[k]);
    return v;
#endif
}

// 1 - exp(-u) for u in [0, MULTI_CLEAR], without cancellation near 0: with -u = n ln 2 + r and |r| <= ln 2 / 2 it is
// 1 - 2^n - 2^n (exp(r) - 1).
inline LaneFloat fallen_lanes(LaneFloat u) {
    const LaneInt n = __builtin_convertvector(u * -1.4426950408889634f - 0.5f, LaneInt);  // truncation rounds to nearest
    const LaneFloat whole = __builtin_convertvector(n, LaneFloat);
    const LaneFloat r = (-u - whole * 0.693359375f) + whole * 2.12194440e-4f;
    LaneFloat rise = 1.0f / 5040 * r + 1.0f / 720;
    rise = rise * r + 1.0f / 120;
    rise = rise * r + 1.0f / 24;
    rise = rise * r + 1.0f / 6;
    rise = rise * r + 0.5f;
    rise = rise * (r * r) + r;
    const LaneInt bits = (n + 127) << 23;
    LaneFloat power;
    memcpy(&power, &bits, sizeof power);
    return (1.0f - power) - power * rise;
}

// multisample_weight for a vector's worth of widths.
inline LaneFloat weight_lanes(LaneFloat widths, float cells) {
    const LaneFloat x = widths * cells;
    LaneFloat u = 0.15915494309189535f / (x * x);
    u = u < MULTI_CLEAR ? u : LaneFloat{} + MULTI_CLEAR;
    if (!any_lane(u < 18.0f)) return LaneFloat{} + 1.0f;  // exp(-18) is lost in 1
    return root_lanes(fallen_lanes(u));
}

// One point of a vector's worth of samples; those behind the last sample are copies of it.
template <class Lanes> struct MultiBatch {
    Lanes lanes;
    alignas(64) float weights[HASH_LANES];

    template <class Stored> inline __attribute__((always_inline)) void compute(const MultisampleOf<Stored>& in, const HashLevel& level, int64_t i, int point) {
        constexpr int D = Lanes::kDims;
        const int64_t n = in.grid.n_samples;
        float positions[D * HASH_LANES], tail[HASH_LANES];
        // the same point of the next samples: its turn comes when all points of these are done
        for (int p = 0; p < D; p++) __builtin_prefetch(in.grid.positions + (point * n + i + HASH_LANES) * D + p * HASH_LANES);
        __builtin_prefetch(in.widths + point * n + i + HASH_LANES);
        const float* x = next_rows<D>(in.grid.positions + point * n * D, i, n, positions);
        lanes.compute(level, x, nullptr, in.grid.smoothstep);
        const LaneFloat w = weight_lanes(load_lanes(next_rows<1>(in.widths + point * n, i, n, tail)), level.scale);
        memcpy(weights, &w, sizeof weights);
    }
};

// Walks over the points of samples `begin` to `end`, each batch with the one behind it: visit(batch, next, i, point, count).
template <class Lanes, class Stored, class Visit> inline void multisample_walk(const MultisampleOf<Stored>& in, const HashLevel& level, int64_t begin, int64_t end, const Visit& visit) {
    MultiBatch<Lanes> batches[2];
    int now = 0;
    if (begin < end) batches[0].compute(in, level, begin, 0);
    for (int64_t i = begin; i < end; i += HASH_LANES)
        for (int point = 0; point < in.n_points; point++, now ^= 1) {
            const bool last = point + 1 == in.n_points, more = !last || i + HASH_LANES < end;
            if (more) batches[now ^ 1].compute(in, level, last ? i + HASH_LANES : i, last ? 0 : point + 1);
            visit(batches[now], batches[more ? now ^ 1 : now].lanes, i, point, (int)std::min<int64_t>(HASH_LANES, end - i));
        }
}

// Adds the weighted features of a point of each sample to `sums`; see hash_sum.
template <class Lanes, int F, bool ADJACENT, bool FETCH, class Stored> inline void multisample_add(const MultiBatch<Lanes>& batch, const Lanes& next, int count, const Stored* table, float* sums) {
    for (int k = 0; k < count; k++) {
        if (FETCH)
            for (int c = 0; c < next.kPairs; c++) __builtin_prefetch(table + (int64_t)next.row[2 * c][k] * F);
        FeaturePair<F> sum = load_pair<Lanes, F, ADJACENT>(batch.lanes, 0, k, table) * batch.lanes.weight[0][k];
        #pragma GCC unroll 4
        for (int c = 1; c < next.kPairs; c++) sum.add(load_pair<Lanes, F, ADJACENT>(batch.lanes, c, k, table), batch.lanes.weight[c][k]);
        store_features<F>(sums + k * F, load_features<F>(sums + k * F) + sum.mix(batch.lanes.upper[k]) * batch.weights[k]);
    }
}

template <int F, bool FETCH, class Stored> inline void multisample_block(const MultisampleOf<Stored>& in, const HashLevel& level, int l, int64_t begin, int64_t end, float* out) {
    typedef HashLanes<3> Lanes;
    const Stored* table = in.grid.table + (int64_t)level.offset * F;
    const int64_t width = in.features(F);
    const float share = in.share();
    alignas(64) float sums[HASH_LANES * F];
    LaneFloat counts{};
    multisample_walk<Lanes>(in, level, begin, end, [&](const MultiBatch<Lanes>& batch, const Lanes& next, int64_t i, int point, int count) {
        if (point == 0) std::fill(sums, sums + HASH_LANES * F, 0.0f), counts = LaneFloat{};
        if (batch.lanes.adjacent) multisample_add<Lanes, F, true, FETCH>(batch, next, count, table, sums);
        else multisample_add<Lanes, F, false, FETCH>(batch, next, count, table, sums);
        counts += load_lanes(batch.weights);
        if (point + 1 < in.n_points) return;
        for (int k = 0; k < count; k++) {
            float* to = out + (i + k) * width;
            store_features<F>(to, load_features<F>(sums + k * F) * share);
            if (in.sizes) to[F] = in.size_feature(l, counts[k]);
        }
    });
}

template <int F, class Stored> inline void multisample_forward(const MultisampleOf<Stored>& in, float* out) {
    const HashGridOf<Stored>& grid = in.grid;
    const int64_t n = grid.n_samples, n_blocks = (n + HASH_BLOCK - 1) / HASH_BLOCK;
    in_team(n_blocks > 1, [&] {
        #pragma omp for schedule(dynamic, 2)
        for (int64_t job = 0; job < grid.n_levels * n_blocks; job++) {
            const int l = (int)(job / n_blocks);
            const HashLevel level = hash_level(grid.meta, grid.scales, l);
            const int64_t begin = job % n_blocks * HASH_BLOCK, end = std::min(n, begin + HASH_BLOCK);
            float* features = out + l * n * in.features(F);
            if (hash_fetched<F, Stored>(level)) multisample_block<F, true>(in, level, l, begin, end, features);
            else multisample_block<F, false>(in, level, l, begin, end, features);
        }
    });
}

// The features' gradient of `count` samples, as that of a point which counts by `weights`.
template <int F, class Stored> inline __attribute__((always_inline)) void weighted_gradient(const MultisampleOf<Stored>& in, const float* grad, const float* weights, int count, float* out) {
    const int64_t width = in.features(F);
    const float share = in.share();
    for (int k = 0; k < count; k++) store_features<F>(out + k * F, load_features<F>(grad + k * width) * (weights[k] * share));
}

template <int F, bool WHOLE, bool FETCH> inline void multisample_scatter(const Multisample& in, const HashLevel& level, const float* grad_out, HashSlice<F> slice) {
    typedef HashLanes<3> Lanes;
    alignas(64) float grad[HASH_LANES * F];
    multisample_walk<Lanes>(in, level, 0, in.grid.n_samples, [&](const MultiBatch<Lanes>& batch, const Lanes& next, int64_t i, int, int count) {
        weighted_gradient<F>(in, grad_out + i * in.features(F), batch.weights, count, grad);
        if (batch.lanes.adjacent) hash_add<Lanes, F, true, WHOLE, FETCH>(batch.lanes, next, count, grad, slice);
        else hash_add<Lanes, F, false, WHOLE, FETCH>(batch.lanes, next, count, grad, slice);
    });
}

// Owned as hash_table_grad's scatter is: a level, or a slice of its table, has one thread, which adds in the samples' order.
template <int F> inline void multisample_table_grad(const Multisample& in, const float* grad_out, float* grad_table, int64_t) {
    const int slices = std::max(1, (omp_get_max_threads() + 7) / 8), n_levels = in.grid.n_levels;
    in_team(true, [&] {
        #pragma omp for schedule(dynamic, 1)
        for (int job = n_levels * slices - 1; job >= 0; job--) {
            const int l = job / slices, s = job % slices;
            const HashLevel level = hash_level(in.grid.meta, in.grid.scales, l);
            const uint32_t first = (uint32_t)((uint64_t)level.rows * s / slices), last = (uint32_t)((uint64_t)level.rows * (s + 1) / slices);
            float* table = grad_table + (int64_t)level.offset * F;
            memset(table + (int64_t)first * F, 0, (int64_t)(last - first) * F * sizeof(float));
            const HashSlice<F> slice{table, first, last, {}};
            const float* grad_level = grad_out + l * in.grid.n_samples * in.features(F);
            if (slices > 1) multisample_scatter<F, false, false>(in, level, grad_level, slice);
            else if (hash_fetched<F>(level)) multisample_scatter<F, true, true>(in, level, grad_level, slice);
            else multisample_scatter<F, true, false>(in, level, grad_level, slice);
        }
    });
}

template <int F, bool FETCH, class Stored> inline void multisample_slopes(const MultisampleOf<Stored>& in, const HashLevel& level, int64_t begin, int64_t end, const float* grad_out, float* grad_points) {
    typedef HashSlopeLanes<3> Lanes;
    const Stored* table = in.grid.table + (int64_t)level.offset * F;
    alignas(64) float grad[HASH_LANES * F];
    multisample_walk<Lanes>(in, level, begin, end, [&](const MultiBatch<Lanes>& batch, const Lanes& next, int64_t i, int point, int count) {
        weighted_gradient<F>(in, grad_out + i * in.features(F), batch.weights, count, grad);
        float* to = grad_points + (point * in.grid.n_samples + i) * 3;
        if (batch.lanes.adjacent) hash_dots<3, F, true, FETCH>(batch.lanes, next, count, table, grad, to);
        else hash_dots<3, F, false, FETCH>(batch.lanes, next, count, table, grad, to);
    });
}

template <int F, class Stored> inline void multisample_point_grad(const MultisampleOf<Stored>& in, const float* grad_out, float* grad_points) {
    const int64_t n = in.grid.n_samples, n_blocks = (n + HASH_BLOCK - 1) / HASH_BLOCK;
    in_team(n_blocks > 1, [&] {
        for (int l = 0; l < in.grid.n_levels; l++) {
            const HashLevel level = hash_level(in.grid.meta, in.grid.scales, l);
            const float* grad_level = grad_out + l * n * in.features(F);
            #pragma omp for schedule(static) nowait
            for (int64_t block = 0; block < n_blocks; block++) {
                const int64_t begin = block * HASH_BLOCK, end = std::min(n, begin + HASH_BLOCK);
                for (int point = 0; l == 0 && point < in.n_points; point++)
                    std::fill(grad_points + (point * n + begin) * 3, grad_points + (point * n + end) * 3, 0.0f);
                if (hash_fetched<F, Stored>(level)) multisample_slopes<F, true>(in, level, begin, end, grad_level, grad_points);
                else multisample_slopes<F, false>(in, level, begin, end, grad_level, grad_points);
            }
        }
    });
}

}  // namespace jnerf
