// The part of the toolkit's header of this name that kernels use: pairs of fp16.
#pragma once
#include "atomics.h"
#include "half.h"

struct __half { uint16_t bits; };
struct alignas(4) __half2 { __half x, y; };
inline __half __float2half_rn(float v) { return {cuda_on_host::to_fp16(v)}; }
inline float __half2float(__half v) { return cuda_on_host::from_fp16(v.bits); }
inline uint16_t __half_as_ushort(__half v) { return v.bits; }
inline __half __ushort_as_half(uint16_t bits) { return {bits}; }
inline __half2 __floats2half2_rn(float x, float y) { return {{cuda_on_host::to_fp16(x)}, {cuda_on_host::to_fp16(y)}}; }
inline float2 __half22float2(__half2 v) { return {cuda_on_host::from_fp16(v.x.bits), cuda_on_host::from_fp16(v.y.bits)}; }
JNERF_UNWATCHED inline __half2 atomicAdd(__half2* p, __half2 v) {
    const float2 a = __half22float2(*aligned(p)), b = __half22float2(v);
    return atomic_update(p, __floats2half2_rn(a.x + b.x, a.y + b.y));  // rounded to float on the way
}
