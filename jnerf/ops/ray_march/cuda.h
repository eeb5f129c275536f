// One call per ray: the shared body is all there is.
#pragma once
#include "ray_march/kernel.h"

namespace jnerf {

JNERF_ENTRY void ray_march_count(int64_t n, const RayMarchCount& kernel, int64_t capacity, int* totals) {
    parallel_for(n, kernel);
    pack_counts(n, capacity, kernel.packed_info, totals);
}

JNERF_ENTRY void ray_march_write(int64_t n, const RayMarchWrite& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
