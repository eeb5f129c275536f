#pragma once
#include "grid_interp/kernel.h"

namespace jnerf {

template <int D> inline void grid_interp(int64_t n, GridShape<D> shape, const float* positions, const float* grid, float* values) {
    parallel_for(n, GridInterp<D>{shape, positions, grid, values});
}

template <int D> inline void grid_interp_backward_positions(int64_t n, GridShape<D> shape, const float* positions, const float* grid, const float* grad_values, float* grad_positions) {
    parallel_for(n, GridInterpBackwardPositions<D>{shape, positions, grid, grad_values, grad_positions});
}

template <int D> struct GridInterpBackwardGrid {
    GridShape<D> shape;
    const float *positions, *grad_values;
    float* grad_grid;
    __device__ void operator()(int64_t i) const {
        const GridCell<D> cell(shape, positions + D * i);
        const int F = shape.n_features;
        for (int corner = 0; corner < 1 << D; corner++) {
            const float w = cell.weight(corner);
            float* out = grad_grid + cell.at(shape, corner) * F;
            for (int f = 0; f < F; f++) atomicAdd(out + f, w * grad_values[i * F + f]);
        }
    }
};

template <int D> inline void grid_interp_backward_grid(int64_t n, GridShape<D> shape, const float* positions, const float* grad_values, float* grad_grid) {
    clear_memory(grad_grid, (int64_t)shape.resolution[D - 1] * shape.plane() * shape.n_features);
    parallel_for(n, GridInterpBackwardGrid<D>{shape, positions, grad_values, grad_grid});
}

}  // namespace jnerf
