// Forward: a few samples at a time, whose rows are asked for ahead of their use. Backward without atomics: samples are
// sorted by their cell along z; a thread owns some planes of vertices, and so their rows, and adds the cells in
// ascending order. A row thus sums the same samples in the same order, whoever owns it.
#pragma once
#include <vector>
#include "voxel_grid/kernel.h"

namespace jnerf {

// One value a row: cells and weights of a block of positions at once, then what lies at their corners.
struct VoxelBlock {
    static constexpr int kSize = 16;
    VoxelInterp kernel;
    int64_t n;

    void operator()(int64_t block) const {
        const int64_t first = block * kSize;
        const int count = (int)std::min<int64_t>(kSize, n - first);
        const VoxelLinks& grid = kernel.grid;
        const int stride[3] = {1, grid.size[0], (int)grid.plane()};
        alignas(64) float x[3][kSize] = {}, w[3][2][kSize], weight[kCorners][kSize];
        alignas(64) int low[kSize] = {};
        for (int i = 0; i < count; i++)
            for (int d = 0; d < 3; d++) x[d][i] = kernel.positions[3 * (first + i) + d];
        for (int d = 0; d < 3; d++)
            for (int i = 0; i < kSize; i++) {
                const int cell = grid_cell(x[d][i] * (grid.size[d] - 1), grid.size[d]);
                const float t = voxel_share(x[d][i], cell, grid.size[d]);
                w[d][0][i] = 1 - t, w[d][1][i] = t;
                low[i] += cell * stride[d];
            }
        const int *line[4] = {grid.links, grid.links + stride[1], grid.links + stride[2], grid.links + stride[2] + stride[1]};
        for (int i = 0; i < count; i++)
            for (int k = 0; k < 4; k++) __builtin_prefetch(line[k] + low[i]);
        for (int k = 0; k < kCorners; k++)
            for (int i = 0; i < kSize; i++) weight[k][i] = w[0][k & 1][i] * w[1][k >> 1 & 1][i] * w[2][k >> 2][i];
        const float* values = kernel.values;
        float* out = kernel.out + first;
        for (int i = 0; i < count; i++) {
            float sum = 0;
            #pragma GCC unroll 8
            for (int k = 0; k < kCorners; k++) {
                const int row = line[k >> 1][low[i] + (k & 1)];
                if (row >= 0) sum = fmaf(weight[k][i], values[row], sum);
            }
            out[i] = kernel.positive && sum < 0.0f ? 0.0f : sum;
        }
    }
};

inline void voxel_interp(int64_t n, VoxelInterp kernel) {
    if (kernel.width == 1) share_out((n + VoxelBlock::kSize - 1) / VoxelBlock::kSize, n > VoxelBlock::kSize, VoxelBlock{kernel, n});
    else parallel_for(n, kernel);
}

// The basis of the last ray, as neighbours lie on the same.
struct VoxelBasis {
    const float* rays_d;
    int ray = -1;
    alignas(64) float basis[kShWidth];
    explicit VoxelBasis(const float* directions) : rays_d(directions) {}
    const float* of(int wanted) {
        if (wanted != ray) voxel_basis(rays_d + 3 * (int64_t)wanted, basis), ray = wanted;
        return basis;
    }
};

inline void voxel_field(int64_t n, VoxelField kernel) {
    constexpr int64_t kBlock = 16;
    in_team(n > kBlock, [&] {
        VoxelBasis basis(kernel.rays_d);
        VoxelCorners corners[kBlock];
        bool shaded[kBlock];
        #pragma omp for schedule(static)
        for (int64_t first = 0; first < n; first += kBlock) {
            const int count = (int)std::min(kBlock, n - first);
            for (int i = 0; i < count; i++) corners[i] = VoxelCorners(kernel.grid, kernel.positions + 3 * (first + i));
            for (int i = 0; i < count; i++) {
                shaded[i] = kernel.shaded(first + i, corners[i]);
                if (!shaded[i]) continue;
                for (int k = 0; k < kCorners; k++) {
                    const float* row = kernel.sh + (int64_t)std::max(corners[i].row[k], 0) * kShWidth;
                    __builtin_prefetch(row), __builtin_prefetch(row + kShWidth / 2);
                }
            }
            for (int i = 0; i < count; i++)
                if (shaded[i]) kernel.shade(first + i, corners[i], basis.of(kernel.ray_indices[first + i]));
        }
    });
}

// Samples with a gradient in the order of their cell along z: cell c has order[starts[c] .. starts[c + 1]).
struct VoxelOrder {
    std::vector<int64_t> starts;
    std::vector<int> order;
    VoxelOrder(int64_t n, const VoxelFieldGrad& grad) : starts(grad.grid.size[2] + 1) {
        std::vector<int16_t> cells(n);
        for (int64_t i = 0; i < n; i++) {
            cells[i] = grad.any(i) ? (int16_t)grad.grid.cell(grad.positions + 3 * i, 2) : -1;
            if (cells[i] >= 0) starts[cells[i] + 1]++;
        }
        for (int c = 0; c < grad.grid.size[2]; c++) starts[c + 1] += starts[c];
        order.resize(starts.back());
        std::vector<int64_t> next(starts);
        for (int64_t i = 0; i < n; i++)
            if (cells[i] >= 0) order[next[cells[i]]++] = (int)i;
    }
};

// Adds one sample to the rows of its cell's lower and / or upper plane.
inline void voxel_field_add(const VoxelFieldGrad& grad, int64_t i, const float* basis, bool lower, bool upper, float* grad_density, float* grad_sh) {
    const VoxelCorners corners(grad.grid, grad.positions + 3 * i);
    float color[3], places[kShWidth];
    for (int c = 0; c < 3; c++) color[c] = grad.color_grad(i, c);
    for (int c = 0; c < 3; c++) {
        for (int k = 0; k < 8; k++) places[8 * c + k] = color[c] * basis[8 * c + k];
        places[24 + c] = color[c] * basis[24 + c];
    }
    for (int j = 27; j < kShWidth; j++) places[j] = 0;
    for (int k = lower ? 0 : 4; k < (upper ? 8 : 4); k++) {
        if (corners.row[k] < 0) continue;
        const float w = corners.weight[k];
        grad_density[corners.row[k]] += w * grad.grad_sigmas[i];
        float* row = grad_sh + (int64_t)corners.row[k] * kShWidth;
        for (int j = 0; j < kShWidth; j++) row[j] = fmaf(w, places[j], row[j]);
    }
}

// planes[z] is the first row of plane z, planes[Rz] the number of rows.
inline void voxel_field_backward(int64_t n, VoxelFieldGrad grad, const int* planes, int64_t, float* grad_density, float* grad_sh) {
    constexpr int kPlanes = 8;  // of a thread at a time
    const int depth = grad.grid.size[2];
    const VoxelOrder sorted(n, grad);
    in_team(true, [&] {
        VoxelBasis basis(grad.rays_d);
        #pragma omp for schedule(dynamic)
        for (int first = 0; first < depth; first += kPlanes) {
            const int last = std::min(first + kPlanes, depth);
            const auto clear = [&](int plane) {  // just before it is added to: it then is in the cache
                std::fill(grad_density + planes[plane], grad_density + planes[plane + 1], 0.0f);
                std::fill(grad_sh + (int64_t)planes[plane] * kShWidth, grad_sh + (int64_t)planes[plane + 1] * kShWidth, 0.0f);
            };
            clear(first);
            for (int cell = std::max(first - 1, 0); cell < last; cell++) {
                if (cell >= first && cell + 1 < last) clear(cell + 1);
                for (int64_t k = sorted.starts[cell]; k < sorted.starts[cell + 1]; k++) {
                    const int i = sorted.order[k];
                    voxel_field_add(grad, i, basis.of(grad.ray_indices[i]), cell >= first, cell + 1 < last, grad_density, grad_sh);
                }
            }
        }
    });
}

}  // namespace jnerf
