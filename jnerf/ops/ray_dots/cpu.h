// On the CPU a ray is one thread's, and its vectors' gradient stays in the first cache while its samples are added.
#pragma once
#include "ray_dots/kernel.h"

namespace jnerf {

inline void ray_dots(RayDots kernel) { parallel_for(kernel.in.n_samples, kernel); }

struct RayDotsBackwardOfSample {
    RayDotsBackwardFeatures kernel;
    inline void operator()(int64_t i) const {
        const RayDotsInput& in = kernel.in;
        for (int g = 0; g < in.groups; g++) {
            float* to = kernel.grad_features + (g * in.n_samples + i) * in.width;
            std::fill_n(to, in.width, 0.0f);
            for (int o = 0; o < in.n_out; o++) {
                const float by = kernel.grad[i * in.n_out + o], *from = in.vector(in.ray_indices[i], o) + g * in.width;
                for (int f = 0; f < in.width; f++) to[f] += by * from[f];
            }
        }
    }
};

inline void ray_dots_backward_features(RayDotsBackwardFeatures kernel) { parallel_for(kernel.in.n_samples, RayDotsBackwardOfSample{kernel}); }

struct RayDotsBackwardOfRay {
    RayDotsBackwardVectors kernel;
    inline void operator()(int64_t ray) const {
        const RayDotsInput& in = kernel.in;
        const int64_t first = kernel.packed_info[2 * ray], count = kernel.packed_info[2 * ray + 1];
        float* out = kernel.grad_vectors + ray * in.n_out * in.channels();
        std::fill_n(out, in.n_out * in.channels(), 0.0f);
        for (int64_t i = first; i < first + count; i++)
            for (int o = 0; o < in.n_out; o++)
                for (int g = 0; g < in.groups; g++) {
                    const float by = kernel.grad[i * in.n_out + o], *from = in.row(g, i);
                    float* to = out + o * in.channels() + g * in.width;
                    for (int f = 0; f < in.width; f++) to[f] += by * from[f];
                }
    }
};

inline void ray_dots_backward_vectors(int64_t n_rays, RayDotsBackwardVectors kernel) { parallel_for(n_rays, RayDotsBackwardOfRay{kernel}); }

}  // namespace jnerf
