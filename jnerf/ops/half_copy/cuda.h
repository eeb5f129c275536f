#pragma once
#include "common/numbers/quads.h"
#include "half_copy/kernel.h"
#include "half_copy/quads.h"

namespace jnerf {

template <class Stored> struct RoundQuadsToStored : RoundToStored<Stored> {
    __device__ void quad(int64_t i) const { store_quad(((const float4*)this->values)[i], this->stored + 4 * i); }
};

template <class Stored> inline void round_to_stored(int64_t n, const float* values, Stored* stored) {
    parallel_quads<RoundToStored<Stored>>("copy", n, RoundQuadsToStored<Stored>{{values, stored}}, aligned_quads(values, stored));
}

}  // namespace jnerf
