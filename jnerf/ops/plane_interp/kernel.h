// Bilinear lookups in the planes xy, xz and yz of tri-planes, features last. A scale has g x g vertices on each plane;
// vertex 0 lies at coordinate 0, the last one at 1. What one sample needs, in chunks of W features.
#pragma once
#include "common/jnerf_common.h"
#include "grid_interp/kernel.h"

namespace jnerf {

constexpr int PLANE_SCALES = 8;
enum PlaneCombine { PLANE_PRODUCT, PLANE_SUM, PLANE_MEAN, PLANE_CONCAT };

struct PlaneGrid {
    int64_t n_samples;
    int n_scales, n_features, combine;
    bool summed;  // scales are added up; else they lie one behind the other, [scales, samples, width]
    int resolution[PLANE_SCALES];
    const float *positions, *table;

    JNERF_FN int width() const { return combine == PLANE_CONCAT ? 3 * n_features : n_features; }
    JNERF_FN int64_t first_row(int scale) const {
        int64_t row = 0;
        for (int s = 0; s < scale; s++) row += 3 * (int64_t)resolution[s] * resolution[s];
        return row;
    }
    // Where the features of a sample begin that a scale gives, or adds to.
    JNERF_FN int64_t feature(int scale, int64_t i) const { return ((summed ? 0 : scale * n_samples) + i) * width(); }
};

// The axes of plane xy, xz or yz; the first runs fastest in memory.
JNERF_FN int plane_first_axis(int plane) { return plane == 2; }
JNERF_FN int plane_second_axis(int plane) { return plane == 0 ? 1 : 2; }

// Where a sample lies on one axis of a scale.
struct PlaneAxis {
    int cell;
    float t, slope;  // weight of the upper vertex, its derivative
    JNERF_FN PlaneAxis(float x, int g) {
        const float last = (float)(g - 1), at = x * last;
        cell = grid_cell(at, g);
        t = at - cell;
        t = t < 0 ? 0 : t > 1 ? 1 : t;  // keeps NaN
        slope = x < 0 || x > 1 ? 0.0f : last;
    }
};

// W features of a vertex; on a GPU four are one load.
template <int W> JNERF_FN void plane_row(float (&v)[W], const float* p) {
#ifdef __CUDA_ARCH__
    if (W == 4) {
        const float4 row = *(const float4*)p;
        v[0] = row.x, v[1 % W] = row.y, v[2 % W] = row.z, v[3 % W] = row.w;
        return;
    }
#endif
    for (int l = 0; l < W; l++) v[l] = p[l];
}

// The cell of a sample on one plane: its lowest vertex, and what the vertices (0, 0), (1, 0), (0, 1), (1, 1) weigh.
struct PlaneCell {
    const float* rows;
    int64_t up;  // from a vertex to the one above it along the second axis, in floats
    float w[4];
    float along_a[4], along_b[4];  // derivatives of the weights by the two coordinates

    JNERF_FN PlaneCell(const PlaneGrid& grid, int scale, int plane, const float* x) {
        const int g = grid.resolution[scale], F = grid.n_features;
        const PlaneAxis a(x[plane_first_axis(plane)], g), b(x[plane_second_axis(plane)], g);
        rows = grid.table + (grid.first_row(scale) + ((int64_t)plane * g + b.cell) * g + a.cell) * F;
        up = (int64_t)g * F;
        w[0] = (1 - a.t) * (1 - b.t), w[1] = a.t * (1 - b.t), w[2] = (1 - a.t) * b.t, w[3] = a.t * b.t;
        along_a[0] = -a.slope * (1 - b.t), along_a[1] = a.slope * (1 - b.t), along_a[2] = -a.slope * b.t, along_a[3] = a.slope * b.t;
        along_b[0] = -b.slope * (1 - a.t), along_b[1] = -b.slope * a.t, along_b[2] = b.slope * (1 - a.t), along_b[3] = b.slope * a.t;
    }
    // Derivative of weight c along `direction`.
    JNERF_FN float turned(int c, int plane, const float* direction) const {
        return direction[plane_first_axis(plane)] * along_a[c] + direction[plane_second_axis(plane)] * along_b[c];
    }
    JNERF_FN int64_t offset(int c, int F) const { return (c & 1) * F + (c >> 1) * up; }
    // The mean of the corners with weights `v`, of W features from f on.
    template <int W> JNERF_FN void look(int F, int f, const float (&v)[4], float (&out)[W]) const {
        for (int l = 0; l < W; l++) out[l] = 0;
        for (int c = 0; c < 4; c++) {
            float row[W];
            plane_row<W>(row, rows + offset(c, F) + f);
            for (int l = 0; l < W; l++) out[l] += v[c] * row[l];
        }
    }
};

// The gradient by what plane p says, given `grad`, that of the sample's features of this scale, at feature f.
template <int W> JNERF_FN void plane_factor(const PlaneGrid& grid, int p, const float (&values)[3][W], const float* grad, int f, float (&out)[W]) {
    const float* g = grad + f + (grid.combine == PLANE_CONCAT ? p * grid.n_features : 0);
    const float share = grid.combine == PLANE_MEAN ? 1.0f / 3 : 1.0f;
    for (int l = 0; l < W; l++) out[l] = grid.combine == PLANE_PRODUCT ? g[l] * values[p == 0][l] * values[p == 2 ? 1 : 2][l] : g[l] * share;
}

// d loss / d position of sample i, given that of the features.
template <int W> struct PlaneInterpBackwardPositions {
    PlaneGrid grid;
    const float* grad_features;
    float* grad_positions;
    JNERF_FN void operator()(int64_t i) const {
        const int F = grid.n_features;
        float sums[3] = {};
        for (int scale = 0; scale < grid.n_scales; scale++) {
            const float *x = grid.positions + 3 * i, *grad = grad_features + grid.feature(scale, i);
            const PlaneCell cells[3] = {{grid, scale, 0, x}, {grid, scale, 1, x}, {grid, scale, 2, x}};
            float dots[3][4][W] = {};
            for (int f = 0; f < F; f += W) {
                float values[3][W], factor[W];
                if (grid.combine == PLANE_PRODUCT)
                    for (int p = 0; p < 3; p++) cells[p].template look<W>(F, f, cells[p].w, values[p]);
                for (int p = 0; p < 3; p++) {
                    plane_factor<W>(grid, p, values, grad, f, factor);
                    for (int c = 0; c < 4; c++) {
                        float row[W];
                        plane_row<W>(row, cells[p].rows + cells[p].offset(c, F) + f);
                        for (int l = 0; l < W; l++) dots[p][c][l] += factor[l] * row[l];
                    }
                }
            }
            for (int p = 0; p < 3; p++)
                for (int c = 0; c < 4; c++) {
                    float dot = 0;
                    for (int l = 0; l < W; l++) dot += dots[p][c][l];
                    sums[plane_first_axis(p)] += dot * cells[p].along_a[c];
                    sums[plane_second_axis(p)] += dot * cells[p].along_b[c];
                }
        }
        for (int d = 0; d < 3; d++) grad_positions[3 * i + d] = sums[d];
    }
};

}  // namespace jnerf
