// Stores past the caches, for large results that the next kernel cannot find there anyway: a plain store first fetches
// the line that it overwrites, which takes as long as to write it.
#pragma once
#include <cstdint>
#include <cstring>
#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace jnerf {

constexpr int STREAM_LINE = 64;
constexpr int64_t STREAM_BYTES = 1 << 22;  // results from this size on: twice what a core's own cache holds

// Floats from `p` on until a cache line begins.
inline int64_t floats_to_line(const float* p) { return (STREAM_LINE - (uintptr_t)p % STREAM_LINE) % STREAM_LINE / sizeof(float); }

// n is a multiple of 4, and `to` of 16 bytes.
inline void stream_quads(float* to, const float* from, int n) {
#ifdef __SSE2__
    for (int i = 0; i < n; i += 4) _mm_stream_ps(to + i, _mm_loadu_ps(from + i));
#else
    memcpy(to, from, n * sizeof(float));
#endif
}

// Whole lines; `to` begins one, n is a multiple of 16.
inline void stream_lines(float* to, const float* from, int n) {
#if defined(__AVX512F__)
    for (int i = 0; i < n; i += 16) _mm512_stream_ps(to + i, _mm512_loadu_ps(from + i));
#else
    stream_quads(to, from, n);
#endif
}

// Before other threads read what was streamed.
inline void stream_done() {
#ifdef __SSE2__
    _mm_sfence();
#endif
}

}  // namespace jnerf
