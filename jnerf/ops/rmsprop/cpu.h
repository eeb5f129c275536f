// Rows of 32, those of spherical harmonics, have a path of their own: two tests decide whether a row is skipped.
#pragma once
#include "adam/cpu.h"
#include "rmsprop/kernel.h"

namespace jnerf {

inline void rmsprop_rows(int64_t n, RmspropRow kernel) {
    constexpr int kWidth = 32;
    if (kernel.width != kWidth) return parallel_for(n, kernel);
    #pragma omp parallel if (n > 1024)
    {
        FlushSubnormals flush;
        #pragma omp for schedule(dynamic, 1024)
        for (int64_t row = 0; row < n; row++) {
            const float* g = kernel.grads + row * kWidth;
            if (!any_not_zero(g) && !any_not_zero(g + kAdamBlock)) continue;
            float p[kWidth], v[kWidth], *params = kernel.params + row * kWidth, *squares = kernel.v + row * kWidth;
            for (int j = 0; j < kWidth; j++) p[j] = params[j], v[j] = squares[j];
            for (int j = 0; j < kWidth; j++) kernel.rule(g[j], p[j], v[j]);
            for (int j = 0; j < kWidth; j++) params[j] = p[j], squares[j] = v[j];
        }
    }
}

}  // namespace jnerf
