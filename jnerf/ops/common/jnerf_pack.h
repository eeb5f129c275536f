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
// Three small kernels. A tile is PACK_TILE rays; its sum, later the number of samples before it, waits in the
// `first` slot of its first ray. Numbers beyond PACK_MANY, which exceeds any capacity, count as PACK_MANY.
constexpr int PACK_TILE = 1024;
constexpr int64_t PACK_MANY = (int64_t)INT_MAX + 1;

__device__ __forceinline__ int64_t pack_some(int64_t n) { return n < PACK_MANY ? n : PACK_MANY; }

// Inclusive sums over a block of PACK_TILE threads.
__device__ inline int64_t pack_block_scan(int64_t value) {
    __shared__ int64_t warps[32];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    for (int by = 1; by < 32; by *= 2) {
        const int64_t left = __shfl_up_sync(~0u, (long long)value, by);
        if (lane >= by) value += left;
    }
    __syncthreads();  // the last scan's sums have been read
    if (lane == 31) warps[warp] = value;
    __syncthreads();
    int64_t before = 0;
    for (int w = 0; w < warp; w++) before += warps[w];
    return before + value;
}

template <class Unused = void> __global__ void pack_sum_kernel(int64_t n, int* packed_info) {
    const int64_t ray = (int64_t)blockIdx.x * PACK_TILE + threadIdx.x;
    const int64_t sum = pack_block_scan(ray < n ? packed_info[2 * ray + 1] : 0);
    if (threadIdx.x == PACK_TILE - 1) packed_info[2 * (int64_t)blockIdx.x * PACK_TILE] = (int)(uint32_t)pack_some(sum);
}

// One block: the samples before each tile, and the totals; the tile in which the capacity ends is walked through ray by ray.
template <class Unused = void> __global__ void pack_tiles_kernel(int64_t n, int64_t capacity, int* packed_info, int* totals) {
    __shared__ unsigned long long kept;
    __shared__ int64_t carried;
    const int64_t tiles = (n + PACK_TILE - 1) / PACK_TILE;
    if (threadIdx.x == 0) kept = 0, carried = 0;
    for (int64_t base = 0; base < tiles; base += PACK_TILE) {
        const int64_t tile = base + threadIdx.x;
        int* slot = packed_info + 2 * tile * PACK_TILE;
        const int64_t sum = tile < tiles ? (int64_t)(uint32_t)*slot : 0, inside = pack_block_scan(sum);
        const int64_t end = carried + inside, before = end - sum;
        __syncthreads();
        if (threadIdx.x == PACK_TILE - 1) carried = end;
        if (tile < tiles) {
            *slot = (int)(uint32_t)pack_some(before);
            int64_t fitting = before;
            if (end > capacity && before <= capacity)
                for (int64_t ray = tile * PACK_TILE; ray < n && fitting + packed_info[2 * ray + 1] <= capacity; ray++) fitting += packed_info[2 * ray + 1];
            else fitting = end;
            if (fitting <= capacity) atomicMax(&kept, (unsigned long long)fitting);
        }
        __syncthreads();
    }
    if (threadIdx.x == 0) {
        totals[0] = (int)kept;
        totals[1] = (int)(carried < INT_MAX ? carried : INT_MAX);
    }
}

template <class Unused = void> __global__ void pack_rays_kernel(int64_t n, int64_t capacity, int* packed_info, const int* totals) {
    const int64_t ray = (int64_t)blockIdx.x * PACK_TILE + threadIdx.x;
    const int64_t before = (uint32_t)packed_info[2 * (int64_t)blockIdx.x * PACK_TILE];
    const int count = ray < n ? packed_info[2 * ray + 1] : 0;
    const int64_t end = before + pack_block_scan(count);  // all have read `before` when the scan returns
    if (ray < n) pack_ray(end - count, totals[0], capacity, count, packed_info + 2 * ray);
}
#endif

// Turns the counts in packed_info[2 r + 1] into (first, count) in place. totals = (samples kept, samples wanted),
// the second one saturated at INT_MAX. `capacity` must not exceed INT_MAX.
JNERF_ENTRY void pack_counts(int64_t n, int64_t capacity, int* packed_info, int* totals) {
#ifdef __CUDACC__
    if (n == 0) {
        clear_memory(totals, 2);
        return;
    }
    const unsigned tiles = blocks_of(n, PACK_TILE);
    launch(pack_sum_kernel<>, tiles, PACK_TILE, 0, n, packed_info);
    launch(pack_tiles_kernel<>, 1, PACK_TILE, 0, n, capacity, packed_info, totals);
    launch(pack_rays_kernel<>, tiles, PACK_TILE, 0, n, capacity, packed_info, totals);
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

// The number of samples alone, [1], for whoever counts what has padding.
struct FirstTotal {
    const int* totals;
    int* count;
    JNERF_FN void operator()(int64_t) const { *count = *totals; }
};

// Rows behind those of the last ray are padding: arrays may be longer than the samples in them, so that the host need
// not know how many there are.
template <class Kernel> struct BehindRays {
    const int* packed_info;
    int64_t n_rays;
    Kernel kernel;
    JNERF_FN int64_t first() const { return n_rays ? (int64_t)packed_info[2 * n_rays - 2] + packed_info[2 * n_rays - 1] : 0; }
    JNERF_FN void operator()(int64_t row) const {
        if (row >= first()) kernel(row);
    }
};

// kernel(row) for each of `n` rows that is padding.
template <class Kernel> inline void behind_rays(const int* packed_info, int64_t n_rays, int64_t n, const Kernel& kernel) {
    const BehindRays<Kernel> all{packed_info, n_rays, kernel};
#ifdef __CUDACC__
    parallel_for(n, all);
#else
    for (int64_t row = all.first(); row < n; row++) kernel(row);
#endif
}

// Intervals of length 0 on the last ray.
struct PaddingIntervals {
    float *t_starts, *t_ends;
    int *ray_indices, ray;
    const float* rays_o;
    float* positions;  // null: nobody needs them
    JNERF_FN void operator()(int64_t row) const {
        t_starts[row] = t_ends[row] = 0.0f;
        ray_indices[row] = ray;
        if (positions)
            for (int k = 0; k < 3; k++) positions[3 * row + k] = rays_o[3 * ray + k];
    }
};

JNERF_ENTRY void pad_intervals(const int* packed_info, int64_t n_rays, int64_t n, float* t_starts, float* t_ends, int* ray_indices, const float* rays_o = nullptr, float* positions = nullptr) {
    behind_rays(packed_info, n_rays, n, PaddingIntervals{t_starts, t_ends, ray_indices, (int)n_rays - 1, rays_o, positions});
}

}  // namespace jnerf
