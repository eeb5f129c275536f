#pragma once
#include "ray_uniform/kernel.h"

namespace jnerf {

inline void ray_uniform_count(int64_t n, const RayUniform& kernel, int64_t capacity, int* totals) {
    parallel_for(n, RayUniformCount{kernel});
    pack_counts(n, capacity, kernel.packed_info, totals);
}

inline void ray_uniform_write(int64_t n, const RayUniform& kernel, float* t_starts, float* t_ends, int* ray_indices) {
    parallel_for(n, RayUniformWrite{kernel, t_starts, t_ends, ray_indices});
}

}  // namespace jnerf
