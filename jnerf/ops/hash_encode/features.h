// The features of one table row, and of two rows that are neighbours along x, as registers.
#pragma once
#include <cstring>
#ifdef __SSE2__
#include <immintrin.h>
#endif
#include "hash_encode/kernel.h"
#include "hash_encode/stored.h"

namespace jnerf {

// Two features travel as the low half of an SSE register: GCC moves 8-byte vectors through integer registers, at
// several times the cost.
template <int F> struct Features { typedef float type __attribute__((vector_size(F * 4))); };
template <> struct Features<1> { typedef float type; };
#ifdef __SSE2__
template <> struct Features<2> { typedef float type __attribute__((vector_size(16))); };
#endif

template <int F> inline typename Features<F>::type load_features(const float* p) {
#ifdef __SSE2__
    if constexpr (F == 2) return _mm_castpd_ps(_mm_load_sd((const double*)p));
#endif
    typename Features<F>::type v;
    memcpy(&v, p, F * sizeof(float));
    return v;
}

// A row of a table in 16 bits.
template <int F, class Stored> inline typename Features<F>::type load_features(const Stored* p) {
    typename Features<F>::type v;
#ifdef __SSE2__
    if constexpr (F == 2) return widen_four(load_word(p), p);
#endif
    float values[F];
    widen<F>(p, values);
    memcpy(&v, values, sizeof v);
    return v;
}

template <int F> inline void store_features(float* p, typename Features<F>::type v) {
#ifdef __SSE2__
    if constexpr (F == 2) { _mm_store_sd((double*)p, _mm_castps_pd(v)); return; }
#endif
    memcpy(p, &v, F * sizeof(float));
}

typedef int32_t Order4 __attribute__((vector_size(16)));
typedef int32_t Order8 __attribute__((vector_size(32)));

template <int F> inline float sum_features(typename Features<F>::type v) {
    if constexpr (F == 1) return v;
    else {
        if constexpr (F == 8) v += __builtin_shuffle(v, Order8{4, 5, 6, 7, 0, 1, 2, 3});
        if constexpr (F == 4) v += __builtin_shuffle(v, Order4{2, 3, 0, 1});
        if constexpr (F == 8) v += __builtin_shuffle(v, Order8{2, 3, 0, 1, 6, 7, 4, 5});
        return v[0] + v[1];
    }
}

// The rows of the lower and the upper vertex along x. ADJACENT: they are neighbours in memory too.
template <int F> struct FeaturePair {
    typedef typename Features<F>::type Feature;
    Feature low, high;

    template <bool ADJACENT, class Stored> static FeaturePair load(const Stored* a, const Stored* b) {
        return {load_features<F>(a), load_features<F>(ADJACENT ? a + F : b)};
    }
    void add_to(float* a, float* b) const {
        store_features<F>(a, load_features<F>(a) + low);
        store_features<F>(b, load_features<F>(b) + high);
    }
    // `value` shared out to the two vertices
    static FeaturePair split(Feature value, float upper) {
        const Feature high = value * upper;
        return {value - high, high};
    }
    // subtracted from the one, added to the other
    static FeaturePair opposed(Feature value) { return {-value, value}; }
    FeaturePair operator*(float w) const { return {low * w, high * w}; }
    void add(FeaturePair v, float w) { low += v.low * w, high += v.high * w; }
    Feature mix(float upper) const { return low + upper * (high - low); }
    Feature rise() const { return high - low; }
    // Products with `value`, summed over the features.
    void dot(Feature value, float* of_low, float* of_high) const { *of_low = sum_features<F>(low * value), *of_high = sum_features<F>(high * value); }
};

#ifdef __SSE2__
template <> struct FeaturePair<2> {
    typedef Features<2>::type Feature;
    Feature both;  // low, low, high, high

    template <bool ADJACENT> static FeaturePair load(const float* a, const float* b) {
        if (ADJACENT) return {_mm_loadu_ps(a)};
        return {_mm_loadh_pi(load_features<2>(a), (const __m64*)b)};
    }
    // In 16 bits: one load of both rows where they are neighbours.
    template <bool ADJACENT, class Stored> static FeaturePair load(const Stored* a, const Stored* b) {
        if (ADJACENT) return {widen_four(_mm_loadl_epi64((const __m128i*)a), a)};
        return {widen_four(_mm_unpacklo_epi32(load_word(a), load_word(b)), a)};
    }
    // Row by row: the next sample often adds to one of these rows, and the processor forwards a store only to a load
    // that it covers. a first, since b may be the same row.
    void add_to(float* a, float* b) const {
        store_features<2>(a, load_features<2>(a) + both);
        store_features<2>(b, load_features<2>(b) + _mm_movehl_ps(both, both));
    }
    static FeaturePair split(Feature value, float upper) {
        const Feature high = value * upper;
        return {_mm_movelh_ps(value - high, high)};
    }
    static FeaturePair opposed(Feature value) { return {_mm_movelh_ps(-value, value)}; }
    FeaturePair operator*(float w) const { return {both * w}; }
    void add(FeaturePair v, float w) {
#ifdef __FMA__
        // Of a * b + c * d a compiler fuses the one product here and the other there: bits would depend on the lane.
        both = _mm_fmadd_ps(v.both, _mm_set1_ps(w), both);
#else
        both += v.both * w;
#endif
    }
    Feature mix(float upper) const { return both + upper * rise(); }
    Feature rise() const { return _mm_movehl_ps(both, both) - both; }
    void dot(Feature value, float* of_low, float* of_high) const {
        const Feature products = both * (Feature)_mm_movelh_ps(value, value);
        const Feature sums = products + (Feature)_mm_shuffle_ps(products, products, _MM_SHUFFLE(2, 3, 0, 1));
        *of_low = sums[0], *of_high = sums[2];
    }
};
#endif

}  // namespace jnerf
