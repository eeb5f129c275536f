// A chunk of rays is one piece of work, so that each ray is looked at once, not once for every image.
#pragma once
#include "expose/kernel.h"

namespace jnerf {

struct ExposeChunk {
    ExposeGrad grad;
    int64_t n_rays, n_images;
    float* parts;
    void operator()(int64_t chunk) const {
        const int64_t first = chunk * kExposeChunk, end = std::min(first + kExposeChunk, n_rays);
        float* sums = parts + chunk * n_images * 3;
        std::fill(sums, sums + n_images * 3, 0.0f);
        for (int64_t ray = first; ray < end; ray++) grad(ray), grad.add(ray, sums + 3 * (int64_t)grad.images[ray]);
    }
};

// parts: float [ceil(n_rays / kExposeChunk), N, 3], to be written.
inline void expose_backward(const ExposeGrad& grad, int64_t n_rays, int64_t n_images, float* parts, float* grad_stops) {
    const int64_t chunks = (n_rays + kExposeChunk - 1) / kExposeChunk, width = 3 * n_images;
    parallel_for(chunks, ExposeChunk{grad, n_rays, n_images, parts});
    parallel_for(width, ExposeSum{parts, chunks, width, grad_stops});
}

}  // namespace jnerf
