// The gradient to the grid without atomics: samples are sorted by their cell along the slowest axis, and each plane of
// vertices has one owner, who adds the cells below and above it in the order of the samples.
#pragma once
#include <vector>
#include "grid_interp/kernel.h"

namespace jnerf {

template <int D> inline void grid_interp(int64_t n, GridShape<D> shape, const float* positions, const float* grid, float* values) {
    parallel_for(n, GridInterp<D>{shape, positions, grid, values});
}

template <int D> inline void grid_interp_backward_positions(int64_t n, GridShape<D> shape, const float* positions, const float* grid, const float* grad_values, float* grad_positions) {
    parallel_for(n, GridInterpBackwardPositions<D>{shape, positions, grid, grad_values, grad_positions});
}

// Samples in the order of their cell along the slowest axis: cell c has order[starts[c] .. starts[c + 1]).
struct GridOrder {
    std::vector<int64_t> starts, order;
    GridOrder(int64_t n, int n_dims, int resolution, const float* positions) : starts(resolution + 1), order(n) {
        const auto cell = [=](int64_t i) { return grid_cell(positions[n_dims * i + n_dims - 1] * (resolution - 1), resolution); };
        for (int64_t i = 0; i < n; i++) starts[cell(i) + 1]++;
        for (int c = 0; c < resolution; c++) starts[c + 1] += starts[c];
        std::vector<int64_t> next(starts);
        for (int64_t i = 0; i < n; i++) order[next[cell(i)]++] = i;
    }
};

template <int D> inline void grid_interp_backward_grid(int64_t n, GridShape<D> shape, const float* positions, const float* grad_values, float* grad_grid) {
    const int planes = shape.resolution[D - 1], F = shape.n_features;
    const GridOrder sorted(n, D, planes, positions);
    in_team(true, [&] {
        #pragma omp for schedule(dynamic)
        for (int plane = 0; plane < planes; plane++) {
            std::fill_n(grad_grid + plane * shape.plane() * F, shape.plane() * F, 0.0f);
            for (int upper = 1; upper >= 0; upper--) {  // of the cells below, of the cells above
                const int c = plane - upper;
                if (c < 0) continue;
                for (int64_t k = sorted.starts[c]; k < sorted.starts[c + 1]; k++) {
                    const int64_t i = sorted.order[k];
                    const GridCell<D> cell(shape, positions + D * i);
                    for (int corner = 0; corner < 1 << (D - 1); corner++) {
                        const int full = corner | upper << (D - 1);
                        const float w = cell.weight(full);
                        float* out = grad_grid + cell.at(shape, full) * F;
                        for (int f = 0; f < F; f++) out[f] += w * grad_values[i * F + f];
                    }
                }
            }
        }
    });
}

}  // namespace jnerf
