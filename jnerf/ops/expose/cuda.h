// A thread for each chunk of rays and each image: no atomics, so that sums have the same bits in every run.
#pragma once
#include "expose/kernel.h"

namespace jnerf {

// The sums of one chunk of rays, of one image: parts [chunks, N, 3].
struct ExposePart {
    ExposeGrad grad;
    int64_t n_rays, n_images;
    float* parts;
    JNERF_FN void operator()(int64_t i) const {
        const int64_t first = i / n_images * kExposeChunk, image = i % n_images;
        const int64_t end = first + kExposeChunk < n_rays ? first + kExposeChunk : n_rays;
        float sum[3] = {};
        for (int64_t ray = first; ray < end; ray++)
            if (grad.images[ray] == image) grad.add(ray, sum);
        for (int c = 0; c < 3; c++) parts[3 * i + c] = sum[c];
    }
};

// parts: float [ceil(n_rays / kExposeChunk), N, 3], to be written.
inline void expose_backward(const ExposeGrad& grad, int64_t n_rays, int64_t n_images, float* parts, float* grad_stops) {
    const int64_t chunks = (n_rays + kExposeChunk - 1) / kExposeChunk, width = 3 * n_images;
    parallel_for(n_rays, grad);
    parallel_for(chunks * n_images, ExposePart{grad, n_rays, n_images, parts});
    parallel_for(width, ExposeSum{parts, chunks, width, grad_stops});
}

}  // namespace jnerf
