// Eight threads per ray (common/rays/lanes.h).
#pragma once
#include "common/rays/lanes.h"
#include "composite/kernel.h"

namespace jnerf {

struct CompositeForwardLanes : CompositeForward {
    __device__ void operator()(int64_t ray, bool is, RayLanes lanes) const {
        const int64_t first = in.packed_info[2 * ray], count = is ? in.packed_info[2 * ray + 1] : 0;
        float color[3] = {}, opacity = 0, depth = 0, t = 1;
#pragma unroll 1
        for (int round = 0, rounds = lanes.rounds(count); round < rounds; round++) {
            const int64_t at = round * RAY_LANES + lanes.lane, i = first + at;
            const bool mine = at < count, closed = in.opaque && at + 1 == count;
            const float begin = mine ? in.t_starts[i] : 0.0f, end = mine ? in.t_ends[i] : 0.0f;
            const float keep = !mine ? 1.0f : closed ? 0.0f : expf(-in.sigmas[i] * (end - begin));
            float before = t;
#pragma unroll
            for (int j = 0; j < RAY_LANES; j++) {
                const float next = lanes.from(keep, j);
                if (j == lanes.lane) before = t;
                if (!(t < in.early_stop)) t *= next;
            }
            if (!mine) continue;
            const float w = before < in.early_stop ? 0.0f : before * (1 - keep);
            trans[i] = before;
            weights[i] = w;
            if (before < in.early_stop) continue;
            for (int k = 0; in.rgbs && k < 3; k++) color[k] += w * in.rgbs[3 * i + k];
            opacity += w;
            depth += w * 0.5f * (begin + end);
        }
        for (int k = 0; k < 3; k++) color[k] = lanes.sum(color[k]);
        opacity = lanes.sum(opacity), depth = lanes.sum(depth);
        if (!is || lanes.lane > 0) return;
        finish(ray, count, first + count - 1, color, opacity, depth, t);
    }
};

struct CompositeBackwardLanes : CompositeBackward {
    __device__ void operator()(int64_t ray, bool is, RayLanes lanes) const {
        const int64_t first = in.packed_info[2 * ray], count = is ? in.packed_info[2 * ray + 1] : 0;
        const Ray of = begin(ray, first, count);
        float suffix = of.suffix;
        int64_t last = -1;  // of the lane that has the ray's last sample, that sample
#pragma unroll 1
        for (int round = 0, rounds = lanes.rounds(count); round < rounds; round++) {  // from the ray's end
            const int64_t at = count - 1 - round * RAY_LANES - lanes.lane, i = first + at;
            Sample s{};
            if (at >= 0) s = sample(of, i);
            if (round == 0 && lanes.lane == 0 && at >= 0) last = i;
            float behind = suffix;
#pragma unroll
            for (int j = 0; j < RAY_LANES; j++) {
                const float next = lanes.from(s.added, j);
                if (j == lanes.lane) behind = suffix;
                suffix += next;
            }
            if (at >= 0) put(i, s, behind);
        }
        if (last >= 0) finish(of, last);
    }
};

JNERF_ENTRY void composite_rays(int64_t n_rays, const CompositeForward& kernel) { parallel_rays_or<CompositeForward>("composite", n_rays, CompositeForwardLanes{kernel}); }
JNERF_ENTRY void composite_rays(int64_t n_rays, const CompositeBackward& kernel) { parallel_rays_or<CompositeBackward>("composite", n_rays, CompositeBackwardLanes{kernel}); }

}  // namespace jnerf

#include "composite/launch.h"
