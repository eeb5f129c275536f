#pragma once
#include "ray_march/kernel.h"

namespace jnerf {

inline void ray_march_count(int64_t n, const RayMarch& march, int64_t capacity, int* totals) {
    parallel_for(n, RayMarchCount{march});
    pack_counts(n, capacity, march.packed_info, totals);
}

inline void ray_march_write(int64_t n, const RayMarch& march, float* t_starts, float* t_ends, int* ray_indices) {
    parallel_for(n, RayMarchWrite{march, t_starts, t_ends, ray_indices});
}

}  // namespace jnerf
