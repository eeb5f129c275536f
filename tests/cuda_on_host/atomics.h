// Vector types and atomics: fibers switch at barriers only, so plain arithmetic is atomic.
#pragma once
#include <cstdint>
#include <cstring>
#include "accesses.h"

struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(8) int2 { int x, y; };
struct alignas(16) int4 { int x, y, z, w; };
struct alignas(8) uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline int2 make_int2(int x, int y) { return {x, y}; }

// Loads and stores of vectors fault on a GPU where the address is not a multiple of their size.
template <class T> inline T* aligned(T* p) {
    if ((uintptr_t)p % sizeof(T)) cuda_on_host::fail("a vector is read or written at an unaligned address");
    return p;
}
template <class T> inline T __ldg(const T* p) { return *aligned(p); }

template <class T> JNERF_UNWATCHED inline T atomic_update(T* p, T value) {
    const T before = *p;
    *p = value;
    return before;
}
JNERF_UNWATCHED inline float atomicAdd(float* p, float v) { return atomic_update(aligned(p), *p + v); }
JNERF_UNWATCHED inline double atomicAdd(double* p, double v) { return atomic_update(aligned(p), *p + v); }
JNERF_UNWATCHED inline int atomicAdd(int* p, int v) { return atomic_update(aligned(p), *p + v); }
JNERF_UNWATCHED inline unsigned atomicAdd(unsigned* p, unsigned v) { return atomic_update(aligned(p), *p + v); }
JNERF_UNWATCHED inline unsigned long long atomicAdd(unsigned long long* p, unsigned long long v) { return atomic_update(aligned(p), *p + v); }
JNERF_UNWATCHED inline float2 atomicAdd(float2* p, float2 v) { return atomic_update(aligned(p), {p->x + v.x, p->y + v.y}); }
JNERF_UNWATCHED inline float4 atomicAdd(float4* p, float4 v) { return atomic_update(aligned(p), {p->x + v.x, p->y + v.y, p->z + v.z, p->w + v.w}); }
JNERF_UNWATCHED inline int atomicMax(int* p, int v) { return atomic_update(aligned(p), *p > v ? *p : v); }
JNERF_UNWATCHED inline unsigned atomicMax(unsigned* p, unsigned v) { return atomic_update(aligned(p), *p > v ? *p : v); }
JNERF_UNWATCHED inline long long atomicMax(long long* p, long long v) { return atomic_update(aligned(p), *p > v ? *p : v); }
JNERF_UNWATCHED inline unsigned long long atomicMax(unsigned long long* p, unsigned long long v) { return atomic_update(aligned(p), *p > v ? *p : v); }
JNERF_UNWATCHED inline int atomicMin(int* p, int v) { return atomic_update(aligned(p), *p < v ? *p : v); }
JNERF_UNWATCHED inline int atomicExch(int* p, int v) { return atomic_update(aligned(p), v); }
JNERF_UNWATCHED inline int atomicCAS(int* p, int expected, int v) { return atomic_update(aligned(p), *p == expected ? v : *p); }

template <class To, class From> inline To bits_as(From from) {
    static_assert(sizeof(To) == sizeof(From), "same size");
    To to;
    memcpy(&to, &from, sizeof to);
    return to;
}
inline int __float_as_int(float v) { return bits_as<int>(v); }
inline unsigned __float_as_uint(float v) { return bits_as<unsigned>(v); }
inline float __int_as_float(int v) { return bits_as<float>(v); }
inline float __uint_as_float(unsigned v) { return bits_as<float>(v); }
inline int __popc(unsigned v) { return __builtin_popcount(v); }
inline int __ffs(int v) { return __builtin_ffs(v); }
inline int __clz(int v) { return v ? __builtin_clz((unsigned)v) : 32; }
