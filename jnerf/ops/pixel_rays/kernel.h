// Training rays in one go: a pixel, the ray through it, and its colour.
#pragma once
#include "camera_rays/kernel.h"
#include "draw_pixels/kernel.h"

namespace jnerf {

struct PixelRays {
    DrawPixels draw;
    CameraRays cast;        // of what was drawn
    const int* places;      // [N, 3]: first pixel mod 2^30 and div 2^30, width
    const uint8_t* pixels;  // [P, 4]
    float* rgba;            // [R, 4]
    JNERF_FN void operator()(int64_t i) const {
        draw(i);
        cast(i);
        const int* place = places + 3 * (int64_t)draw.images[i];
        const int64_t pixel = place[0] + ((int64_t)place[1] << 30) + (int64_t)draw.y[i] * place[2] + draw.x[i];
        for (int c = 0; c < 4; c++) rgba[4 * i + c] = pixels[4 * pixel + c] / 255.0f;
    }
};

JNERF_ENTRY void pixel_rays(int64_t n, const PixelRays& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
