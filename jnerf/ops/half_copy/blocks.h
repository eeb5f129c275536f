// Sixteen floats rounded to 16 bits at once, on the CPU.
#pragma once
#ifdef __AVX512F__
#include <immintrin.h>
#endif
#include "common/numbers/stored.h"

namespace jnerf {

constexpr int64_t STORED_BLOCK = 16;

#ifdef __AVX512F__
inline __attribute__((always_inline)) __m256i rounded_block(__m512 v, StoredFp16*) { return _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
// Not by vcvtneps2bf16, which takes subnormals for zero.
inline __attribute__((always_inline)) __m256i rounded_block(__m512 v, StoredBf16*) {
    const __m512i bits = _mm512_castps_si512(v), odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    const __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000)), 16));
}
#endif

template <class Stored> inline __attribute__((always_inline)) void store_block(const float* values, Stored* stored) {
#ifdef __AVX512F__
    _mm256_storeu_si256((__m256i*)stored, rounded_block(_mm512_loadu_ps(values), stored));
#else
    for (int j = 0; j < STORED_BLOCK; j++) stored[j] = Stored::of(values[j]);
#endif
}

}  // namespace jnerf
