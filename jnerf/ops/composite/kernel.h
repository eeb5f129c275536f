// Volume rendering by quadrature (Max 1995; Mildenhall et al. 2020, equation 3), one ray at a time:
//   alpha_i = 1 - exp(-sigma_i dt_i),  T_i = prod_{j<i} (1 - alpha_j),  w_i = T_i alpha_i,
//   C = sum w_i c_i + T_end background,  O = sum w_i,  D = sum w_i t_i with t_i the interval's midpoint.
// Rows behind those of the last ray are padding (jnerf_pack.h) and weigh nothing.
// A ray whose transmittance falls under `early_stop` ends there (tested before each sample) and sees no background.
// With `opaque` the last sample has alpha 1; with `last_color` its colour is the background.
#pragma once
#include "common/jnerf_common.h"
#include "common/jnerf_pack.h"

namespace jnerf {

struct CompositeInput {
    const float *sigmas, *rgbs, *t_starts, *t_ends;  // rgbs: null for weights alone; colours are then black
    const int* packed_info;
    const float* background;  // [R, 3] or null
    float early_stop;
    bool opaque = false, last_color = false;

    // What shines through the samples of a ray, the last of which is given: null for black.
    JNERF_FN const float* behind(int64_t ray, int64_t count, int64_t last) const {
        if (last_color) return count > 0 ? rgbs + 3 * last : nullptr;
        return background ? background + 3 * ray : nullptr;
    }
};

struct CompositeForward {
    CompositeInput in;
    float *colors, *opacities, *depths, *weights, *trans;
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = in.packed_info[2 * ray], count = in.packed_info[2 * ray + 1];
        float color[3] = {}, opacity = 0, depth = 0, t = 1;
        for (int64_t i = first; i < first + count; i++) {
            trans[i] = t;
            weights[i] = 0;
            if (t < in.early_stop) continue;
            const bool closed = in.opaque && i + 1 == first + count;
            const float keep = closed ? 0.0f : expf(-in.sigmas[i] * (in.t_ends[i] - in.t_starts[i])), w = t * (1 - keep);
            for (int k = 0; in.rgbs && k < 3; k++) color[k] += w * in.rgbs[3 * i + k];
            opacity += w;
            depth += w * 0.5f * (in.t_starts[i] + in.t_ends[i]);
            weights[i] = w;
            t *= keep;
        }
        finish(ray, count, first + count - 1, color, opacity, depth, t);
    }
    JNERF_FN void finish(int64_t ray, int64_t count, int64_t last, const float* color, float opacity, float depth, float t) const {
        const float* behind = t < in.early_stop ? nullptr : in.behind(ray, count, last);
        for (int k = 0; k < 3; k++) colors[3 * ray + k] = color[k] + (behind ? t * behind[k] : 0.0f);
        opacities[ray] = opacity;
        depths[ray] = depth;
    }
};

// With v_i = d loss / d w_i: d loss / d sigma_i = dt_i (T_{i+1} v_i - sum_{j>i} w_j v_j - T_end v_background), from the
// last sample to the first; the sum is built up backwards, so that nothing is subtracted from a total.
struct CompositeBackward {
    CompositeInput in;
    const float *weights, *trans;
    const float *grad_colors, *grad_opacities, *grad_depths, *grad_weights, *grad_trans;  // null: no gradient
    float *grad_sigmas, *grad_rgbs;  // the latter null where there are no rgbs
    // Of a ray: its gradients, what is left behind its samples, and what that adds to the sum.
    struct Ray {
        float color[3], opacity, depth, rest, suffix;
        bool behind;
    };
    JNERF_FN Ray begin(int64_t ray, int64_t first, int64_t count) const {
        Ray of{};
        for (int k = 0; grad_colors && k < 3; k++) of.color[k] = grad_colors[3 * ray + k];
        of.opacity = grad_opacities ? grad_opacities[ray] : 0.0f, of.depth = grad_depths ? grad_depths[ray] : 0.0f;
        const int64_t last = first + count - 1;
        of.rest = count > 0 ? trans[last] - weights[last] : 0.0f;
        const float* behind = count == 0 || of.rest < in.early_stop ? nullptr : in.behind(ray, count, last);
        of.behind = behind != nullptr;
        for (int k = 0; behind && k < 3; k++) of.suffix += of.rest * of.color[k] * behind[k];
        return of;
    }

    // Of a sample: its step, T_{i+1}, d loss / d w_i, and what it adds to the sum. Writes the gradient of its colour.
    struct Sample {
        float dt, after, v, added;
        bool seen;
    };
    JNERF_FN Sample sample(const Ray& of, int64_t i) const {
        const bool seen = !(trans[i] < in.early_stop);
        const float w = weights[i];
        float v = of.opacity + of.depth * 0.5f * (in.t_starts[i] + in.t_ends[i]) + (grad_weights ? grad_weights[i] : 0.0f);
        for (int k = 0; in.rgbs && k < 3; k++) {
            v += of.color[k] * in.rgbs[3 * i + k];
            grad_rgbs[3 * i + k] = w * of.color[k];
        }
        return {in.t_ends[i] - in.t_starts[i], trans[i] - w, v, (seen ? w * v : 0.0f) + trans[i] * (grad_trans ? grad_trans[i] : 0.0f), seen};
    }
    JNERF_FN void put(int64_t i, const Sample& s, float suffix) const { grad_sigmas[i] = s.seen ? s.dt * (s.after * s.v - suffix) : 0.0f; }
    JNERF_FN void finish(const Ray& of, int64_t last) const {
        for (int k = 0; in.last_color && of.behind && k < 3; k++) grad_rgbs[3 * last + k] += of.rest * of.color[k];
    }

    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = in.packed_info[2 * ray], count = in.packed_info[2 * ray + 1];
        const Ray of = begin(ray, first, count);
        float suffix = of.suffix;
        for (int64_t i = first + count - 1; i >= first; i--) {
            const Sample s = sample(of, i);
            put(i, s, suffix);
            suffix += s.added;
        }
        finish(of, first + count - 1);
    }
};

struct CompositePadding {
    float *weights, *trans;
    JNERF_FN void operator()(int64_t row) const { weights[row] = 0.0f, trans[row] = 1.0f; }
};

struct CompositePaddingGrad {
    float *grad_sigmas, *grad_rgbs;
    JNERF_FN void operator()(int64_t row) const {
        grad_sigmas[row] = 0.0f;
        for (int k = 0; grad_rgbs && k < 3; k++) grad_rgbs[3 * row + k] = 0.0f;
    }
};

}  // namespace jnerf
