// Rows by number, columns, what is transient in a photograph, and losses of points.
#include "columns/cuda.h"
#include "lod_inputs/cuda.h"
#include "neighbour_variation/cuda.h"
#include "pick_rows/cuda.h"
#include "play.h"
#include "relative_error/cuda.h"
#include "transients/cuda.h"
using namespace jnerf;

extern "C" void picked(int64_t n, int64_t width, const float* array, const int* rows, float* out) { pick_rows(n, array, rows, width, out); }
extern "C" void added(int64_t n, int64_t width, const float* values, const int* rows, int64_t n_rows, float* sums) { add_rows(n, values, rows, width, n_rows, sums); }

// Two parts, of one and of `width` columns.
extern "C" void columns(int64_t n, int64_t width, const float* x, float* one, float* rest, float* joined) {
    copy_columns(n, {x, 1 + width, 0, one, 1, 0, 1});
    copy_columns(n, {x, 1 + width, 1, rest, width, 0, width});
    copy_columns(n, {one, 1, 0, joined, 1 + width, 0, 1});
    copy_columns(n, {rest, width, 0, joined, 1 + width, 1, width});
}

extern "C" void head(int64_t n, float bias, float scale, const float* raw, float* densities, float* colors, float* betas, float* grad) {
    transient_each(n, TransientHead{bias, scale, raw, densities, colors, betas});
    transient_each(n, TransientHeadGrad{bias, scale, raw, densities, colors, betas, grad});  // of half their squares
}
extern "C" void mix(int64_t n, const float* sigmas, const float* rgbs, const float* densities, const float* colors, const float* betas, float* both, float* mixed, float* channels,
                    float* by_sigmas, float* by_rgbs, float* by_densities, float* by_colors, float* by_betas) {
    const TransientInputs in{sigmas, rgbs, densities, colors, betas};
    transient_each(n, TransientMix{in, both, mixed, channels});
    transient_each(n, TransientMixGrad{in, both, mixed, channels, by_sigmas, by_rgbs, by_densities, by_colors, by_betas});
}
extern "C" void seen(int64_t n, float least, const float* channels, float* betas, float* opacities, float* grad) {
    transient_each(n, TransientSeen{least, channels, betas, opacities});
    transient_each(n, TransientSeenGrad{betas, opacities, grad});
}
extern "C" void error(int64_t n, float weight, const float* colors, const float* truth, int64_t wide, const float* background, const float* betas, const float* grad, float* values,
                      float* by_colors, float* by_betas, float* loss, float* grad_colors, float* grad_betas, float* grad_truth) {
    transient_error(n, {weight, colors, truth, background, betas, (int)wide, values, by_colors, by_betas}, loss);
    transient_each(n, TransientErrorGrad{grad, by_colors, by_betas, grad_colors, grad_betas, grad_truth});
}

extern "C" void points(int64_t n, float distance, int64_t seed, int64_t step, int64_t draw, float* out) { neighbour_points({distance, (uint32_t)seed, (uint32_t)step, (uint32_t)draw, n, out}); }
extern "C" void variation(int64_t levels, int64_t m, float weight, const float* features, const float* grad, float* values, float* sum, float* by_features) {
    neighbour_variation(levels * m, {{features, m}, values}, weight, sum);
    neighbour_variation_backward(levels * m, {{features, m}, grad, weight, by_features});
}

// Of three levels the first and the last.
extern "C" void lods(int64_t n, int64_t width, const float* unit, const float* features, float* coarse, float* fine, float* by_unit, float* by_features) {
    lod_each(n, LodInputs{unit, features, n, width, 3, {coarse, nullptr, fine}});
    lod_each(n, LodInputsGrad{n, width, 3, by_unit, by_features, {coarse, nullptr, fine}});
}

extern "C" void errors(int64_t n, int64_t columns, int64_t kind, float epsilon, float weight, const float* found, const float* truth, float* values, float* gradient, float* loss) {
    relative_error({(ErrorKind)kind, epsilon, weight, found, truth, n * columns, columns, values, gradient}, loss);
}
