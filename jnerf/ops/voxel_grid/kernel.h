// A sparse grid of voxels: links [Rz, Ry, Rx] give the row of each vertex, -1 where there is none. Vertex 0 lies at
// coordinate 0, the last at 1, x fastest. Rows are numbered in the order of the links.
//
// Colours are spherical harmonics of three bands. A row of coefficients has 32 places, two cache lines: coefficient k of
// channel c is at 8 c + k for k < 8, the ninth at 24 + c, so that a vector of 8 is one channel. The rest stays zero.
#pragma once
#include "grid_interp/kernel.h"
#include "sh_encode/kernel.h"

namespace jnerf {

constexpr int kShWidth = 32, kCorners = 8;

struct VoxelLinks {
    const int* links;
    int size[3];  // vertices along x, y, z
    JNERF_FN int64_t plane() const { return (int64_t)size[0] * size[1]; }
    JNERF_FN int cell(const float* x, int axis) const { return grid_cell(x[axis] * (size[axis] - 1), size[axis]); }
};

// How much of its cell's upper vertex a coordinate sees.
JNERF_FN float voxel_share(float x, int cell, int size) {
    const float t = x * (size - 1) - cell;
    return t < 0 ? 0 : t > 1 ? 1 : t;  // keeps NaN
}

// The eight corners of a position's cell: their rows (-1: none) and weights. Outside of [0, 1] it is the face's.
struct VoxelCorners {
    int row[kCorners];
    float weight[kCorners];
    VoxelCorners() = default;
    JNERF_FN VoxelCorners(const VoxelLinks& grid, const float* x) {
        float w[3][2];
        int cell[3];
        for (int d = 0; d < 3; d++) {
            cell[d] = grid.cell(x, d);
            const float t = voxel_share(x[d], cell[d], grid.size[d]);
            w[d][0] = 1 - t, w[d][1] = t;
        }
        const int* low = grid.links + cell[2] * grid.plane() + (int64_t)cell[1] * grid.size[0] + cell[0];
        for (int k = 0; k < kCorners; k++) {
            row[k] = low[(k >> 2) * grid.plane() + (k >> 1 & 1) * (int64_t)grid.size[0] + (k & 1)];
            weight[k] = w[0][k & 1] * w[1][k >> 1 & 1] * w[2][k >> 2];
        }
    }
    JNERF_FN float dot(const float* values) const {
        float sum = 0;
        for (int k = 0; k < kCorners; k++)
            if (row[k] >= 0) sum = fmaf(weight[k], values[row[k]], sum);
        return sum;
    }
};

// The basis of a direction, at the places of a row of coefficients.
JNERF_FN void voxel_basis(const float* direction, float* basis) {
    float y[9];
    sh_row<3, 0>(direction, 1.0f, 0.0f, y);
    for (int j = 0; j < kShWidth; j++) basis[j] = 0;
    for (int c = 0; c < 3; c++) {
        for (int k = 0; k < 8; k++) basis[8 * c + k] = y[k];
        basis[24 + c] = y[8];
    }
}

// Channel of a place in a row; of the unused ones, any.
JNERF_FN int voxel_channel(int place) { return place < 24 ? place >> 3 : place < 27 ? place - 24 : 0; }

// Any C values of each row, interpolated.
struct VoxelInterp {
    VoxelLinks grid;
    int width;
    const float *positions, *values;
    float* out;
    bool positive = false;  // of width 1: negative values become 0
    JNERF_FN void operator()(int64_t i) const {
        const VoxelCorners corners(grid, positions + 3 * i);
        if (width == 1) {
            const float value = corners.dot(values);
            out[i] = positive && value < 0.0f ? 0.0f : value;
            return;
        }
        float* to = out + i * width;
        for (int j = 0; j < width; j++) to[j] = 0;
        for (int k = 0; k < kCorners; k++) {
            if (corners.row[k] < 0) continue;
            const float w = corners.weight[k], *from = values + (int64_t)corners.row[k] * width;
            for (int j = 0; j < width; j++) to[j] = fmaf(w, from[j], to[j]);
        }
    }
};

// Density, cut off at zero, and colour of samples. Where the density is not positive the colour is black, and not read.
struct VoxelField {
    VoxelLinks grid;
    const float *positions, *rays_d;
    const int* ray_indices;
    const float *density, *sh;
    float *sigmas, *rgbs;

    JNERF_FN bool shaded(int64_t i, const VoxelCorners& corners) const {
        const float sigma = corners.dot(density);
        sigmas[i] = sigma <= 0 ? 0 : sigma;  // keeps NaN
        for (int c = 0; c < 3; c++) rgbs[3 * i + c] = 0;
        return !(sigma <= 0);
    }
    JNERF_FN void shade(int64_t i, const VoxelCorners& corners, const float* basis) const {
        float sum[kShWidth] = {};
        for (int k = 0; k < kCorners; k++) {
            if (corners.row[k] < 0) continue;
            const float w = corners.weight[k], *row = sh + (int64_t)corners.row[k] * kShWidth;
            for (int j = 0; j < kShWidth; j++) sum[j] = fmaf(w, row[j], sum[j]);
        }
        for (int j = 0; j < kShWidth; j++) sum[j] *= basis[j];
        for (int half = 4; half > 0; half >>= 1)
            for (int c = 0; c < 3; c++)
                for (int k = 0; k < half; k++) sum[8 * c + k] += sum[8 * c + k + half];
        for (int c = 0; c < 3; c++) {
            const float color = 0.5f + sum[8 * c] + sum[24 + c];
            rgbs[3 * i + c] = color < 0 ? 0 : color;
        }
    }
};

// What the gradient of a sample needs: the field's outputs tell where density and colour were cut off.
struct VoxelFieldGrad {
    VoxelLinks grid;
    const float *positions, *rays_d;
    const int* ray_indices;
    const float *sigmas, *rgbs, *grad_sigmas, *grad_rgbs;

    JNERF_FN float color_grad(int64_t i, int c) const { return rgbs[3 * i + c] == 0 ? 0 : grad_rgbs[3 * i + c]; }
    JNERF_FN bool any(int64_t i) const {
        if (sigmas[i] == 0) return false;
        return grad_sigmas[i] != 0 || color_grad(i, 0) != 0 || color_grad(i, 1) != 0 || color_grad(i, 2) != 0;
    }
};

// The gradient of a sample by where it lies and from where it is seen; each has a direction of its own.
struct VoxelFieldRaysGrad {
    VoxelFieldGrad grad;
    const float *density, *sh;
    float *grad_positions, *grad_directions;  // [S, 3]

    JNERF_FN void operator()(int64_t i) const {
        const float *x = grad.positions + 3 * i, *d = grad.rays_d + 3 * (int64_t)grad.ray_indices[i];
        float by_x[3] = {}, by_d[3] = {}, by_basis[9] = {};
        if (grad.any(i)) {
            const VoxelCorners corners(grad.grid, x);
            float basis[kShWidth];
            voxel_basis(d, basis);
            for (int k = 0; k < kCorners; k++)
                if (corners.row[k] >= 0) add(i, x, corners, k, basis, by_x, by_basis);
            sh_row_backward<3, 0>(d, 1.0f, 0.0f, 0.0f, 0.0f, by_basis, by_d);
        }
        for (int c = 0; c < 3; c++) grad_positions[3 * i + c] = by_x[c], grad_directions[3 * i + c] = by_d[c];
    }
    // What one corner adds.
    JNERF_FN void add(int64_t i, const float* x, const VoxelCorners& corners, int k, const float* basis, float* by_x, float* by_basis) const {
        const float* row = sh + (int64_t)corners.row[k] * kShWidth;
        float value = density[corners.row[k]] * grad.grad_sigmas[i];
        for (int j = 0; j < 27; j++) {
            const float of_color = grad.color_grad(i, voxel_channel(j)) * row[j];
            value += of_color * basis[j];
            by_basis[j < 24 ? j & 7 : 8] += corners.weight[k] * of_color;
        }
        float w[3], slope[3];
        for (int c = 0; c < 3; c++) {
            const int last = grad.grid.size[c] - 1;
            const float t = x[c] * last - grad.grid.cell(x, c);
            const bool upper = k >> c & 1, held = t < 0 || t > 1;  // a face's value goes on behind it
            const float inside = t < 0 ? 0 : t > 1 ? 1 : t;
            w[c] = upper ? inside : 1 - inside;
            slope[c] = held ? 0.0f : upper ? (float)last : -(float)last;
        }
        by_x[0] += value * slope[0] * w[1] * w[2];
        by_x[1] += value * w[0] * slope[1] * w[2];
        by_x[2] += value * w[0] * w[1] * slope[2];
    }
};

inline void voxel_field_rays_backward(int64_t n, const VoxelFieldRaysGrad& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
