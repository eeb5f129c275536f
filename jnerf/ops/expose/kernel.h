// Rendered colours under exposures. With s = (color - (1 - o) b) / o a ray's own colour and L(s) its linear light,
//   out = o f(s) + (1 - o) b,   f(s) = S(2^e L(s)),   at most 1 where the photograph is white.
// d out / d color = f',   d out / d o = f - b + f' (b - s),   d out / d e = o S'(l) l ln 2 with l = 2^e L(s).
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

constexpr int kExposeChunk = 1024;  // rays whose gradients are summed in one go
constexpr float kLeastOpacity = 1e-3f;

// f(s), and its slopes by s and by e. Above 1 the curve goes on, below 0 it is a line.
struct Exposed {
    float value, slope, by_stops;
    JNERF_FN Exposed(float s, float stops, bool white) {
        const float factor = exp2f(stops);
        float linear, to_linear, to_srgb;
        if (s <= 0.04045f) {
            linear = s / 12.92f, to_linear = 1 / 12.92f;
        } else {
            const float base = (s + 0.055f) / 1.055f, power = powf(base, 1.4f);
            linear = power * base, to_linear = 2.4f / 1.055f * power;
        }
        const float light = factor * linear;
        if (light <= 0.0031308f) {
            value = 12.92f * light, to_srgb = 12.92f;
        } else {
            const float root = powf(light, 1 / 2.4f);
            value = 1.055f * root - 0.055f, to_srgb = 1.055f / 2.4f * root / light;
        }
        slope = to_srgb * factor * to_linear, by_stops = to_srgb * light * 0.69314718f;
        if (white && value > 1) value = 1, slope = by_stops = 0;
    }
};

struct Expose {
    const float *colors, *opacities, *background, *rgba, *stops;  // background: null for black
    const int* images;
    float* out;
    JNERF_FN void operator()(int64_t ray) const {
        const float o = opacities[ray];
        for (int c = 0; c < 3; c++) {
            const int64_t i = 3 * ray + c;
            const float behind = background ? (1 - o) * background[i] : 0;
            if (o < kLeastOpacity) {
                out[i] = colors[i];
                continue;
            }
            const bool white = rgba[4 * ray + c] >= 1;
            const Exposed seen((colors[i] - behind) / o, stops[3 * (int64_t)images[ray] + c], white);
            out[i] = o * seen.value + behind;
        }
    }
};

// Gradients of the stops are summed over the rays of an image in their order: first within chunks, then over chunks.
struct ExposeGrad {
    const float *colors, *opacities, *background, *rgba, *stops;
    const int* images;
    const float* grad_out;
    float *grad_colors, *grad_opacities;

    JNERF_FN Exposed seen(int64_t ray, int c, float* s) const {
        const float o = opacities[ray], b = background ? background[3 * ray + c] : 0;
        *s = (colors[3 * ray + c] - (1 - o) * b) / o;
        return Exposed(*s, stops[3 * (int64_t)images[ray] + c], rgba[4 * ray + c] >= 1);
    }
    JNERF_FN void operator()(int64_t ray) const {
        float of_opacity = 0, s;
        const bool empty = opacities[ray] < kLeastOpacity;
        for (int c = 0; c < 3; c++) {
            const int64_t i = 3 * ray + c;
            if (empty) {
                grad_colors[i] = grad_out[i];
                continue;
            }
            const Exposed f = seen(ray, c, &s);
            const float b = background ? background[i] : 0;
            grad_colors[i] = grad_out[i] * f.slope;
            of_opacity += grad_out[i] * (f.value - b + f.slope * (b - s));
        }
        grad_opacities[ray] = of_opacity;
    }
    // Adds the gradient of ray i's stops.
    JNERF_FN void add(int64_t ray, float* sum) const {
        const float o = opacities[ray];
        if (o < kLeastOpacity) return;
        float s;
        for (int c = 0; c < 3; c++) sum[c] += grad_out[3 * ray + c] * o * seen(ray, c, &s).by_stops;
    }
};

struct ExposeSum {
    const float* parts;  // [chunks, width]
    int64_t chunks, width;  // width = 3 N
    float* grad_stops;
    JNERF_FN void operator()(int64_t i) const {
        float sum = 0;
        for (int64_t chunk = 0; chunk < chunks; chunk++) sum += parts[chunk * width + i];
        grad_stops[i] = sum;
    }
};

inline void expose(int64_t n, const Expose& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
