// Second derivatives: the gradient by position, turned along a direction of each sample, as a function of the planes and
// of the gradient that came in.
#pragma once
#include "plane_interp/kernel.h"

namespace jnerf {

// The derivative of the features of sample i along its direction; they add up over scales where these are summed.
template <int W> struct PlaneTurnedFeatures {
    PlaneGrid grid;
    const float* directions;
    float* out;
    JNERF_FN void operator()(int64_t i) const {
        const int F = grid.n_features;
        for (int scale = 0; scale < grid.n_scales; scale++) {
            const float *x = grid.positions + 3 * i, *direction = directions + 3 * i;
            const PlaneCell cells[3] = {{grid, scale, 0, x}, {grid, scale, 1, x}, {grid, scale, 2, x}};
            float turned[3][4];
            for (int p = 0; p < 3; p++)
                for (int c = 0; c < 4; c++) turned[p][c] = cells[p].turned(c, p, direction);
            float* to = out + grid.feature(scale, i);
            const bool add = grid.summed && scale > 0;
            for (int f = 0; f < F; f += W) {
                float values[3][W], rises[3][W];
                for (int p = 0; p < 3; p++) {
                    cells[p].template look<W>(F, f, turned[p], rises[p]);
                    if (grid.combine == PLANE_PRODUCT) cells[p].template look<W>(F, f, cells[p].w, values[p]);
                }
                const float share = grid.combine == PLANE_MEAN ? 1.0f / 3 : 1.0f;
                for (int l = 0; l < W; l++) {
                    if (grid.combine == PLANE_CONCAT) {
                        for (int p = 0; p < 3; p++) to[p * F + f + l] = rises[p][l] + (add ? to[p * F + f + l] : 0.0f);
                        continue;
                    }
                    float sum = 0;
                    if (grid.combine == PLANE_PRODUCT)
                        sum = rises[0][l] * values[1][l] * values[2][l] + values[0][l] * rises[1][l] * values[2][l] + values[0][l] * values[1][l] * rises[2][l];
                    else sum = (rises[0][l] + rises[1][l] + rises[2][l]) * share;
                    to[f + l] = sum + (add ? to[f + l] : 0.0f);
                }
            }
        }
    }
};

// What one sample adds to the rows of one plane of one scale: `add(c, f, v)` takes W values for corner c.
template <int W, class Add> JNERF_FN void plane_turned_rows(const PlaneGrid& grid, int scale, int p, int64_t i, const float* direction, const float* grad, const Add& add) {
    const int F = grid.n_features, q = p == 0, r = p == 2 ? 1 : 2;  // the other two
    const float* x = grid.positions + 3 * i;
    const PlaneCell cells[3] = {{grid, scale, 0, x}, {grid, scale, 1, x}, {grid, scale, 2, x}};
    float turned[3][4];
    for (int k = 0; k < 3; k++)
        for (int c = 0; c < 4; c++) turned[k][c] = cells[k].turned(c, k, direction);
    for (int f = 0; f < F; f += W) {
        float values[3][W], rises[3][W], factor[W], by_value[W] = {};
        if (grid.combine == PLANE_PRODUCT) {
            for (int k = 0; k < 3; k++) {
                cells[k].template look<W>(F, f, cells[k].w, values[k]);
                cells[k].template look<W>(F, f, turned[k], rises[k]);
            }
            for (int l = 0; l < W; l++) by_value[l] = grad[f + l] * (rises[q][l] * values[r][l] + values[q][l] * rises[r][l]);
        }
        plane_factor<W>(grid, p, values, grad, f, factor);
        for (int c = 0; c < 4; c++) {
            float v[W];
            for (int l = 0; l < W; l++) v[l] = cells[p].w[c] * by_value[l] + turned[p][c] * factor[l];
            add(cells[p].rows + cells[p].offset(c, F) - grid.table + f, v);
        }
    }
}

}  // namespace jnerf
