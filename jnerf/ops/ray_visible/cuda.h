// One thread per ray that marches, or eight (ray_march/parts_cuda.h); eight per ray, or per (group of features, ray), to look
// at samples (common/rays/lanes.h).
#pragma once
#include "ray_march/cuda.h"
#include "common/rays/lanes.h"
#include "ray_visible/kernel.h"
#include "ray_visible/padded.h"

namespace jnerf {

// Of a window that is all there is, so that nobody goes on behind it.
struct VisibleCountParts : VisibleCount {
    __device__ void operator()(int64_t ray, bool is, RayLanes lanes) const {
        float n = 0.f;
        const int count = count_parts(march, ray, n, !is || (live && ray >= *live) ? 0 : march.max_steps, lanes);
        if (is && lanes.lane == 0) window[2 * ray + 1] = count, first[ray] = n, next[ray] = 16777216.f;
    }
};

JNERF_ENTRY void visible_count(int64_t n, const VisibleCount& kernel, int64_t capacity, int* totals) {
    if (!kernel.next_in && kernel.length >= kernel.march.max_steps && few_rays(n)) parallel_rays(n, VisibleCountParts{kernel});
    else parallel_for(n, kernel);
    pack_counts(n, capacity, kernel.window, totals);
}

struct VisibleAdvanceLanes : VisibleAdvance {
    __device__ void operator()(int64_t ray, bool is, RayLanes lanes) const {
        const int64_t first = window[2 * ray], count = is ? window[2 * ray + 1] : 0;
        float t = trans_in ? trans_in[ray] : 1.f;
        int passed = 0;
#pragma unroll 1
        for (int round = 0, rounds = lanes.rounds(count); round < rounds; round++) {
            const int64_t at = (int64_t)round * RAY_LANES, i = first + at + lanes.lane;
            const float mine = at + lanes.lane < count ? keep(i) : 1.f;
#pragma unroll
            for (int j = 0; j < RAY_LANES; j++) {
                const float next = lanes.from(mine, j);
                if (at + j < count && t >= early_stop) t *= next, passed++;
            }
            if (!__any_sync(~0u, at + RAY_LANES < count && t >= early_stop)) break;
        }
        if (is && lanes.lane == 0) end(ray, passed, t);
    }
};

struct VisibleGatherLanes : VisibleGather {
    __device__ void operator()(int64_t ray, bool is, RayLanes lanes) const {
        for (int w = 0; is && w < windows.count; w++) {
            int64_t from, to;
            const int64_t count = windows.run(w, ray, from, to);
            if (count <= 0) return;
#pragma unroll 1
            for (int64_t i = lanes.lane; i < count; i += RAY_LANES) copy(ray, windows.at[w], from + i, to + i);
        }
    }
};

// A "ray" is one of a group of features.
struct VisibleFeaturesLanes : VisibleFeatures {
    __device__ void operator()(int64_t number, bool is, RayLanes lanes) const {
        const int64_t group = (unsigned)number / (unsigned)n_rays, ray = number - group * n_rays;
        for (int w = 0; is && w < windows.count; w++) {
            int64_t from, to;
            const int64_t count = windows.run(w, ray, from, to);
            if (count <= 0) return;
            const float* source = windows.at[w].features + (group * windows.at[w].n + from) * width;
            float* target = features + (group * n_out + to) * width;
            if (width == 2)
                for (int64_t i = lanes.lane; i < count; i += RAY_LANES) ((float2*)target)[i] = ((const float2*)source)[i];
            else
                for (int64_t i = lanes.lane; i < count * width; i += RAY_LANES) target[i] = source[i];
        }
    }
};

JNERF_ENTRY void visible_advance(int64_t n, const VisibleAdvance& kernel) { parallel_rays_or<VisibleAdvance>("visible", n, VisibleAdvanceLanes{kernel}); }
JNERF_ENTRY void visible_gather(int64_t n, const VisibleGather& kernel) { parallel_rays_or<VisibleGather>("visible", n, VisibleGatherLanes{kernel}); }
JNERF_ENTRY void visible_gather_features(const VisibleFeatures& all) { parallel_rays(all.groups * all.n_rays, VisibleFeaturesLanes{all}); }

}  // namespace jnerf

#include "ray_visible/step.h"
