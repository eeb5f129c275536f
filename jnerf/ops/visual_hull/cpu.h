// One call per cell: the shared body is all there is.
#pragma once
#include "visual_hull/kernel.h"

namespace jnerf {

inline void carve(int64_t n, const Carve& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
