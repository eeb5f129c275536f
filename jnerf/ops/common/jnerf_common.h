// What every kernel of jnerf shares: the function qualifier, the launcher and the counter-based random numbers.
// One body per op (kernel.h) compiles as C++ and as CUDA; nothing here knows of Jittor.
#pragma once
#include <cstdint>
#include <cmath>
#include <algorithm>
#ifdef __CUDACC__
#include "common/jnerf_launch.h"
#define JNERF_FN __host__ __device__ __forceinline__
#else
#include "common/jnerf_team.h"
#define JNERF_FN inline __attribute__((always_inline))
#endif
// Before a function that launches kernels. nvcc builds every kernel that an inline function names, whether or not anyone
// calls that; those of a template only for who uses it.
#ifndef JNERF_ENTRY
#ifdef __CUDACC__
#define JNERF_ENTRY template <class Unused = void> inline
#else
#define JNERF_ENTRY inline
#endif
#endif

namespace jnerf {

// Calls kernel(i) for i in [0, n). `Kernel` is a struct of plain pointers and numbers with
// `JNERF_FN void operator()(int64_t i) const`; calls must not depend on one another.
template <class Kernel> inline void parallel_for(int64_t n, const Kernel& kernel) {
    if (n <= 0) return;
#ifdef __CUDACC__
    const int64_t too_many = 1ll << 31;  // blocks: such a launch is refused
    launch(each_thread<Kernel>, (unsigned)std::min((n + EACH_THREADS - 1) / EACH_THREADS, too_many), EACH_THREADS, 0, n, kernel);
#else
    share_out(n, n > 1, kernel);
#endif
}

// The PCG-RXS-M-XS-32 output permutation (O'Neill 2014) as a hash: one 32-bit number for one 32-bit input.
JNERF_FN uint32_t pcg_hash(uint32_t v) {
    const uint32_t state = v * 747796405u + 2891336453u;
    const uint32_t word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
    return (word >> 22u) ^ word;
}

// Uniform in [0, 1), a pure function of (seed, step, element, draw): the same on every device, thread and resumed run.
JNERF_FN float uniform(uint32_t seed, uint32_t step, uint32_t element, uint32_t draw) {
    const uint32_t h = pcg_hash(pcg_hash(pcg_hash(pcg_hash(seed) + step) + element) + draw);
    return (h >> 8) * 5.9604644775390625e-8f;  // 2^-24
}

}  // namespace jnerf
