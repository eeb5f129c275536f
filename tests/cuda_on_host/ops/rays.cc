// Everything that places, filters or sums over samples of rays.
#include "camera_rays/cuda.h"
#include "composite/cuda.h"
#include "draw_pixels/cuda.h"
#include "expose/cuda.h"
#include "gather_rays/cuda.h"
#include "move_rays/cuda.h"
#include "play.h"
#include "ray_march/cuda.h"
#include "ray_points/cuda.h"
#include "ray_resample/cuda.h"
#include "ray_uniform/cuda.h"
#include "ray_visible/cuda.h"
using namespace jnerf;

extern "C" void pack(int64_t n, int64_t capacity, int* packed_info, int* totals) { pack_counts(n, capacity, packed_info, totals); }

static Box box_of(const float* b) { return {{b[0], b[1], b[2]}, {b[3], b[4], b[5]}}; }

extern "C" void uniform_count(int64_t n, const float* o, const float* d, const float* box, float near, float far, int64_t samples, int64_t seed, int64_t step, int64_t jitter,
                              int* packed, int* totals, float* starts, float* ends, int* rays) {
    const RayUniform kernel{o, d, box_of(box), near, far, (int)samples, (uint32_t)seed, (uint32_t)step, jitter != 0, packed};
    ray_uniform_count(n, kernel, INT_MAX, totals);
    ray_uniform_write(n, kernel, starts, ends, rays);
}

extern "C" void resample(int64_t n, const float* starts_in, const float* ends_in, const float* weights, const int* packed_in, int64_t points, int64_t merge, int64_t blur, float padding,
                         int64_t seed, int64_t step, int64_t jitter, int* packed, int* totals, float* starts, float* ends, int* rays) {
    const RayResample kernel{starts_in, ends_in, weights, packed_in, (int)points, merge != 0, blur != 0, padding, (uint32_t)seed, (uint32_t)step, jitter != 0, packed};
    ray_resample_count(n, kernel, INT_MAX, totals);
    ray_resample_write(n, kernel, starts, ends, rays);
}

extern "C" void draw(int64_t n, const int* windows, int64_t n_images, int64_t shift, int64_t seed, int64_t step, int64_t draw_x, int64_t draw_y, int* images, int* x, int* y) {
    draw_pixels(n, {windows, (uint32_t)n_images, (uint32_t)shift, (uint32_t)seed, (uint32_t)step, (uint32_t)draw_x, (uint32_t)draw_y, images, x, y});
}

// rule: box (6), near, far, cone, log_ratio, min_step, max_step
static RayMarch march_of(const float* o, const float* d, const uint8_t* bits, const uint8_t* blocks, const float* rule, const int* sizes) {
    return {o, d, (const uint64_t*)bits, blocks, box_of(rule), rule[6], rule[7], {rule[8], rule[9], rule[10], rule[11]}, sizes[0], sizes[1], sizes[2], (uint32_t)sizes[3], (uint32_t)sizes[4], sizes[5] != 0};
}

extern "C" void march_count(int64_t n, const float* o, const float* d, const uint8_t* bits, const uint8_t* blocks, const float* rule, const int* sizes, int64_t capacity, int* packed,
                            float* first, int* totals) {
    ray_march_count(n, {march_of(o, d, bits, blocks, rule, sizes), packed, first}, capacity, totals);
}

extern "C" void march_write(int64_t n, const float* o, const float* d, const uint8_t* bits, const uint8_t* blocks, const float* rule, const int* sizes, const int* packed,
                            const float* first, float* starts, float* ends, int* rays) {
    ray_march_write(n, {march_of(o, d, bits, blocks, rule, sizes), packed, first, starts, ends, rays});
}

extern "C" void window(int64_t n, const float* o, const float* d, const uint8_t* bits, const uint8_t* blocks, const float* rule, const int* sizes, const float* next_in,
                       const int* kept, const float* trans, int64_t looked, int64_t length, float early_stop, int* packed, float* first, float* next, int* totals) {
    visible_count(n, {march_of(o, d, bits, blocks, rule, sizes), next_in, kept, trans, (int)looked, (int)length, early_stop, packed, first, next}, INT_MAX, totals);
}

extern "C" void advance(int64_t n, const float* starts, const float* ends, const float* sigmas, const int* window, const int* kept_in, const float* trans_in, float early_stop,
                        int* kept, float* trans) {
    visible_advance(n, {starts, ends, sigmas, window, kept_in, trans_in, early_stop, kept, trans});
}

extern "C" void keep(int64_t n, const int* kept, int64_t capacity, int* packed, int* totals) { visible_pack(n, {kept, packed}, capacity, totals); }

// State: see padded.h.
extern "C" void padded_window(int64_t n, const float* o, const float* d, const uint8_t* bits, const uint8_t* blocks, const float* rule, const int* sizes, const float* next_in,
                              const int* kept, const float* trans, int64_t looked, int64_t length, float early_stop, int64_t capacity, int64_t slots, int64_t slot,
                              const int* state_in, int* packed, float* first, float* next, int* totals, int* state, float* starts, float* ends, int* rays) {
    const RayMarch march = march_of(o, d, bits, blocks, rule, sizes);
    visible_count(n, {march, next_in, kept, trans, (int)looked, (int)length, early_stop, packed, first, next, state_in}, capacity, totals);
    visible_live(n, {packed, totals, state_in, capacity, (int)slots, (int)slot, state});
    ray_march_write(n, {march, packed, first, starts, ends, rays});
    pad_intervals(packed, n, capacity, starts, ends, rays);
}

extern "C" void padded_keep(int64_t n, const int* kept, int64_t capacity, int64_t slots, const int* state_in, int* packed, int* totals, int* state, float* live,
                            int64_t groups, int64_t width, float* features) {
    visible_pack(n, {kept, packed, state_in}, capacity, totals);
    visible_live(n, {packed, totals, state_in, capacity, (int)slots, VISIBLE_WANTED, state});
    visible_mask(n, {state, live});
    visible_pad_features(packed, n, {features, groups, capacity, (int)width});
}

// Two windows.
extern "C" void gather(int64_t n, const int* packed, const int* rows0, const float* starts0, const float* ends0, const float* features0, int64_t n0,
                       const int* rows1, const float* starts1, const float* ends1, const float* features1, int64_t n1, int64_t looked1,
                       float* starts, float* ends, int* rays, int64_t groups, int64_t n_out, int64_t width, float* features) {
    const VisibleWindows windows{{{rows0, starts0, ends0, features0, n0, 0}, {rows1, starts1, ends1, features1, n1, (int)looked1}}, 2, packed};
    visible_gather(n, {windows, starts, ends, rays});
    visible_gather_features({windows, n, groups, n_out, (int)width, features});
}

extern "C" void composite(int64_t n, int64_t size, const float* sigmas, const float* rgbs, const float* starts, const float* ends, const int* packed, const float* background, float early_stop,
                          float* colors, float* opacities, float* depths, float* weights, float* trans, const float* grads, const float* grad_weights, const float* grad_trans,
                          float* grad_sigmas, float* grad_rgbs) {
    const CompositeInput in{sigmas, rgbs, starts, ends, packed, background, early_stop};
    composite_forward(n, size, {in, colors, opacities, depths, weights, trans});
    composite_backward(n, size, {in, weights, trans, grads, grads + 3 * n, grads + 4 * n, grad_weights, grad_trans, grad_sigmas, grad_rgbs});
}

extern "C" void rows_of_rays(int64_t n_rays, int64_t n, const float* rows, const int* rays, const int* packed, int64_t channels, float* out, const float* values, float* sums) {
    gather_rays(n, {rows, rays, out, (int)channels});
    sum_over_rays(n_rays, {values, packed, sums, (int)channels});
}

extern "C" void points(int64_t n, const float* o, const float* d, const float* starts, const float* ends, const int* rays, float* positions) {
    ray_points(n, {o, d, starts, ends, rays, positions});
}

extern "C" void points_backward(int64_t n_rays, const float* grad, const float* starts, const float* ends, const int* packed, float* grad_o, float* grad_d) {
    ray_points_backward(n_rays, {grad, starts, ends, packed, grad_o, grad_d});
}

// parts: float [ceil(n / 1024), images, 6]
extern "C" void moved(int64_t n, int64_t images, const float* o, const float* d, const int* image, const float* twists, const float* pivot, int64_t rigid, float* moved_o, float* moved_d,
                      const float* grad_o, const float* grad_d, float* parts, float* grad_twists) {
    move_rays(n, {o, d, image, twists, {pivot[0], pivot[1], pivot[2]}, rigid != 0, moved_o, moved_d});
    move_rays_backward({{o, moved_d, grad_o, grad_d, image, twists, {pivot[0], pivot[1], pivot[2]}, rigid != 0}, n, images, parts}, grad_twists);
}

// parts: float [ceil(n / 1024), images, 3]
extern "C" void exposed(int64_t n, int64_t images, const float* colors, const float* opacities, const float* background, const float* rgba, const float* stops, const int* image, float* out,
                        const float* grad_out, float* grad_colors, float* grad_opacities, float* parts, float* grad_stops) {
    expose(n, {colors, opacities, background, rgba, stops, image, out});
    expose_backward({colors, opacities, background, rgba, stops, image, grad_out, grad_colors, grad_opacities}, n, images, parts, grad_stops);
}

extern "C" void pixels(int64_t n, const int* cameras, const int* x, const int* y, const float* c2w, const float* intrinsics, float* rays_o, float* rays_d) {
    camera_rays(n, {cameras, x, y, c2w, intrinsics, nullptr, rays_o, rays_d});
}
