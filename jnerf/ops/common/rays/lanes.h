// Eight neighbouring threads for each ray. They take its samples eight at a time, side by side in memory, where a thread to
// itself would touch a sector of 32 bytes for each float; what must go along the ray in order (transmittance) all eight
// compute alike, from what each has at hand, so that it rounds as with one thread.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

constexpr int RAY_LANES = 8;

// All lanes of a warp call every function together.
struct RayLanes {
    int lane;  // of the ray's eight
    template <class T> __device__ __forceinline__ T from(T v, int lane) const { return __shfl_sync(~0u, v, (int)(threadIdx.x & 24) + lane); }
    __device__ __forceinline__ float sum(float v) const {
#pragma unroll
        for (int with = RAY_LANES / 2; with > 0; with /= 2) v += __shfl_xor_sync(~0u, v, with);
        return v;
    }
    // How often the warp takes eight samples of each of its rays.
    __device__ __forceinline__ int rounds(int64_t count) const {
        int most = (int)((count + RAY_LANES - 1) / RAY_LANES);
#pragma unroll
        for (int with = RAY_LANES; with < 32; with *= 2) {
            const int other = __shfl_xor_sync(~0u, most, with);
            most = other > most ? other : most;
        }
        return most;
    }
};

// kernel(ray, whether there is such a ray, lanes)
template <class Kernel> __global__ void __launch_bounds__(EACH_THREADS) each_ray(int64_t n, Kernel kernel) {
    const int64_t ray = (blockIdx.x * (int64_t)EACH_THREADS + threadIdx.x) / RAY_LANES;
    kernel(ray < n ? ray : 0, ray < n, RayLanes{(int)(threadIdx.x % RAY_LANES)});
}

template <class Kernel> inline void parallel_rays(int64_t n, const Kernel& kernel) { launch(each_ray<Kernel>, blocks_of(n * RAY_LANES, EACH_THREADS), EACH_THREADS, 0, n, kernel); }

// The same, or Alone, from which Kernel is derived, with a thread for each ray; `name`: of the choice (takes_way).
template <class Alone, class Kernel> inline void parallel_rays_or(const char* name, int64_t n, const Kernel& kernel) {
    if (takes_way(name, "eight", "one")) parallel_rays(n, kernel);
    else parallel_for(n, static_cast<const Alone&>(kernel));
}

}  // namespace jnerf
