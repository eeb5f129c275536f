// The peak of multiply-adds: independent chains that stay in registers, in every thread.
#pragma once
#include <cstdint>
#include <omp.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__AMX_BF16__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

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

#if defined(__AMX_BF16__) && defined(__linux__)
constexpr int kPeakLowPrecision = 2;
struct alignas(64) PeakTiles {
    uint8_t palette = 1, start = 0, pad[14] = {};
    uint16_t row_bytes[16] = {};
    uint8_t rows[16] = {};
};

// AMX tiles of bf16; 0 when the kernel refuses them.
inline double yardstick_low_precision(int64_t rounds, float* out) {
    if (syscall(SYS_arch_prctl, 0x1023, 18)) return 0;  // ARCH_REQ_XCOMP_PERM, tile data
    int threads = 1;
    #pragma omp parallel
    {
        #pragma omp single
        threads = omp_get_num_threads();
        syscall(SYS_arch_prctl, 0x1023, 18);
        PeakTiles tiles;
        for (int i = 0; i < 8; i++) { tiles.row_bytes[i] = 64; tiles.rows[i] = 16; }
        _tile_loadconfig(&tiles);
        _tile_zero(0); _tile_zero(1); _tile_zero(2); _tile_zero(3);
        _tile_zero(4); _tile_zero(5); _tile_zero(6); _tile_zero(7);
        for (int64_t i = 0; i < rounds; i++) {
            _tile_dpbf16ps(0, 4, 6); _tile_dpbf16ps(1, 4, 7);
            _tile_dpbf16ps(2, 5, 6); _tile_dpbf16ps(3, 5, 7);
        }
        alignas(64) float result[256];
        _tile_stored(0, result, 64);
        _tile_release();
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
