// One call per ray: the shared body is all there is.
#pragma once
#include "pixel_rays/kernel.h"

namespace jnerf {
inline void pixel_rays(int64_t n, const PixelRays& kernel) { parallel_for(n, kernel); }
}  // namespace jnerf
