// The peak of multiply-adds: independent chains that stay in registers, in every thread.
#pragma once
#include <cstdint>
#include <omp.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#include "mlp/amx/tiles.h"

namespace jnerf {

#if defined(__AVX512F__)
using PeakVector = __m512;
inline PeakVector peak_set(float x) { return _mm512_set1_ps(x); }
inline PeakVector peak_fma(PeakVector a, PeakVector b, PeakVector c) { return _mm512_fmadd_ps(a, b, c); }
#elif defined(__FMA__)
using PeakVector = __m256;
inline PeakVector peak_set(float x) { return _mm256_set1_ps(x); }
inline PeakVector peak_fma(PeakVector a, PeakVector b, PeakVector c) { return _mm256_fmadd_ps(a, b, c); }
#else
typedef float PeakVector __attribute__((vector_size(16)));
inline PeakVector peak_set(float x) { return PeakVector{x, x, x, x}; }
inline PeakVector peak_fma(PeakVector a, PeakVector b, PeakVector c) { return a * b + c; }
#endif
constexpr int kPeakChains = 12;  // latency x units of every core of the last ten years, within 16 registers

// Returns the operations done by all threads; out keeps the compiler from leaving them out.
inline double yardstick_fp32(int64_t rounds, float* out) {
    int threads = 1;
    #pragma omp parallel
    {
        #pragma omp single
        threads = omp_get_num_threads();
        PeakVector sums[kPeakChains];
        for (int k = 0; k < kPeakChains; k++) sums[k] = peak_set(1.0f + k);
        const PeakVector a = peak_set(0.999f), b = peak_set(1e-3f);
        for (int64_t i = 0; i < rounds; i++) {
            asm volatile("");  // else GCC swaps the loops, and each chain waits for itself
            #pragma GCC unroll 12
            for (int k = 0; k < kPeakChains; k++) sums[k] = peak_fma(sums[k], a, b);
        }
        PeakVector total = sums[0];
        for (int k = 1; k < kPeakChains; k++) total = total + sums[k];
        #pragma omp critical
        out[0] += ((float*)&total)[0];
    }
    return 2.0 * sizeof(PeakVector) / sizeof(float) * kPeakChains * rounds * threads;
}

#if defined(JNERF_AMX)
constexpr int kPeakLowPrecision = 2;

// AMX tiles of bf16; 0 when the kernel refuses them.
inline double yardstick_low_precision(int64_t rounds, float* out) {
    if (!amx_ready()) return 0;
    int threads = 1;
    #pragma omp parallel
    {
        #pragma omp single
        threads = omp_get_num_threads();
        AmxTiles tiles;
        JNERF_TILE_ZERO(0); JNERF_TILE_ZERO(1); JNERF_TILE_ZERO(2); JNERF_TILE_ZERO(3);
        JNERF_TILE_ZERO(4); JNERF_TILE_ZERO(5); JNERF_TILE_ZERO(6); JNERF_TILE_ZERO(7);
        for (int64_t i = 0; i < rounds; i++) {
            JNERF_TILE_MULTIPLY(0, 4, 6); JNERF_TILE_MULTIPLY(1, 4, 7);
            JNERF_TILE_MULTIPLY(2, 5, 6); JNERF_TILE_MULTIPLY(3, 5, 7);
        }
        alignas(64) float result[256];
        JNERF_TILE_STORE(0, result, 64);
        #pragma omp critical
        out[0] += result[0];
    }
    return 4.0 * 2 * 16 * 16 * 32 * rounds * threads;
}
#elif defined(__AVX512BF16__)
constexpr int kPeakLowPrecision = 1;
inline double yardstick_low_precision(int64_t rounds, float* out) {
    int threads = 1;
    #pragma omp parallel
    {
        #pragma omp single
        threads = omp_get_num_threads();
        __m512 sums[kPeakChains];
        for (int k = 0; k < kPeakChains; k++) sums[k] = _mm512_set1_ps(1.0f + k);
        const __m512bh a = _mm512_cvtne2ps_pbh(_mm512_set1_ps(1e-3f), _mm512_set1_ps(1e-3f));
        for (int64_t i = 0; i < rounds; i++) {
            asm volatile("");
            #pragma GCC unroll 12
            for (int k = 0; k < kPeakChains; k++) sums[k] = _mm512_dpbf16_ps(sums[k], a, a);
        }
        __m512 total = sums[0];
        for (int k = 1; k < kPeakChains; k++) total = total + sums[k];
        #pragma omp critical
        out[0] += total[0];
    }
    return 2.0 * 32 * kPeakChains * rounds * threads;
}
#else
constexpr int kPeakLowPrecision = 0;
inline double yardstick_low_precision(int64_t, float*) { return 0; }
#endif

// What yardstick_low_precision multiplies with: 0 nothing, 1 AVX512-BF16, 2 AMX-BF16, 3 tensor cores (fp16).
inline void yardstick_peak(bool low, int64_t rounds, float* out, double* found) {
    out[0] = 0;
    found[0] = low ? yardstick_low_precision(rounds, out) : yardstick_fp32(rounds, out);
    found[1] = low ? kPeakLowPrecision : 0;
}

}  // namespace jnerf
