#pragma once
#include "ray_dots/kernel.h"

namespace jnerf {

inline void ray_dots(RayDots kernel) { parallel_for(kernel.in.n_samples, kernel); }
inline void ray_dots_backward_features(RayDotsBackwardFeatures kernel) { parallel_for(kernel.in.n_samples, kernel); }
inline void ray_dots_backward_vectors(int64_t n_rays, RayDotsBackwardVectors kernel) {
    parallel_for(n_rays * kernel.in.n_out * kernel.in.channels(), kernel);
}

}  // namespace jnerf
