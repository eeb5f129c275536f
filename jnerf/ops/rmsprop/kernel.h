// RMSprop's update of one row. Multiply-adds are written out, so that scalar, vector and CUDA code round alike.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct RmspropRule {
    float rate, beta, rest, eps;  // rest = 1 - beta
    JNERF_FN void operator()(float g, float& p, float& v) const {
        const float square = g * g;
        v = v == 0 ? square : fmaf(beta, v, rest * square);
        p = p - rate * g / (sqrtf(v) + eps);
    }
};

struct RmspropRow {
    RmspropRule rule;
    int width;
    const float* grads;
    float *params, *v;
    JNERF_FN void operator()(int64_t row) const {
        const int64_t first = row * width;
        bool any = false;
        for (int j = 0; j < width; j++) any = any || grads[first + j] != 0;
        if (!any) return;
        for (int j = 0; j < width; j++) rule(grads[first + j], params[first + j], v[first + j]);
    }
};

}  // namespace jnerf
