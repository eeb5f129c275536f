#pragma once
#include "rmsprop/kernel.h"

namespace jnerf {

inline void rmsprop_rows(int64_t n, RmspropRow kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
