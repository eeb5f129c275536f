// Numbers that are stored in 16 bits and computed with as floats. Rounded to nearest, ties to even; what is too large for
// fp16 becomes inf, NaN stays NaN. The same bits on every device.
#pragma once
#ifdef __CUDACC__
#include <cuda_fp16.h>
#elif defined(__F16C__)
#include <immintrin.h>
#endif
#include "common/numbers/bits.h"

namespace jnerf {

// The upper half of a float: eight bits of exponent, eight of precision.
struct StoredBf16 {
    uint16_t bits;
    JNERF_FN static StoredBf16 of(float v) {
        const uint32_t b = bits_of(v), rounded = b + 0x7fff + (b >> 16 & 1);
        return {(uint16_t)((b & 0x7fffffff) > 0x7f800000 ? b >> 16 | 0x40 : rounded >> 16)};
    }
    JNERF_FN float value() const { return float_of((uint32_t)bits << 16); }
};

// Five bits of exponent, eleven of precision.
struct StoredFp16 {
    uint16_t bits;
    JNERF_FN static StoredFp16 of(float v) {
#if defined(__CUDACC__)
        return {__half_as_ushort(__float2half_rn(v))};
#elif defined(__F16C__)
        return {(uint16_t)_cvtss_sh(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
#elif defined(__aarch64__)
        const __fp16 half = (__fp16)v;
        StoredFp16 found;
        memcpy(&found.bits, &half, sizeof half);
        return found;
#else
        const uint32_t b = bits_of(v), sign = b >> 16 & 0x8000, size = b & 0x7fffffff;
        if (size > 0x7f800000) return {(uint16_t)(sign | 0x7e00 | (size >> 13 & 0x3ff))};
        if (size >= 0x477ff000) return {(uint16_t)(sign | 0x7c00)};  // 65520
        // Below 2^-14 a multiple of 2^-24, which is the last bit of 0.5.
        if (size < 0x38800000) return {(uint16_t)(sign | (bits_of(float_of(size) + 0.5f) - 0x3f000000))};
        return {(uint16_t)(sign | (size - (112u << 23) + 0xfff + (size >> 13 & 1)) >> 13)};
#endif
    }
    JNERF_FN float value() const {
#if defined(__CUDACC__)
        return __half2float(__ushort_as_half(bits));
#elif defined(__F16C__)
        return _cvtsh_ss(bits);
#elif defined(__aarch64__)
        __fp16 half;
        memcpy(&half, &bits, sizeof half);
        return half;
#else
        const uint32_t sign = (uint32_t)(bits & 0x8000) << 16, size = bits & 0x7fff;
        if (size < 0x400) return float_of(sign | bits_of((float)(int)size * 5.9604644775390625e-8f));  // 2^-24
        return float_of(sign | ((size << 13) + ((size < 0x7c00 ? 112u : 224u) << 23)));
#endif
    }
};

JNERF_FN float stored_value(float v) { return v; }
JNERF_FN float stored_value(StoredBf16 v) { return v.value(); }
JNERF_FN float stored_value(StoredFp16 v) { return v.value(); }

}  // namespace jnerf
