// Tensor cores: a warp multiplies a 16 x 16 block of A by a 16 x 16 block of B, both in 16 bits, and adds in float.
// Matrices lie in shared memory, rows `stride` halves apart, stride = 8 modulo 16: rows start at multiples of 16 bytes
// and eight of them meet no bank twice. Fragments as the PTX manual lays out m16n8k16: lane 4 g + t holds of the
// result rows g and g + 8, columns 8 h + 2 t and one more, for h = 0, 1.
#pragma once
#include "common/jnerf_common.h"
#include "common/numbers/stored.h"
#ifndef JNERF_CUDA_ON_HOST
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif

namespace jnerf {

// The two 16-bit formats. Values beyond fp16's range become its largest: a sum that is too large is better than inf. NaN
// stays NaN. A pair is two of them, the lower one first; of a `relu_pair` what is negative is 0.
struct Fp16 {
    static constexpr bool kBf16 = false;
    __device__ __forceinline__ static uint16_t from(float v) {
        v = v > 65504.f ? 65504.f : v < -65504.f ? -65504.f : v;  // NaN stays NaN
#ifdef JNERF_CUDA_ON_HOST
        return cuda_on_host::to_fp16(v);
#else
        return __half_as_ushort(__float2half_rn(v));
#endif
    }
    __device__ __forceinline__ static float to(uint16_t v) {
#ifdef JNERF_CUDA_ON_HOST
        return cuda_on_host::from_fp16(v);
#else
        return __half2float(__ushort_as_half(v));
#endif
    }
    __device__ __forceinline__ static uint32_t pair(float low, float high) {
#if __CUDA_ARCH__ >= 800 && !defined(JNERF_CUDA_ON_HOST)
        return bits_of(__hmax2_nan(rounded(low, high), __half2half2(__ushort_as_half(0xfbff))));
#else
        return from(low) | (uint32_t)from(high) << 16;
#endif
    }
    __device__ __forceinline__ static uint32_t relu_pair(float low, float high) {
#if __CUDA_ARCH__ >= 800 && !defined(JNERF_CUDA_ON_HOST)
        return bits_of(__hmax2_nan(rounded(low, high), __half2half2(__ushort_as_half(0))));
#else
        return pair(low < 0.0f ? 0.0f : low, high < 0.0f ? 0.0f : high);
#endif
    }
#if !defined(JNERF_CUDA_ON_HOST)
    __device__ __forceinline__ static uint32_t bits_of(__half2 v) { return *(uint32_t*)&v; }
#if __CUDA_ARCH__ >= 800
    __device__ __forceinline__ static __half2 rounded(float low, float high) { return __hmin2_nan(__floats2half2_rn(low, high), __half2half2(__ushort_as_half(0x7bff))); }
#endif
#endif
};

struct Bf16 {
    static constexpr bool kBf16 = true;
    __device__ __forceinline__ static uint16_t from(float v) {
#if __CUDA_ARCH__ >= 800 && !defined(JNERF_CUDA_ON_HOST)
        return __bfloat16_as_ushort(__float2bfloat16_rn(v));
#else
        return StoredBf16::of(v).bits;  // below sm_80, toolkits before 12.2 do not let the bits of theirs be read
#endif
    }
    __device__ __forceinline__ static float to(uint16_t v) { return __uint_as_float((uint32_t)v << 16); }
    __device__ __forceinline__ static uint32_t pair(float low, float high) {
#if __CUDA_ARCH__ >= 800 && !defined(JNERF_CUDA_ON_HOST)
        const __nv_bfloat162 v = __floats2bfloat162_rn(low, high);
        return *(uint32_t*)&v;
#else
        return from(low) | (uint32_t)from(high) << 16;
#endif
    }
    __device__ __forceinline__ static uint32_t relu_pair(float low, float high) {
#if __CUDA_ARCH__ >= 800 && !defined(JNERF_CUDA_ON_HOST)
        const __nv_bfloat162 v = __hmax2_nan(__floats2bfloat162_rn(low, high), __bfloat162bfloat162(__ushort_as_bfloat16(0)));
        return *(uint32_t*)&v;
#else
        return pair(low < 0.0f ? 0.0f : low, high < 0.0f ? 0.0f : high);
#endif
    }
};

// Four 8 x 8 matrices: lane i names row i % 8 of matrix i / 8.
template <bool TRANSPOSED> __device__ __forceinline__ void load_matrices(uint32_t (&r)[4], const uint16_t* row) {
#ifdef JNERF_CUDA_ON_HOST
    cuda_on_host::ldmatrix_x4(r, row, TRANSPOSED);
#elif __CUDA_ARCH__ >= 750
    const uint32_t at = (uint32_t)__cvta_generic_to_shared(row);
    if (TRANSPOSED)
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(at) : "memory");
    else
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(at) : "memory");
#elif defined(__CUDA_ARCH__)
    __trap();  // the host never comes here: better no result than zeros
#endif
}

__device__ __forceinline__ int lane_id() { return (int)(threadIdx.x & 31); }

// A as the product wants it; stored [m][k], or [k][m] when TRANSPOSED.
template <bool TRANSPOSED> __device__ __forceinline__ void load_a(uint32_t (&r)[4], const uint16_t* a, int stride) {
    const int row = lane_id() & 7, j = lane_id() >> 3;
    const int m = 8 * (j & 1), k = 8 * (j >> 1);
    load_matrices<TRANSPOSED>(r, TRANSPOSED ? a + (k + row) * stride + m : a + (m + row) * stride + k);
}

// B; stored [n][k], or [k][n] when TRANSPOSED. Registers 0, 1 are columns 0 .. 7, registers 2, 3 columns 8 .. 15.
template <bool TRANSPOSED> __device__ __forceinline__ void load_b(uint32_t (&r)[4], const uint16_t* b, int stride) {
    const int row = lane_id() & 7, j = lane_id() >> 3;
    const int n = 8 * (j >> 1), k = 8 * (j & 1);
    load_matrices<TRANSPOSED>(r, TRANSPOSED ? b + (k + row) * stride + n : b + (n + row) * stride + k);
}

// c [16, 8] += a [16, 16] b [16, 8]
template <class T> __device__ __forceinline__ void multiply_half(float* c, const uint32_t* a, const uint32_t* b) {
#if __CUDA_ARCH__ >= 800
#ifdef JNERF_CUDA_ON_HOST
    cuda_on_host::mma_m16n8(c, a, b, 16, T::kBf16);
#else
    if (T::kBf16)
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    else
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
#elif __CUDA_ARCH__ >= 750
    // Half as deep, and without bf16: the host never asks for it there.
    for (int k = 0; k < 2; k++)
#ifdef JNERF_CUDA_ON_HOST
        cuda_on_host::mma_m16n8(c, a + 2 * k, b + k, 8, T::kBf16);
#else
        asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
                     : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[2 * k]), "r"(a[2 * k + 1]), "r"(b[k]));
#endif
#elif defined(__CUDA_ARCH__) && !defined(JNERF_CUDA_ON_HOST)
    __trap();
#endif
}

// A 16 x 16 block of results.
template <class T> struct BlockSum {
    float c[2][4] = {};
    __device__ __forceinline__ void add(const uint32_t (&a)[4], const uint32_t (&b)[4]) {
        multiply_half<T>(c[0], a, b);
        multiply_half<T>(c[1], a, b + 2);
    }
    // visit(row, column, value, value of the next column), four times for every lane.
    template <class Visit> __device__ __forceinline__ void each(const Visit& visit) const {
        const int g = lane_id() >> 2, t = lane_id() & 3;
#pragma unroll
        for (int h = 0; h < 2; h++) {
            visit(g, 8 * h + 2 * t, c[h][0], c[h][1]);
            visit(g + 8, 8 * h + 2 * t, c[h][2], c[h][3]);
        }
    }
};

}  // namespace jnerf
