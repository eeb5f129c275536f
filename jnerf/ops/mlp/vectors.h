// Vectors of the machine that the compiler is told of: AVX-512, AVX, or four lanes elsewhere; memory aligned for them.
#pragma once
#include <cstring>
#include <new>
#include <vector>
#include "common/jnerf_common.h"
#if defined(__AVX__)
#include <immintrin.h>
#endif

#define JNERF_UNROLL _Pragma("GCC unroll 16")  // arrays of vectors stay in registers

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

JNERF_FN GemmVector load_vector(const float* p) {
    GemmVector v;
    memcpy(&v, p, sizeof v);
    return v;
}
JNERF_FN void store_vector(float* p, GemmVector v) { memcpy(p, &v, sizeof v); }

// Past the caches (common/jnerf_stream.h); p is aligned to a vector.
inline void stream_vector(float* p, GemmVector v) {
#if defined(__AVX512F__)
    _mm512_stream_ps(p, (__m512)v);
#elif defined(__AVX__)
    _mm256_stream_ps(p, (__m256)v);
#else
    store_vector(p, v);
#endif
}

// Scratch memory of a thread, aligned to a cache line: a kernel asks for the same sizes at every call, and blocks of that
// size cost the system's allocator as much as a small kernel does.
class Scratch {
    static constexpr size_t LINE = 64, LISTS = 64;
    static constexpr size_t LARGEST = 1 << 18, MOST = 1 << 22;  // bytes of a block, and of all that are kept
    struct Block {
        Block* next;
        size_t size;
    };
    Block* lists[LISTS] = {};  // by size
    size_t kept = 0;

    static size_t whole_lines(size_t bytes) { return std::max((bytes + LINE - 1) / LINE, (size_t)1) * LINE; }
    Block*& list(size_t size) { return lists[size / LINE % LISTS]; }

public:
    static Scratch& of_thread() {
        static thread_local Scratch scratch;
        return scratch;
    }
    void* take(size_t bytes) {
        const size_t size = whole_lines(bytes);
        for (Block** at = &list(size); *at; at = &(*at)->next)
            if ((*at)->size == size) {
                Block* found = *at;
                *at = found->next;
                kept -= size;
                return found;
            }
        return ::operator new(size, std::align_val_t(LINE));
    }
    void give(void* p, size_t bytes) {
        const size_t size = whole_lines(bytes);
        if (size > LARGEST || kept + size > MOST) return ::operator delete(p, std::align_val_t(LINE));
        list(size) = new (p) Block{list(size), size};
        kept += size;
    }
    ~Scratch() {
        for (Block* block : lists)
            while (block) {
                Block* next = block->next;
                ::operator delete((void*)block, std::align_val_t(LINE));
                block = next;
            }
    }
};

// A vector that crosses a cache line costs two accesses.
template <class T> struct LineAligned {
    typedef T value_type;
    LineAligned() = default;
    template <class U> LineAligned(const LineAligned<U>&) {}
    T* allocate(size_t n) { return static_cast<T*>(Scratch::of_thread().take(n * sizeof(T))); }
    void deallocate(T* p, size_t n) { Scratch::of_thread().give(p, n * sizeof(T)); }
    bool operator==(const LineAligned&) const { return true; }
    bool operator!=(const LineAligned&) const { return false; }
};
template <class T> using Buffer = std::vector<T, LineAligned<T>>;

inline int round_up(int n, int step) { return (n + step - 1) / step * step; }

// out[j][i] = in[i][j] for 16 x 16 words; strides count words.
inline void transpose16(const uint32_t* in, int64_t in_stride, uint32_t* out, int64_t out_stride) {
#if defined(__AVX512F__)
    __m512i r[16], t[16];
    for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512(in + i * in_stride);
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
    }
    for (int i = 0; i < 16; i += 4)
        for (int k = 0; k < 2; k++) {
            r[i + 2 * k] = _mm512_unpacklo_epi64(t[i + k], t[i + k + 2]);
            r[i + 2 * k + 1] = _mm512_unpackhi_epi64(t[i + k], t[i + k + 2]);
        }
    for (int i = 0; i < 4; i++)  // r[4 q + i] holds columns i, i + 4, i + 8, i + 12 of rows 4 q to 4 q + 3
        for (int h = 0; h < 2; h++) {
            t[8 * h + i] = _mm512_shuffle_i32x4(r[8 * h + i], r[8 * h + 4 + i], 0x88);
            t[8 * h + 4 + i] = _mm512_shuffle_i32x4(r[8 * h + i], r[8 * h + 4 + i], 0xdd);
        }
    for (int i = 0; i < 8; i++) {
        _mm512_storeu_si512(out + i * out_stride, _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88));
        _mm512_storeu_si512(out + (i + 8) * out_stride, _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd));
    }
#else
    typedef uint32_t Four __attribute__((vector_size(16)));
    typedef int32_t Pick __attribute__((vector_size(16)));
    for (int i = 0; i < 16; i += 4)
        for (int j = 0; j < 16; j += 4) {
            Four r[4];
            for (int k = 0; k < 4; k++) memcpy(&r[k], in + (i + k) * in_stride + j, 16);
            const Four a = __builtin_shuffle(r[0], r[1], Pick{0, 4, 1, 5}), b = __builtin_shuffle(r[2], r[3], Pick{0, 4, 1, 5});
            const Four c = __builtin_shuffle(r[0], r[1], Pick{2, 6, 3, 7}), d = __builtin_shuffle(r[2], r[3], Pick{2, 6, 3, 7});
            const Four columns[4] = {__builtin_shuffle(a, b, Pick{0, 1, 4, 5}), __builtin_shuffle(a, b, Pick{2, 3, 6, 7}),
                                     __builtin_shuffle(c, d, Pick{0, 1, 4, 5}), __builtin_shuffle(c, d, Pick{2, 3, 6, 7})};
            for (int k = 0; k < 4; k++) memcpy(out + (j + k) * out_stride + i, &columns[k], 16);
        }
#endif
}

}  // namespace jnerf
