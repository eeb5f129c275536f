#pragma once
#include "ray_compact/kernel.h"

namespace jnerf {

inline void ray_compact_count(int64_t n, const RayCompactCount& kernel, int64_t capacity, int* totals) {
    parallel_for(n, kernel);
    pack_counts(n, capacity, kernel.packed_out, totals);
}

inline void ray_compact_write(int64_t n, const RayCompactWrite& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
