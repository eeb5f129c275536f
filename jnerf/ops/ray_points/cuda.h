#pragma once
#include "ray_points/kernel.h"

namespace jnerf {
inline void ray_points(int64_t n, RayPoints kernel) { parallel_for(n, kernel); }
inline void ray_points_backward(int64_t n_rays, RayPointsGrad kernel) { parallel_for(n_rays, kernel); }
}  // namespace jnerf
