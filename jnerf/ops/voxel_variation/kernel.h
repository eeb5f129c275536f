// Total variation of rows: sum over selected rows and channels of sqrt(dx^2 + dy^2 + dz^2), where d. is the difference to
// the next vertex along an axis (0 where it has no row), times a scale of the axis. Selected are `count` rows from
// `first` on, around the end to row 0. A row gathers its gradient from itself and the rows before it along each axis.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

// A row's vertex.
struct VoxelVertex {
    int64_t at;  // in the links
    int coordinate[3];
};

struct VoxelNeighbours {
    const int *links, *cells;
    int size[3];  // vertices along x, y, z
    int64_t n_rows, first, count;
    float scale[3];

    JNERF_FN VoxelVertex vertex(int64_t row) const {
        const int at = cells[row], line = at / size[0];
        return {at, {at - line * size[0], line % size[1], line / size[1]}};
    }
    JNERF_FN bool selected(int64_t row) const {
        const int64_t at = row - first;
        return (at < 0 ? at + n_rows : at) < count;
    }
    // Row of the vertex `step` (+1 or -1) away along an axis; -1 where there is none.
    JNERF_FN int64_t beside(const VoxelVertex& v, int axis, int step) const {
        const int coordinate = v.coordinate[axis] + step;
        if (coordinate < 0 || coordinate >= size[axis]) return -1;
        const int64_t stride = axis == 0 ? 1 : axis == 1 ? size[0] : (int64_t)size[0] * size[1];
        return links[v.at + step * stride];
    }
};

// A row and the next along each axis; where there is none, the row itself, which differs by nothing.
struct VoxelSlopes {
    const float *own, *next[3];
    float scale[3];
    JNERF_FN VoxelSlopes(const VoxelNeighbours& grid, const float* values, int width, int64_t row) {
        const VoxelVertex vertex = grid.vertex(row);
        own = values + row * width;
        for (int k = 0; k < 3; k++) {
            const int64_t beside = grid.beside(vertex, k, 1);
            next[k] = beside < 0 ? own : values + beside * width;
            scale[k] = grid.scale[k];
        }
    }
    JNERF_FN float slope(int axis, int j) const { return (next[axis][j] - own[j]) * scale[axis]; }
    JNERF_FN float root(int j) const {
        float sum = 1e-9f;  // so that the root has a slope at 0
        for (int k = 0; k < 3; k++) sum = fmaf(slope(k, j), slope(k, j), sum);
        return sqrtf(sum);
    }
};

// Sum over the channels of the i-th selected row.
struct VoxelVariation {
    VoxelNeighbours grid;
    int width;
    const float* values;
    JNERF_FN float operator()(int64_t i) const {
        const int64_t at = grid.first + i;
        const VoxelSlopes slopes(grid, values, width, at < grid.n_rows ? at : at - grid.n_rows);
        float sum = 0;
        for (int j = 0; j < width; j++) sum += slopes.root(j);
        return sum;
    }
};

// Of the sum times `factor`, by the values.
struct VoxelVariationBackward {
    VoxelNeighbours grid;
    int width;
    const float* values;
    float factor;
    float* grad_values;
    JNERF_FN void operator()(int64_t row) const {
        float* out = grad_values + row * width;
        for (int j = 0; j < width; j++) out[j] = 0;
        if (grid.selected(row)) {
            const VoxelSlopes s(grid, values, width, row);
            for (int j = 0; j < width; j++)
                out[j] -= factor * (s.slope(0, j) * s.scale[0] + s.slope(1, j) * s.scale[1] + s.slope(2, j) * s.scale[2]) / s.root(j);
        }
        const VoxelVertex vertex = grid.vertex(row);
        for (int k = 0; k < 3; k++) {
            const int64_t before = grid.beside(vertex, k, -1);
            if (before < 0 || !grid.selected(before)) continue;
            const VoxelSlopes s(grid, values, width, before);
            for (int j = 0; j < width; j++) out[j] += factor * s.slope(k, j) * s.scale[k] / s.root(j);
        }
    }
};

}  // namespace jnerf
