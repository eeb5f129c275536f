// A number with its derivatives by the origin and the direction of a ray, so that one body gives values and gradients.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct RayDual {
    float value, by[6];  // derivatives by o and d
    JNERF_FN RayDual(float v = 0.0f) : value(v), by{} {}
    // What changes as the value does `slope` times.
    JNERF_FN RayDual along(float v, float slope) const {
        RayDual out(v);
        for (int k = 0; k < 6; k++) out.by[k] = slope * by[k];
        return out;
    }
};

JNERF_FN RayDual operator+(const RayDual& a, const RayDual& b) {
    RayDual out(a.value + b.value);
    for (int k = 0; k < 6; k++) out.by[k] = a.by[k] + b.by[k];
    return out;
}
JNERF_FN RayDual operator*(const RayDual& a, const RayDual& b) {
    RayDual out(a.value * b.value);
    for (int k = 0; k < 6; k++) out.by[k] = fmaf(a.by[k], b.value, a.value * b.by[k]);
    return out;
}
JNERF_FN RayDual operator*(float a, const RayDual& b) { return b.along(a * b.value, a); }
JNERF_FN RayDual operator-(const RayDual& a, const RayDual& b) { return a + -1.0f * b; }
JNERF_FN float inverse_root(float x) { return 1.0f / sqrtf(x); }
JNERF_FN RayDual inverse_root(const RayDual& x) {
    const float root = inverse_root(x.value);
    return x.along(root, -0.5f * root * root * root);
}
JNERF_FN float inverse(float x) { return 1.0f / x; }
JNERF_FN RayDual inverse(const RayDual& x) {
    const float one = inverse(x.value);
    return x.along(one, -one * one);
}
JNERF_FN float value_of(float x) { return x; }
JNERF_FN float value_of(const RayDual& x) { return x.value; }

}  // namespace jnerf
