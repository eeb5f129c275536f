// Four neighbours of an array a thread, loaded and stored as vectors: a kernel that only streams has a quarter of the
// instructions, and four times the bytes under way.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

// `Kernel` has, beside its call for one element, quad(i) for the elements 4 i .. 4 i + 3.
template <class Kernel> struct Quads {
    Kernel kernel;
    int64_t n;
    bool aligned;  // all arrays begin at multiples of 16 bytes
    __device__ void operator()(int64_t i) const {
        if (aligned && 4 * i + 4 <= n) return kernel.quad(i);
#pragma unroll 1
        for (int64_t k = 4 * i; k < n && k < 4 * i + 4; k++) kernel(k);
    }
};

inline bool aligned_quads() { return true; }
template <class Pointer, class... Others> inline bool aligned_quads(Pointer p, Others... others) { return (uintptr_t)p % 16 == 0 && aligned_quads(others...); }

// `name`: of the choice between four entries a thread and one (takes_way). Element, from which Kernel is derived, takes one.
template <class Element, class Kernel> inline void parallel_quads(const char* name, int64_t n, const Kernel& kernel, bool aligned) {
    if (takes_way(name, "quads", "one")) parallel_for((n + 3) / 4, Quads<Kernel>{kernel, n, aligned});
    else parallel_for(n, static_cast<const Element&>(kernel));
}

}  // namespace jnerf
