#pragma once
#include "voxel_grid/kernel.h"

namespace jnerf {

inline void voxel_interp(int64_t n, VoxelInterp kernel) { parallel_for(n, kernel); }

struct VoxelFieldEach {
    VoxelField field;
    __device__ void operator()(int64_t i) const {
        const VoxelCorners corners(field.grid, field.positions + 3 * i);
        if (!field.shaded(i, corners)) return;
        float basis[kShWidth];
        voxel_basis(field.rays_d + 3 * (int64_t)field.ray_indices[i], basis);
        field.shade(i, corners, basis);
    }
};

inline void voxel_field(int64_t n, VoxelField kernel) { parallel_for(n, VoxelFieldEach{kernel}); }

// One thread per place of a row, so that a row is added by neighbours; an unused place does the density.
struct VoxelFieldBackwardEach {
    VoxelFieldGrad grad;
    float *grad_density, *grad_sh;
    __device__ void operator()(int64_t at) const {
        const int64_t i = at / kShWidth;
        const int place = (int)(at % kShWidth);
        if (!grad.any(i) || (place >= 27 && place < kShWidth - 1)) return;
        const VoxelCorners corners(grad.grid, grad.positions + 3 * i);
        const bool density = place == kShWidth - 1;
        float value = grad.grad_sigmas[i];
        if (!density) {
            float y[9];
            sh_row<3, 0>(grad.rays_d + 3 * (int64_t)grad.ray_indices[i], 1.0f, 0.0f, y);
            value = grad.color_grad(i, voxel_channel(place)) * y[place < 24 ? place & 7 : 8];
        }
        for (int k = 0; k < kCorners; k++) {
            if (corners.row[k] < 0) continue;
            const int64_t row = corners.row[k];
            atomicAdd(density ? grad_density + row : grad_sh + row * kShWidth + place, corners.weight[k] * value);
        }
    }
};

inline void voxel_field_backward(int64_t n, VoxelFieldGrad grad, const int*, int64_t n_rows, float* grad_density, float* grad_sh) {
    clear_memory(grad_density, n_rows);
    clear_memory(grad_sh, n_rows * kShWidth);
    parallel_for(n * kShWidth, VoxelFieldBackwardEach{grad, grad_density, grad_sh});
}

}  // namespace jnerf
