// Four floats rounded to 16 bits by one thread, on CUDA.
#pragma once
#include "common/numbers/stored.h"

namespace jnerf {

template <class Stored> __device__ __forceinline__ void store_quad(float4 v, Stored* stored) {
    const Stored x = Stored::of(v.x), y = Stored::of(v.y), z = Stored::of(v.z), w = Stored::of(v.w);
    *(uint2*)stored = make_uint2(x.bits | (uint32_t)y.bits << 16, z.bits | (uint32_t)w.bits << 16);
}

}  // namespace jnerf
