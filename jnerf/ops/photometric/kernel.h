// Losses between rendered and true colours, with their gradient: d loss / d color = weight * slope(d) / (3 R).
#pragma once
#include "common/jnerf_common.h"
#include "photometric/sum.h"

namespace jnerf {

enum class PhotometricKind { mse, l1, huber, charbonnier };

struct Photometric {
    PhotometricKind kind;
    float delta, weight;
    const float *colors, *rgba;
    const float *background, *live;  // null: black; all rays count
    float* n_live;                   // [1]
    float* values;                   // [R], sums over channels
    float* gradient;                 // [R, 3]
    int64_t n_rays = 0;
    JNERF_FN void operator()(int64_t ray) const {
        const float alpha = rgba[4 * ray + 3], whole = live ? weight / (*n_live / n_rays) : weight;
        const float share = whole * (1.0f / (3.0f * n_rays));
        float value = 0.0f;
        for (int c = 0; c < 3; c++) {
            const int64_t i = 3 * ray + c;
            // As Jittor's own operators round it.
            const float rgb = rgba[4 * ray + c];
            const float d = background ? colors[i] - fmaf(1.0f - alpha, background[i], rgb * alpha) : fmaf(-rgb, alpha, colors[i]);
            const float size = fabsf(d), sign = d < 0.0f ? -1.0f : d > 0.0f ? 1.0f : d;
            float slope;
            if (kind == PhotometricKind::mse) {
                value += d * d;
                slope = 2.0f * (share * d);
            } else if (kind == PhotometricKind::l1) {
                value += size;
                slope = share * sign;
            } else if (kind == PhotometricKind::charbonnier) {
                const float root = sqrtf(fmaf(d, d, delta * delta));
                value += root;
                slope = share * (d / root);
            } else {
                const bool near = size <= delta;
                const float half = (float)(0.5 / (double)delta);
                value += near ? size * size * half : size - 0.5f * delta;
                slope = near ? 2.0f * (share * (half * size)) * sign : share * sign;
            }
            gradient[i] = slope;
        }
        values[ray] = value;
    }
};

struct PhotometricMean {
    Photometric all;
    float* loss;
    JNERF_FN void operator()(int64_t) const {
        const float mean = *loss / (3.0f * all.n_rays);
        *loss = (all.live ? mean / (*all.n_live / all.n_rays) : mean) * all.weight;
    }
};

inline void photometric(int64_t n_rays, Photometric kernel, float* loss) {
    kernel.n_rays = n_rays;
    if (kernel.live) sum_floats(n_rays, kernel.live, kernel.n_live);
    parallel_for(n_rays, kernel);
    sum_floats(n_rays, kernel.values, loss);
    parallel_for(1, PhotometricMean{kernel, loss});
}

}  // namespace jnerf
