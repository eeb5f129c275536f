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
    // Of ray i, once it is drawn.
    JNERF_FN const uint8_t* pixel(int64_t i) const {
        const int* place = places + 3 * (int64_t)draw.images[i];
        return pixels + 4 * (place[0] + ((int64_t)place[1] << 30) + (int64_t)draw.y[i] * place[2] + draw.x[i]);
    }
    JNERF_FN void look_up(int64_t i) const {
        const uint8_t* from = pixel(i);
        for (int c = 0; c < 4; c++) rgba[4 * i + c] = from[c] / 255.0f;
    }
    JNERF_FN void operator()(int64_t i) const {
        draw(i);
        cast(i);
        look_up(i);
    }
};

}  // namespace jnerf
