// Lays the samples of rays out one after the other: counts per ray -> (first, count) per ray.
#pragma once
#include <climits>
#include "common/jnerf_common.h"

namespace jnerf {

// A ray fits when it and all rays before it do; the first one that does not, and all after it, get count 0.
// Rays with count 0 keep a valid `first`, so that packed_info stays a partition of [0, totals[0]).
JNERF_FN void pack_ray(int64_t wanted_before, int64_t kept_limit, int64_t capacity, int count, int* info) {
    const bool fits = wanted_before + count <= capacity;
    info[0] = (int)(fits ? wanted_before : kept_limit);
    info[1] = fits ? count : 0;
}

#ifdef __CUDACC__
// One block walks over the rays tile by tile; integer sums are exact, so the order of additions does not matter.
static __global__ void pack_counts_kernel(int64_t n, int64_t capacity, int* packed_info, int* totals) {
    constexpr int tile = 1024;
    __shared__ long long scan[tile];
    __shared__ long long kept;
    long long before = 0;
    if (threadIdx.x == 0) kept = 0;
    __syncthreads();
    for (int64_t base = 0; base < n; base += tile) {
        const int64_t ray = base + threadIdx.x;
        const int count = ray < n ? packed_info[2 * ray + 1] : 0;
        scan[threadIdx.x] = count;
        __syncthreads();
        for (int width = 1; width < tile; width *= 2) {
            const long long left = threadIdx.x >= width ? scan[threadIdx.x - width] : 0;
            __syncthreads();
            scan[threadIdx.x] += left;
            __syncthreads();
        }
        const long long end = before + scan[threadIdx.x], start = end - count;
        if (end <= capacity) atomicMax(&kept, end);
        __syncthreads();
        if (ray < n) pack_ray(start, kept, capacity, count, packed_info + 2 * ray);
        before += scan[tile - 1];
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        totals[0] = (int)kept;
        totals[1] = (int)(before < INT_MAX ? before : INT_MAX);
    }
}
#endif

// Turns the counts in packed_info[2 r + 1] into (first, count) in place. totals = (samples kept, samples wanted),
// the second one saturated at INT_MAX. `capacity` must not exceed INT_MAX.
inline void pack_counts(int64_t n, int64_t capacity, int* packed_info, int* totals) {
#ifdef __CUDACC__
    pack_counts_kernel<<<1, 1024>>>(n, capacity, packed_info, totals);
#else
    int64_t before = 0, kept = 0;
    for (int64_t ray = 0; ray < n; ray++) {
        const int count = packed_info[2 * ray + 1];
        if (before + count <= capacity) kept = before + count;
        pack_ray(before, kept, capacity, count, packed_info + 2 * ray);
        before += count;
    }
    totals[0] = (int)kept;
    totals[1] = (int)std::min<int64_t>(before, INT_MAX);
#endif
}

}  // namespace jnerf
