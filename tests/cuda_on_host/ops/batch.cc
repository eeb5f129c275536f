// What prepares and judges a batch of rays, and the steps of a march from window to window.
#include "background/cuda.h"
#include "leading_rows/cuda.h"
#include "photometric/cuda.h"
#include "pixel_rays/cuda.h"
#include "play.h"
#include "ray_visible/cuda.h"
#include "scale_rows/cuda.h"
#include "unit_box/cuda.h"
using namespace jnerf;

extern "C" void behind(int64_t n, int64_t random, int64_t seed, int64_t step, int64_t draw, float* out) {
    background(n, {random != 0, (uint32_t)seed, (uint32_t)step, (uint32_t)draw, {0.25f, 0.5f, 1.0f}, out});
}

extern "C" void pixel_batch(int64_t n, const int* windows, int64_t n_images, int64_t shift, int64_t seed, int64_t step, const float* c2w, const float* intrinsics, const int* places,
                            const int* pixels, int* images, int* x, int* y, float* rays_o, float* rays_d, float* rgba) {
    pixel_rays(n, {{windows, (uint32_t)n_images, (uint32_t)shift, (uint32_t)seed, (uint32_t)step, 11, 12, images, x, y},
                   {images, x, y, c2w, intrinsics, nullptr, rays_o, rays_d}, places, (const uint8_t*)pixels, rgba});
}

extern "C" void losses(int64_t n, int64_t kind, float delta, float weight, const float* colors, const float* rgba, const float* behind, const float* live, float* n_live,
                       float* values, float* gradient, float* loss) {
    photometric(n, {(PhotometricKind)kind, delta, weight, colors, rgba, behind, live, n_live, values, gradient}, loss);
}

extern "C" void rows(int64_t n, const float* from, float* to, const float* factors, int64_t stride, float* scaled, const float* low, const float* inverse, float* unit) {
    leading_rows(from, to, n * 3 * (int64_t)sizeof(float));
    scale_rows(n * 3, {from, factors, stride, 3, scaled});
    unit_box(n * 3, {from, low, inverse, 3, unit});
}

// The end of a march of one window, of fixed sizes (slots > 0) or exact ones.
extern "C" void end(int64_t n, const float* starts, const float* ends, const float* sigmas, const int* window, const int* state_in, int64_t capacity, int64_t slots,
                    int* kept, float* trans, int* packed, int* totals, int* state, float* live, int* count) {
    visible_end(n, {nullptr, nullptr, nullptr, starts, ends, sigmas, window, state_in, 1}, 1e-4f,
                {capacity, (int)slots, false, kept, trans, packed, totals, state, live, count});
}
