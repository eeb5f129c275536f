// One thread per ray, or eight where rays are few.
#pragma once
#include "ray_march/parts_cuda.h"

namespace jnerf {

JNERF_ENTRY void ray_march_count(int64_t n, const RayMarchCount& kernel, int64_t capacity, int* totals) {
    if (few_rays(n)) parallel_rays(n, RayMarchCountParts{kernel});
    else parallel_for(n, kernel);
    pack_counts(n, capacity, kernel.packed_info, totals);
}

JNERF_ENTRY void ray_march_write(int64_t n, const RayMarchWrite& kernel) {
    if (kernel.whole && few_rays(n)) parallel_rays(n, RayMarchWriteParts{kernel});
    else parallel_for(n, kernel);
}

}  // namespace jnerf
