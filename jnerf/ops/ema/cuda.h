#pragma once
#include "common/numbers/quads.h"
#include "ema/kernel.h"

namespace jnerf {

struct EmaQuads : Ema {
    __device__ void quad(int64_t i) const {
        const float4 x = ((const float4*)values)[i];
        float4 a = ((float4*)averages)[i];
        a = make_float4(next(a.x, x.x), next(a.y, x.y), next(a.z, x.z), next(a.w, x.w));
        ((float4*)averages)[i] = a;
    }
};

inline void ema(int64_t n, float decay, float rest, const float* values, float* averages) {
    parallel_quads<Ema>("ema", n, EmaQuads{{decay, rest, values, averages}}, aligned_quads(values, averages));
}

}  // namespace jnerf
