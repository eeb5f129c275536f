// Pixels of training rays: images take turns, ray i belonging to image (i + shift) mod N, and the pixel is uniform within
// the image's window (first column, first row, width, height).
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct DrawPixels {
    const int* windows;  // [N, 4]
    uint32_t n_images, shift, seed, step, draw_x, draw_y;
    int *images, *x, *y;
    // In double: in float, a number just below 1 times the width may round up to a column outside.
    JNERF_FN static int within(float u, int size) { return (int)((double)u * size); }
    JNERF_FN void operator()(int64_t i) const {
        const uint32_t ray = (uint32_t)i, image = (ray + shift) % n_images;
        const int* window = windows + 4 * (int64_t)image;
        images[i] = (int)image;
        x[i] = window[0] + within(uniform(seed, step, ray, draw_x), window[2]);
        y[i] = window[1] + within(uniform(seed, step, ray, draw_y), window[3]);
    }
};

JNERF_ENTRY void draw_pixels(int64_t n, const DrawPixels& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
