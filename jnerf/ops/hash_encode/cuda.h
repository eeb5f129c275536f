// Hash grid on CUDA: one thread per (level, sample), blocks level by level, so that one level's table stays in the L2
// cache. The features of a row are one load, and one atomic addition where the device has such.
#pragma once
#include "hash_encode/half_grad.h"
#include "hash_encode/kernel.h"
#include "hash_encode/rows_cuda.h"

namespace jnerf {

constexpr int HASH_THREADS = 256;

// TURNED: features' derivatives along the directions, one of each sample.
template <int D, bool TURNED, class Stored> __device__ __forceinline__ HashCorners<D> hash_corners(const HashGridOf<Stored>& grid, const HashLevel& level, int64_t i) {
    HashCorners<D> corners(level, grid.positions + D * i, grid.smoothstep);
    if (TURNED) corners.turn(grid.directions + D * i);
    return corners;
}

template <int D, int F, bool TURNED, class Stored> __global__ void __launch_bounds__(HASH_THREADS) hash_gather(HashGridOf<Stored> grid, float* out, bool pairs) {
    const int l = blockIdx.y;
    const int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x;
    if (i >= grid.n_samples) return;
    const HashLevel level = hash_level(grid.meta, grid.scales, l);
    const HashCorners<D> corners = hash_corners<D, TURNED>(grid, level, i);
    float rows[1 << D][F], sum[F] = {};
    load_corners<D, F>(rows, grid.table, corners.row, pairs && ((level.offset | level.rows) & 1) == 0);
#pragma unroll
    for (int c = 0; c < (1 << D); c++)
#pragma unroll
        for (int f = 0; f < F; f++) sum[f] += corners.weight[c] * rows[c][f];
    store_row<F>(out + (l * grid.n_samples + i) * F, sum);
}

// Neighbouring samples of a ray share their cell on coarse levels. A run of lanes in one cell adds up in its first
// lane, if that saves half of the additions to memory or more; `until` is the lane behind the run.
struct LaneRuns {
    bool first, merge;
    int until, steps;  // steps: of halving that the longest run takes
    template <int D> __device__ __forceinline__ static LaneRuns of(const uint32_t (&cell)[D], bool merges = true) {
        const int lane = threadIdx.x & 31;
        bool same = lane > 0;
#pragma unroll
        for (int d = 0; d < D; d++) same &= __shfl_up_sync(~0u, cell[d], 1) == cell[d];
        const unsigned firsts = __ballot_sync(~0u, !same);
        const unsigned behind = lane < 31 ? firsts >> (lane + 1) : 0;
        LaneRuns runs{!same, merges && __popc(firsts) <= 16, behind ? lane + __ffs((int)behind) : 32, 0};
        while (runs.merge && __any_sync(~0u, runs.until - lane > 1 << runs.steps)) runs.steps++;
        return runs;
    }
    // Each run's sums, in its first lane.
    template <int F> __device__ __forceinline__ void sum(float (&v)[F]) const {
        const int lane = threadIdx.x & 31;
#pragma unroll 1
        for (int by = 1; by < 1 << steps; by *= 2) {
            const bool inside = lane + by < until;
#pragma unroll
            for (int f = 0; f < F; f++) {
                const float other = __shfl_down_sync(~0u, v[f], by);
                if (inside) v[f] += other;
            }
        }
    }
};

template <int D, int F, bool TURNED, class Rows> __global__ void __launch_bounds__(HASH_THREADS) hash_scatter(HashGrid grid, const float* grad_out, Rows rows, bool merges) {
    const int level = blockIdx.y;
    const int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x, last = grid.n_samples - 1;
    float g[F] = {};
    bool any = false;
    if (i <= last) load_row<F>(g, grad_out + (level * grid.n_samples + i) * F);
#pragma unroll
    for (int f = 0; f < F; f++) any |= g[f] != 0.0f;
    if (!__any_sync(~0u, any)) return;  // whole warps only: its lanes work together below
    const HashCorners<D> corners = hash_corners<D, TURNED>(grid, hash_level(grid.meta, grid.scales, level), i < last ? i : last);
    const LaneRuns runs = LaneRuns::of<D>(corners.cell, merges);
    const float scale = rows.scale(level);
#pragma unroll
    for (int c = 0; c < (1 << D); c++) {
        float v[F];
#pragma unroll
        for (int f = 0; f < F; f++) v[f] = any ? corners.weight[c] * g[f] : 0.0f;
        if (runs.merge) runs.sum(v);
        if (runs.merge ? runs.first : any) rows.add(corners.row[c], v, scale);
    }
}

template <int D, int F, bool TURNED, class Stored> inline void hash_features(const HashGridOf<Stored>& grid, float* out) {
    // Two rows are one load where the table begins at an even one: a slice of a larger table need not.
    const bool pairs = (uintptr_t)grid.table % (4 * sizeof(Stored)) == 0 && takes_way("hash", "pairs", "rows");
    launch(hash_gather<D, F, TURNED, Stored>, dim3(blocks_of(grid.n_samples, HASH_THREADS), grid.n_levels), HASH_THREADS, 0, grid, out, pairs);
}

template <int D, int F, bool TURNED> inline void hash_table_grad(const HashGrid& grid, const float* grad_out, float* grad_table, int64_t n_rows) {
    clear_memory(grad_table, n_rows * F);
    const dim3 blocks(blocks_of(grid.n_samples, HASH_THREADS), grid.n_levels);
    launch(hash_scatter<D, F, TURNED, HashFloatRows<F>>, blocks, HASH_THREADS, 0, grid, grad_out, HashFloatRows<F>{grad_table}, takes_way("scatter", "runs", "each"));
}

template <int D, int F, class Stored> inline void hash_encode_forward(HashGridOf<Stored> grid, float* out) { hash_features<D, F, false>(grid, out); }

template <int D, int F> inline void hash_encode_table_grad(HashGrid grid, const float* grad_out, float* grad_table, int64_t n_rows) {
    hash_table_grad<D, F, false>(grid, grad_out, grad_table, n_rows);
}

// The same, summed in fp16 (half_grad.h); F is even.
template <int D, int F> inline void hash_encode_table_grad_half(HashGrid grid, const float* grad_out, float* grad_table, int64_t n_rows) {
    if constexpr (F == 1) hash_encode_table_grad<D, F>(grid, grad_out, grad_table, n_rows);
    else {
        CudaScratch<__half2> sums(n_rows * F / 2, "gradients of hash_encode in fp16");
        CudaScratch<float> totals(grid.n_levels, "gradients of hash_encode in fp16");
        clear_memory(sums.data, n_rows * F / 2);
        clear_memory(totals.data, grid.n_levels);
        const HashHalfRows<F> rows{sums.data, totals.data};
        const dim3 some(HASH_HALF_BLOCKS, grid.n_levels), all(blocks_of(grid.n_samples, HASH_THREADS), grid.n_levels);
        launch(hash_half_totals<F>, some, HASH_HALF_THREADS, 0, grid.n_samples, grad_out, totals.data);
        launch(hash_scatter<D, F, false, HashHalfRows<F>>, all, HASH_THREADS, 0, grid, grad_out, rows, takes_way("scatter", "runs", "each"));
        launch(hash_half_unscale<F>, some, HASH_HALF_THREADS, 0, grid.meta, (const float*)totals.data, (const __half2*)sums.data, (float2*)grad_table);
    }
}

// d loss / d position of one sample, summed over levels: grad_out [L, S, F] -> grad_positions [S, D].
template <int D, int F, class Stored> struct HashPositionGrad {
    HashGridOf<Stored> grid;
    const float* grad_out;
    float* grad_positions;
    __device__ void operator()(int64_t i) const {
        float sum[D] = {};
        for (int l = 0; l < grid.n_levels; l++) {
            const HashCorners<D> corners(hash_level(grid.meta, grid.scales, l), grid.positions + D * i, grid.smoothstep);
            float g[F];
            load_row<F>(g, grad_out + (l * grid.n_samples + i) * F);
#pragma unroll
            for (int c = 0; c < (1 << D); c++) {
                const float dot = dot_row<F>(g, grid.table + (int64_t)corners.row[c] * F);
#pragma unroll
                for (int d = 0; d < D; d++) sum[d] += dot * corners.weight_slope(c, d);
            }
        }
        for (int d = 0; d < D; d++) grad_positions[D * i + d] = sum[d];
    }
};

template <int D, int F, class Stored> inline void hash_encode_position_grad(HashGridOf<Stored> grid, const float* grad_out, float* grad_positions) {
    parallel_for(grid.n_samples, HashPositionGrad<D, F, Stored>{grid, grad_out, grad_positions});
}

}  // namespace jnerf
