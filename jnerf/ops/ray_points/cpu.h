#pragma once
#include "ray_points/kernel.h"

namespace jnerf {
inline void ray_points(int64_t n, RayPoints kernel) { parallel_for(n, kernel); }
}  // namespace jnerf
