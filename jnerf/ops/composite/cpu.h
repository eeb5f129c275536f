// One call per ray.
#pragma once
#include "composite/kernel.h"

namespace jnerf {

inline void composite_rays(int64_t n_rays, const CompositeForward& kernel) { parallel_for(n_rays, kernel); }
inline void composite_rays(int64_t n_rays, const CompositeBackward& kernel) { parallel_for(n_rays, kernel); }

}  // namespace jnerf

#include "composite/launch.h"
