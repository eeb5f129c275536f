// On CUDA one thread per (level, sample) looks up all points; one per (level, point) adds to the table.
#pragma once
#include "hash_encode/cuda.h"
#include "multisample_encode/kernel.h"

namespace jnerf {

template <int F, class Stored> __global__ void __launch_bounds__(HASH_THREADS) multisample_gather(MultisampleOf<Stored> in, float* out) {
    const int l = blockIdx.y;
    const HashGridOf<Stored>& grid = in.grid;
    const int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x, n = grid.n_samples;
    if (i >= n) return;
    const HashLevel level = hash_level(grid.meta, grid.scales, l);
    float sum[F] = {}, counts = 0.0f;
    for (int j = 0; j < in.n_points; j++) {
        const int64_t at = j * n + i;
        const HashCorners<3> corners(level, grid.positions + 3 * at, grid.smoothstep);
        const float w = multisample_weight(in.widths[at], level.scale);
        counts += w;
#pragma unroll
        for (int c = 0; c < 8; c++) {
            float row[F];
            load_row<F>(row, grid.table + (int64_t)corners.row[c] * F);
#pragma unroll
            for (int f = 0; f < F; f++) sum[f] += (w * corners.weight[c]) * row[f];
        }
    }
    float* to = out + (l * n + i) * in.features(F);  // rows of F + 1 floats begin anywhere
    for (int f = 0; f < F; f++) to[f] = sum[f] * in.share();
    if (in.sizes) to[F] = in.size_feature(l, counts);
}

// The gradient of a level's features at point `at` of sample i.
template <int F, class Stored> __device__ __forceinline__ void multisample_gradient(const MultisampleOf<Stored>& in, const HashLevel& level, int l, int64_t i, int64_t at, const float* grad_out, float (&g)[F]) {
    const float w = multisample_weight(in.widths[at], level.scale) * in.share();
    const float* grad = grad_out + (l * in.grid.n_samples + i) * in.features(F);
    for (int f = 0; f < F; f++) g[f] = w * grad[f];
}

template <int F> __global__ void __launch_bounds__(HASH_THREADS) multisample_scatter(Multisample in, const float* grad_out, HashFloatRows<F> rows) {
    const int l = blockIdx.y;
    const HashGrid& grid = in.grid;
    const int64_t at = blockIdx.x * (int64_t)blockDim.x + threadIdx.x, last = grid.n_samples * in.n_points - 1;
    const HashLevel level = hash_level(grid.meta, grid.scales, l);
    float g[F] = {};
    bool any = false;
    if (at <= last) multisample_gradient<F>(in, level, l, at % grid.n_samples, at, grad_out, g);
#pragma unroll
    for (int f = 0; f < F; f++) any |= g[f] != 0.0f;
    if (!__any_sync(~0u, any)) return;  // whole warps only: its lanes work together below
    const HashCorners<3> corners(level, grid.positions + 3 * (at < last ? at : last), grid.smoothstep);
    const LaneRuns runs = LaneRuns::of<3>(corners.cell);
#pragma unroll
    for (int c = 0; c < 8; c++) {
        float v[F];
#pragma unroll
        for (int f = 0; f < F; f++) v[f] = any ? corners.weight[c] * g[f] : 0.0f;
        if (runs.merge) runs.sum(v);
        if (runs.merge ? runs.first : any) rows.add(corners.row[c], v, 1.0f);
    }
}

template <int F, class Stored> struct MultisamplePointGrad {
    MultisampleOf<Stored> in;
    const float* grad_out;
    float* grad_points;
    __device__ void operator()(int64_t at) const {
        const HashGridOf<Stored>& grid = in.grid;
        float sum[3] = {};
        for (int l = 0; l < grid.n_levels; l++) {
            const HashLevel level = hash_level(grid.meta, grid.scales, l);
            const HashCorners<3> corners(level, grid.positions + 3 * at, grid.smoothstep);
            float g[F];
            multisample_gradient<F>(in, level, l, at % grid.n_samples, at, grad_out, g);
#pragma unroll
            for (int c = 0; c < 8; c++) {
                const float dot = dot_row<F>(g, grid.table + (int64_t)corners.row[c] * F);
#pragma unroll
                for (int d = 0; d < 3; d++) sum[d] += dot * corners.weight_slope(c, d);
            }
        }
        for (int d = 0; d < 3; d++) grad_points[3 * at + d] = sum[d];
    }
};

template <int F, class Stored> inline void multisample_forward(const MultisampleOf<Stored>& in, float* out) {
    launch(multisample_gather<F, Stored>, dim3(blocks_of(in.grid.n_samples, HASH_THREADS), in.grid.n_levels), HASH_THREADS, 0, in, out);
}

template <int F> inline void multisample_table_grad(const Multisample& in, const float* grad_out, float* grad_table, int64_t n_rows) {
    clear_memory(grad_table, n_rows * F);
    const dim3 blocks(blocks_of(in.grid.n_samples * in.n_points, HASH_THREADS), in.grid.n_levels);
    launch(multisample_scatter<F>, blocks, HASH_THREADS, 0, in, grad_out, HashFloatRows<F>{grad_table});
}

template <int F, class Stored> inline void multisample_point_grad(const MultisampleOf<Stored>& in, const float* grad_out, float* grad_points) {
    parallel_for(in.grid.n_samples * in.n_points, MultisamplePointGrad<F, Stored>{in, grad_out, grad_points});
}

}  // namespace jnerf
