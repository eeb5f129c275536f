// Powers without tables and branches, so that loops of them vectorise.
#pragma once
#include <cstring>
#include "common/numbers/minmax.h"

namespace jnerf {

JNERF_FN float exp2i(int e) {  // 2^e for |e| < 127
    const int bits = (e + 127) << 23;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

// exp(x) for x <= 0 to 2e-7 of itself; below -87 it stays at 2e-38.
JNERF_FN float exp_of_negative(float x) {
    x = x < -87.0f ? -87.0f : x;
    const float n = rintf(1.44269504f * x);
    const float r = fmaf(n, 2.12194440e-4f, fmaf(n, -0.693359375f, x));  // x - n ln 2, the logarithm in two parts
    const float p = fmaf(r, fmaf(r, fmaf(r, fmaf(r, 1.0f / 720, 1.0f / 120), 1.0f / 24), 1.0f / 6), 0.5f);
    return fmaf(r * r, p, r + 1.0f) * exp2i((int)n);
}

}  // namespace jnerf
