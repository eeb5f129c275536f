// Rows stored in 16 bits, as registers of floats, on the CPU.
#pragma once
#ifdef __SSE2__
#include <immintrin.h>
#endif
#include "common/numbers/stored.h"

namespace jnerf {

#ifdef __SSE2__
inline __attribute__((always_inline)) __m128i load_word(const void* p) {
    int word;
    memcpy(&word, p, sizeof word);
    return _mm_cvtsi32_si128(word);
}

// The lower four of eight numbers.
inline __attribute__((always_inline)) __m128 widen_four(__m128i v, const StoredBf16*) { return _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), v)); }
inline __attribute__((always_inline)) __m128 widen_four(__m128i v, const StoredFp16*) {
#ifdef __F16C__
    return _mm_cvtph_ps(v);
#else
    StoredFp16 stored[8];
    memcpy(stored, &v, sizeof stored);
    return _mm_setr_ps(stored[0].value(), stored[1].value(), stored[2].value(), stored[3].value());
#endif
}
#endif

// F numbers, one after the other.
template <int F, class Stored> inline __attribute__((always_inline)) void widen(const Stored* p, float* values) {
#ifdef __SSE2__
    if constexpr (F == 8 || F == 4) {
        for (int f = 0; f < F; f += 4) _mm_storeu_ps(values + f, widen_four(_mm_loadl_epi64((const __m128i*)(p + f)), p));
        return;
    }
#endif
    for (int f = 0; f < F; f++) values[f] = p[f].value();
}

}  // namespace jnerf
