// The two ways in which the CPU multiplies: float, and pairs of bf16 (the upper half of a float) with float sums.
// A product runs over k in items: one float, or two neighbours along k in one 32-bit word, as AVX512-BF16 and AMX want
// them. bf16 has the exponent range of float, so that gradients need no loss scale.
#pragma once
#include <cstring>
#include "mlp/kernel.h"
#if defined(__AVX512BF16__)
#include <immintrin.h>
#endif

namespace jnerf {

#if defined(__AVX512F__)
constexpr int GEMM_LANES = 16, GEMM_VECTORS = 4;
#elif defined(__AVX__)
constexpr int GEMM_LANES = 8, GEMM_VECTORS = 2;
#else
constexpr int GEMM_LANES = 4, GEMM_VECTORS = 2;
#endif
typedef float GemmVector __attribute__((vector_size(GEMM_LANES * 4)));
typedef uint32_t GemmBits __attribute__((vector_size(GEMM_LANES * 4)));
typedef uint16_t GemmHalves __attribute__((vector_size(GEMM_LANES * 2)));

// Round to nearest, ties to even; NaN stays NaN.
inline GemmBits bf16_bits(GemmVector v) {
    GemmBits b;
    memcpy(&b, &v, sizeof b);
    const GemmBits rounded = (b + 0x7fffu + ((b >> 16) & 1u)) >> 16;
    return (b & 0x7fffffffu) > 0x7f800000u ? (b >> 16 | 64u) : rounded;
}

inline uint16_t to_bf16(float x) {
    uint32_t b;
    memcpy(&b, &x, 4);
    return (uint16_t)((b & 0x7fffffffu) > 0x7f800000u ? (b >> 16 | 64u) : (b + 0x7fffu + ((b >> 16) & 1u)) >> 16);
}

inline GemmVector load_vector(const float* p) {
    GemmVector v;
    memcpy(&v, p, sizeof v);
    return v;
}
inline void store_vector(float* p, GemmVector v) { memcpy(p, &v, sizeof v); }

struct Fp32 {
    typedef float Item;     // what a product takes at a time
    typedef float Word;     // the same, as it is stored
    typedef float Element;  // what activations are kept as
    static constexpr int K = 1;

    static inline GemmVector multiply_add(GemmVector sum, Item a, const Item* b) { return sum + a * load_vector(b); }
    static inline void store(Element* p, GemmVector v) { store_vector(p, v); }
    static inline Element element(float x) { return x; }
    // Keeps v where the activation at p is positive.
    static inline GemmVector where_positive(const Element* p, GemmVector v) { return load_vector(p) > 0.0f ? v : GemmVector{}; }
};

struct Bf16 {
    typedef uint32_t __attribute__((may_alias)) Item;
    typedef uint32_t Word;
    typedef uint16_t Element;
    static constexpr int K = 2;

    static inline GemmVector multiply_add(GemmVector sum, Item a, const Item* b) {
#if defined(__AVX512BF16__)
        return (GemmVector)_mm512_dpbf16_ps((__m512)sum, (__m512bh)_mm512_set1_epi32((int)a), (__m512bh)_mm512_loadu_si512(b));
#else
        GemmBits bits;
        memcpy(&bits, b, sizeof bits);
        const uint32_t a_low = a << 16, a_high = a & 0xffff0000u;
        const GemmBits b_low = bits << 16, b_high = bits & 0xffff0000u;
        float low, high;
        memcpy(&low, &a_low, 4);
        memcpy(&high, &a_high, 4);
        return sum + high * (GemmVector)b_high + low * (GemmVector)b_low;
#endif
    }
    static inline void store(Element* p, GemmVector v) {
#if defined(__AVX512BF16__)
        const __m256bh half = _mm512_cvtneps_pbh((__m512)v);
        memcpy(p, &half, sizeof half);
#else
        const GemmHalves half = __builtin_convertvector(bf16_bits(v), GemmHalves);
        memcpy(p, &half, sizeof half);
#endif
    }
    static inline Element element(float x) { return to_bf16(x); }
    // Activations behind a ReLU are positive, zero or NaN.
    static inline GemmVector where_positive(const Element* p, GemmVector v) {
        GemmHalves half;
        memcpy(&half, p, sizeof half);
        return __builtin_convertvector(half, GemmBits) != 0u ? v : GemmVector{};
    }
};

// Calls with the one of the two that is asked for; by itself the faster one. Without bf16 instructions, bf16 rounds the
// operands and multiplies floats: the same numbers to rounding, slower.
template <class Call> inline void with_precision(MlpPrecision precision, const Call& call) {
#if defined(__AVX512BF16__)
    const bool halves = precision != MlpPrecision::fp32;
#else
    const bool halves = precision == MlpPrecision::bf16;
#endif
    halves ? call(Bf16()) : call(Fp32());
}

}  // namespace jnerf
