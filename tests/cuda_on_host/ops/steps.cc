// What proposals are made of: step functions along rays, and the losses that read them.
#include "distortion/cuda.h"
#include "interlevel/cuda.h"
#include "median_depth/cuda.h"
#include "play.h"
#include "step_resample/cuda.h"
#include "step_widen/cuda.h"
using namespace jnerf;

// numbers: anneal, padding, floor, h(near), h(far), a, b, unit; sizes: n_old, n, centres, single_jitter, jitter, seed, step, code
extern "C" void resample(int64_t n, const float* starts, const float* ends, const float* weights, const float* v, const int* k, float* s_starts, float* s_ends,
                         float* t_starts, float* t_ends, int* rays, int* packed, float* mass) {
    const Spacing spacing{k[7], v[3], v[4], v[5], v[6], v[7]};
    step_resample(n, {starts, ends, weights, k[0], k[1], k[2] != 0, v[0], v[1], v[2], k[3] != 0, k[4] != 0, (uint32_t)k[5], (uint32_t)k[6], spacing, s_starts, s_ends, t_starts,
                      t_ends, rays, packed, mass});
}

extern "C" void widen(int64_t n, const float* starts, const float* ends, const float* weights, int64_t n_old, float by, float* new_starts, float* new_ends, float* new_weights) {
    step_widen(n, {starts, ends, weights, (int)n_old, by, new_starts, new_ends, new_weights});
}

extern "C" void spread(int64_t n, int64_t size, const float* starts, const float* ends, const float* weights, const int* packed, float* loss, const float* grad_loss, float* grad) {
    const DistortionInput in{starts, ends, weights, packed};
    distortion(n, {in, loss});
    distortion_backward(n, size, {in, grad_loss, grad});
}

extern "C" void median(int64_t n, const float* weights, const float* starts, const float* ends, const int* packed, float* depths) {
    median_depth(n, {weights, starts, ends, packed, nullptr, depths});
}

// A radius below 0: the histogram form.
extern "C" void between(int64_t n, int64_t size, const float* starts, const float* ends, const float* weights, const int* packed, const float* f_starts, const float* f_ends,
                        const float* f_weights, const int* f_packed, float radius, float eps, float* loss, const float* grad_loss, float* grad) {
    const StepWeights proposal{starts, ends, weights, packed}, field{f_starts, f_ends, f_weights, f_packed};
    if (radius < 0.0f) {
        interlevel(n, Interlevel{proposal, field, eps, loss, nullptr, nullptr});
        interlevel_backward(n, size, Interlevel{proposal, field, eps, nullptr, grad_loss, grad});
    } else {
        interlevel(n, InterlevelBlurred{proposal, field, radius, eps, loss, nullptr, nullptr});
        interlevel_backward(n, size, InterlevelBlurred{proposal, field, radius, eps, nullptr, grad_loss, grad});
    }
}
