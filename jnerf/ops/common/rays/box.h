// The part of a ray inside an axis-aligned box.
#pragma once
#include "common/numbers/minmax.h"

namespace jnerf {

struct Box {
    float lo[3], hi[3];
};

// [t_in, t_out] of the ray o + t d inside the box and inside [near, far]; false when nothing is left.
// A direction component of 0 is a slab that the ray is either wholly inside or wholly outside of.
JNERF_FN bool ray_box(const Box& box, const float* o, const float* d, float near, float far, float& t_in, float& t_out) {
    t_in = near;
    t_out = far;
    for (int k = 0; k < 3; k++) {
        if (d[k] == 0.f) {
            if (o[k] < box.lo[k] || o[k] > box.hi[k]) return false;
            continue;
        }
        const float a = (box.lo[k] - o[k]) / d[k], b = (box.hi[k] - o[k]) / d[k];
        t_in = larger(t_in, lesser(a, b));
        t_out = lesser(t_out, larger(a, b));
    }
    return t_in < t_out;
}

}  // namespace jnerf
