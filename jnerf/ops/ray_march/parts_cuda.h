// Eight threads march one ray, each through a part of its lattice. A walk is a chain of look-ups that wait for one another;
// where rays are few, as in training, that is all that happens at a time. Samples do not depend on where a walk begins, so
// that they are the same as with one thread.
#pragma once
#include "common/rays/lanes.h"
#include "ray_march/kernel.h"

namespace jnerf {

// One part: lattice points from `from` on that lie before `limit`.
struct RayPart {
    RayWalk walk;
    float from, limit;
    bool any;
    // Of the points of a ray from `first` on, up to `most` samples; all lanes of the ray alike, none of them if `most` is 0.
    __device__ __forceinline__ RayPart(const RayMarch& march, int64_t ray, float first, int most, RayLanes lanes) : from(first), limit(first) {
        any = walk.begin(march, ray, first, most);
        if (!any) return;
        const float span = larger(walk.lattice.number(walk.t_out) - first, 0.f) * (1.f / RAY_LANES);
        from = first + floorf(span * lanes.lane);
        limit = lanes.lane + 1 < RAY_LANES ? first + floorf(span * (lanes.lane + 1)) : 16777216.f;
    }
    // Its samples, up to `most` of them.
    template <class Emit> __device__ __forceinline__ int go(const RayMarch& march, int most, const Emit& emit) {
        if (!any) return 0;
        walk.n = from, walk.count = 0, walk.most = most;
#pragma unroll 1
        while (walk.step(march, emit, limit)) {}
        return walk.count;
    }
};

// Samples of the parts before the lane's own; `all`: of all of them.
__device__ __forceinline__ int samples_before(int count, RayLanes lanes, int& all) {
    int before = 0;
    all = 0;
#pragma unroll
    for (int j = 0; j < RAY_LANES; j++) {
        if (j == lanes.lane) before = all;
        all += lanes.from(count, j);
    }
    return before;
}

// Counts up to `most` samples of a ray from `first` on and finds the lattice number of the first one, `first` if there is none.
__device__ __forceinline__ int count_parts(const RayMarch& march, int64_t ray, float& first, int most, RayLanes lanes) {
    RayPart part(march, ray, first, most, lanes);
    float found = 1e30f;
    const int count = part.go(march, most, RayMarchFirst{&found});
    int all;
    samples_before(count, lanes, all);
#pragma unroll
    for (int with = RAY_LANES / 2; with > 0; with /= 2) found = lesser(found, __shfl_xor_sync(~0u, found, with));
    if (all > 0) first = found;
    return all < most ? all : most;
}

struct RayMarchCountParts : RayMarchCount {
    __device__ void operator()(int64_t ray, bool is, RayLanes lanes) const {
        float n = 0.f;
        const int count = count_parts(march, ray, n, is ? march.max_steps : 0, lanes);
        if (is && lanes.lane == 0) packed_info[2 * ray + 1] = count, first[ray] = n;
    }
};

// Each part is walked twice: how many samples are written before its own is not known until all have counted.
struct RayMarchWriteParts : RayMarchWrite {
    __device__ void operator()(int64_t ray, bool is, RayLanes lanes) const {
        const int64_t row = packed_info[2 * ray];
        const int most = is ? packed_info[2 * ray + 1] : 0;
        RayPart part(march, ray, first[ray], most, lanes);
        int all;
        const int count = part.go(march, most, [](int, const Lattice&, float, int) {}), before = samples_before(count, lanes, all);
        const int left = most - before < count ? most - before : count;
        if (left > 0) part.go(march, left, to(ray, row + before));
    }
};

// Whether rays leave much of the device idle when they have one thread each.
inline bool few_rays(int64_t n) { return takes_way("march", "eight", "one", n * RAY_LANES <= (int64_t)cuda_device().processors * 4096); }

}  // namespace jnerf
