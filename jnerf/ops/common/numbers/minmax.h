// Smaller and larger of two floats as one instruction: fminf and fmaxf are library calls where NaN must be honoured.
// A NaN as the second argument is ignored.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {
JNERF_FN float lesser(float a, float b) { return b < a ? b : a; }
JNERF_FN float larger(float a, float b) { return a < b ? b : a; }
}  // namespace jnerf
