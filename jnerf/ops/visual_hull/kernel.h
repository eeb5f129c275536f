// Which cells silhouettes prove empty (Laurentini 1994, the visual hull): of enough cameras, the picture of a cell lies
// within the image and on nothing but background. A cell's picture is bounded by that of the ball around it.
#pragma once
#include "common/jnerf_grid.h"

namespace jnerf {

// A camera is 20 floats: c2w by rows (12), fx, fy, cx, cy, width, height, padding.
struct Carve {
    const float *grid, *cameras;
    // [N, rows, cols]: blocks with foreground above and to the left of each corner of the image's blocks
    const int* counts;
    int n_cameras, rows, cols, res, levels, least;
    float block;  // pixels a side
    float* out;

    // Foreground in blocks x0 .. x1, y0 .. y1 of an image, bounds included.
    JNERF_FN int foreground(int camera, int x0, int y0, int x1, int y1) const {
        const int* c = counts + (int64_t)camera * rows * cols;
        return c[(y1 + 1) * cols + x1 + 1] - c[y0 * cols + x1 + 1] - c[(y1 + 1) * cols + x0] + c[y0 * cols + x0];
    }

    JNERF_FN bool background(int camera, const float* x, float radius) const {
        const float* k = cameras + 20 * (int64_t)camera;
        float v[3] = {0.f, 0.f, 0.f};  // in camera axes: x right, y up, looking along -z
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++) v[j] = fmaf(k[4 * i + j], x[i] - k[4 * i + 3], v[j]);
        const float depth = -v[2];
        if (!(depth > 1.001f * radius)) return false;
        const float tan_x = v[0] / depth, tan_y = v[1] / depth, nearest = radius / (depth - radius);
        const float u = fmaf(k[12], tan_x, k[14]), w = fmaf(-k[13], tan_y, k[15]);
        const float du = k[12] * nearest * (1.f + fabsf(tan_x)), dw = k[13] * nearest * (1.f + fabsf(tan_y));
        if (!(u - du > 0.f && w - dw > 0.f && u + du < k[16] && w + dw < k[17])) return false;
        const int x0 = (int)floorf((u - du) / block), x1 = (int)floorf((u + du) / block);
        const int y0 = (int)floorf((w - dw) / block), y1 = (int)floorf((w + dw) / block);
        return foreground(camera, x0, y0, x1, y1) == 0;
    }

    JNERF_FN void operator()(int64_t i) const {
        out[i] = grid[i];
        if (grid[i] < 0.f) return;
        const int64_t per_level = (int64_t)res * res * res;
        const int level = (int)(i / per_level);
        int c[3];
        cell_coords((int)(i % per_level), res, c);
        const float side = exp2i(level) / res;
        float x[3];
        for (int k = 0; k < 3; k++) x[k] = fmaf((float)c[k] + 0.5f - 0.5f * res, side, 0.5f);
        int found = 0;
        for (int n = 0; n < n_cameras && found < least; n++) found += background(n, x, 0.8661f * side);
        if (found >= least) out[i] = -1.f;
    }
};

}  // namespace jnerf
