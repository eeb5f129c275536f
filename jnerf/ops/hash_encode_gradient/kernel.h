// Second derivatives of the hash grid. With corner rows r_c and weights w_c(x) of a sample, the gradient of v . features
// by x is n_d = sum_c (v . r_c) dw_c/dx_d. Given g = d loss / d n, the weight's derivative along g,
// W_c = sum_d g_d dw_c/dx_d, takes the place of w_c: d loss / d v = sum_c W_c r_c is a lookup, d loss / d r_c = W_c v a
// scatter, and d loss / d x_e = sum_c (v . r_c) dW_c/dx_e, below. Linear weights have no curvature along one axis.
#pragma once
#include "hash_encode/kernel.h"

namespace jnerf {

// v [L, S, F], directions g [S, D] -> grad_positions [S, D].
template <int D, int F, class Stored> struct HashCurvature {
    HashGridOf<Stored> grid;
    const float* v;
    float* grad_positions;
    JNERF_FN void operator()(int64_t i) const {
        const float* g = grid.directions + D * i;
        float sum[D] = {};
        for (int l = 0; l < grid.n_levels; l++) {
            const HashCorners<D> corners(hash_level(grid.meta, grid.scales, l), grid.positions + D * i, grid.smoothstep);
            const float* value = v + (l * grid.n_samples + i) * F;
            for (int c = 0; c < (1 << D); c++) {
                const Stored* row = grid.table + (int64_t)corners.row[c] * F;
                float dot = 0;
                for (int f = 0; f < F; f++) dot += value[f] * stored_value(row[f]);
                for (int e = 0; e < D; e++)
                    for (int d = 0; d < D; d++) sum[e] += dot * g[d] * corners.weight_curve(c, d, e);
            }
        }
        for (int d = 0; d < D; d++) grad_positions[D * i + d] = sum[d];
    }
};

template <int D, int F, class Stored> inline void hash_gradient_position_grad(HashGridOf<Stored> grid, const float* v, float* grad_positions) {
    parallel_for(grid.n_samples, HashCurvature<D, F, Stored>{grid, v, grad_positions});
}

}  // namespace jnerf
