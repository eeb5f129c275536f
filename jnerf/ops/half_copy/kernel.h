// Floats rounded to 16 bits.
#pragma once
#include "common/numbers/stored.h"

namespace jnerf {

template <class Stored> struct RoundToStored {
    const float* values;
    Stored* stored;
    JNERF_FN void operator()(int64_t i) const { stored[i] = Stored::of(values[i]); }
};

}  // namespace jnerf
