// A kernel's threads on the CPU.
#pragma once
#include <cstdint>
#include <omp.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

namespace jnerf {

// Flushes subnormals to zero for the life of the object. Jittor's own -Ofast kernels switch this on for the main
// thread only; results would depend on which thread did the work.
struct FlushSubnormals {
#if defined(__SSE2__)
    unsigned saved;
    FlushSubnormals() : saved(_mm_getcsr()) { _mm_setcsr(saved | 0x8040); }
    ~FlushSubnormals() { _mm_setcsr(saved); }
#else
    FlushSubnormals() {}
#endif
};

// Once for the team and for the thread alone: nobody wants a kernel's code twice.
template <class Work> __attribute__((noinline)) void as_one_thread(const Work& work) {
    FlushSubnormals flush;
    work();
}

// Has every thread of a team do work(), which shares loops out by `omp for`; or this thread alone, where there is not
// enough to do. That is no team of one: libgomp allocates such a team anew each time and enters the kernel to end it,
// which is as much as many a small kernel costs.
template <class Work> inline void in_team(bool enough, const Work& work) {
    if (!enough || omp_get_max_threads() == 1) return as_one_thread(work);
    #pragma omp parallel
    as_one_thread(work);
}

// Calls body(i) for i in [0, n), which the team's threads share out evenly.
template <class Body> inline void share_out(int64_t n, bool enough, const Body& body) {
    in_team(enough, [&] {
        #pragma omp for schedule(static)
        for (int64_t i = 0; i < n; i++) body(i);
    });
}

}  // namespace jnerf
