// Hash grid on CUDA: one thread per (level, sample), level-major so that one level's table stays in the L2 cache.
#pragma once
#include "hash_encode/kernel.h"

namespace jnerf {

template <int D, int F> struct HashForward {
    HashGrid grid;
    float* out;
    JNERF_FN void operator()(int64_t index) const {
        const int level = (int)(index / grid.n_samples);
        const int64_t i = index % grid.n_samples;
        const HashCorners<D> corners(hash_level(grid.meta, grid.scales, level), grid.positions + D * i, grid.smoothstep);
        float sum[F] = {};
        for (int c = 0; c < (1 << D); c++)
            for (int f = 0; f < F; f++) sum[f] += corners.weight[c] * grid.table[(int64_t)corners.row[c] * F + f];
        for (int f = 0; f < F; f++) out[index * F + f] = sum[f];
    }
};

template <int D, int F> __global__ void hash_scatter(HashGrid grid, const float* grad_out, float* grad_table) {
    const int64_t n = grid.n_samples * grid.n_levels;
    for (int64_t index = blockIdx.x * (int64_t)blockDim.x + threadIdx.x; index < n; index += (int64_t)gridDim.x * blockDim.x) {
        const int level = (int)(index / grid.n_samples);
        const int64_t i = index % grid.n_samples;
        const float* g = grad_out + index * F;
        bool any = false;
        for (int f = 0; f < F; f++) any |= g[f] != 0.0f;
        if (!any) continue;
        const HashCorners<D> corners(hash_level(grid.meta, grid.scales, level), grid.positions + D * i, grid.smoothstep);
        for (int c = 0; c < (1 << D); c++)
            for (int f = 0; f < F; f++) atomicAdd(grad_table + (int64_t)corners.row[c] * F + f, corners.weight[c] * g[f]);
    }
}

template <int D, int F> inline void hash_encode_forward(HashGrid grid, float* out) {
    parallel_for(grid.n_samples * grid.n_levels, HashForward<D, F>{grid, out});
}

template <int D, int F> inline void hash_encode_table_grad(HashGrid grid, const float* grad_out, float* grad_table, int64_t n_rows) {
    cudaMemsetAsync(grad_table, 0, n_rows * F * sizeof(float));
    const int64_t n = grid.n_samples * grid.n_levels;
    if (n == 0) return;
    const unsigned blocks = (unsigned)std::min<int64_t>((n + 255) / 256, 65535);
    hash_scatter<D, F><<<blocks, 256>>>(grid, grad_out, grad_table);
}

}  // namespace jnerf
