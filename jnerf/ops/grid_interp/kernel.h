// Multilinear lookup in a dense grid of features, x fastest. Vertex 0 lies at coordinate 0, the last one at 1.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

template <int D> struct GridShape {
    int resolution[D];  // vertices along x, y (, z)
    int64_t stride[D];  // in vertices
    int n_features, smooth;
    JNERF_FN int64_t plane() const { return stride[D - 1]; }  // vertices of one slice along the slowest axis
};

// From a shape [(Rz,) Ry, Rx, F].
template <int D, class Shape> inline GridShape<D> grid_shape(const Shape& sizes, double smooth) {
    GridShape<D> shape;
    int64_t stride = 1;
    for (int d = 0; d < D; d++) {
        shape.resolution[d] = (int)sizes[D - 1 - d];
        shape.stride[d] = stride;
        stride *= shape.resolution[d];
    }
    shape.n_features = (int)sizes[D];
    shape.smooth = smooth != 0;
    return shape;
}

// The cell along one axis; NaN lands in cell 0, so that no lookup leaves the grid.
JNERF_FN int grid_cell(float at, int resolution) {
    const float most = (float)(resolution - 2), positive = at > 0 ? at : 0;
    return (int)(positive < most ? positive : most);
}

template <int D> struct GridCell {
    int64_t vertex;  // the cell's lowest corner
    float w[D][2];   // weight of the lower and upper vertex
    float slope[D];  // d w[.][1] / dx
    JNERF_FN GridCell(const GridShape<D>& shape, const float* x) : vertex(0) {
        for (int d = 0; d < D; d++) {
            const float last = (float)(shape.resolution[d] - 1), at = x[d] * last;
            const int cell = grid_cell(at, shape.resolution[d]);
            float t = at - cell;
            t = t < 0 ? 0 : t > 1 ? 1 : t;  // keeps NaN
            slope[d] = x[d] < 0 || x[d] > 1 ? 0.0f : shape.smooth ? 6 * t * (1 - t) * last : last;
            if (shape.smooth) t = t * t * (3 - 2 * t);
            w[d][0] = 1 - t, w[d][1] = t;
            vertex += cell * shape.stride[d];
        }
    }
    // Bit d of `corner` says upper or lower along axis d.
    JNERF_FN int64_t at(const GridShape<D>& shape, int corner) const {
        int64_t index = vertex;
        for (int d = 0; d < D; d++) index += (corner >> d & 1) * shape.stride[d];
        return index;
    }
    JNERF_FN float weight(int corner) const {
        float product = 1;
        for (int d = 0; d < D; d++) product *= w[d][corner >> d & 1];
        return product;
    }
    JNERF_FN float weight_slope(int corner, int axis) const {
        float product = (corner >> axis & 1) ? slope[axis] : -slope[axis];
        for (int d = 0; d < D; d++) product *= d == axis ? 1.0f : w[d][corner >> d & 1];
        return product;
    }
};

template <int D> struct GridInterp {
    GridShape<D> shape;
    const float *positions, *grid;
    float* values;
    JNERF_FN void operator()(int64_t i) const {
        constexpr int kWidth = 8;  // features summed in registers at a time
        const GridCell<D> cell(shape, positions + D * i);
        const int F = shape.n_features;
        int first = 0;
        for (; first + kWidth <= F; first += kWidth) {
            float sum[kWidth] = {};
            for (int corner = 0; corner < 1 << D; corner++) {
                const float w = cell.weight(corner), *features = grid + cell.at(shape, corner) * F + first;
                for (int f = 0; f < kWidth; f++) sum[f] += w * features[f];
            }
            for (int f = 0; f < kWidth; f++) values[i * F + first + f] = sum[f];
        }
        for (; first < F; first++) {
            float sum = 0;
            for (int corner = 0; corner < 1 << D; corner++) sum += cell.weight(corner) * grid[cell.at(shape, corner) * F + first];
            values[i * F + first] = sum;
        }
    }
};

template <int D> struct GridInterpBackwardPositions {
    GridShape<D> shape;
    const float *positions, *grid, *grad_values;
    float* grad_positions;
    JNERF_FN void operator()(int64_t i) const {
        const GridCell<D> cell(shape, positions + D * i);
        const int F = shape.n_features;
        float grad[D] = {};
        for (int corner = 0; corner < 1 << D; corner++) {
            const float* features = grid + cell.at(shape, corner) * F;
            float dot = 0;
            for (int f = 0; f < F; f++) dot += grad_values[i * F + f] * features[f];
            for (int d = 0; d < D; d++) grad[d] += cell.weight_slope(corner, d) * dot;
        }
        for (int d = 0; d < D; d++) grad_positions[D * i + d] = grad[d];
    }
};

}  // namespace jnerf
