// Rows of 32, those of spherical harmonics, have a path of their own: two tests decide whether a row is skipped, and what
// belongs to those that are not is asked for ahead of its use.
#pragma once
#include "adam/cpu.h"
#include "rmsprop/kernel.h"

namespace jnerf {

inline void rmsprop_rows(int64_t n, RmspropRow kernel) {
    constexpr int kWidth = 32;
    constexpr int64_t kRows = 16;
    if (kernel.width != kWidth) return parallel_for(n, kernel);
    in_team(n > 1024, [&] {
        #pragma omp for schedule(dynamic, 64)
        for (int64_t first = 0; first < n; first += kRows) {
            int64_t at[kRows];
            int count = 0;
            for (int64_t row = first; row < std::min(first + kRows, n); row++) {
                const float* g = kernel.grads + row * kWidth;
                if (!any_not_zero(g) && !any_not_zero(g + kAdamBlock)) continue;
                at[count++] = row * kWidth;
                for (int j = 0; j < kWidth; j += kAdamBlock)
                    __builtin_prefetch(kernel.params + row * kWidth + j, 1), __builtin_prefetch(kernel.v + row * kWidth + j, 1);
            }
            for (int k = 0; k < count; k++) {
                float p[kWidth], v[kWidth], *params = kernel.params + at[k], *squares = kernel.v + at[k];
                for (int j = 0; j < kWidth; j++) p[j] = params[j], v[j] = squares[j];
                for (int j = 0; j < kWidth; j++) kernel.rule(kernel.grads[at[k] + j], p[j], v[j]);
                for (int j = 0; j < kWidth; j++) params[j] = p[j], squares[j] = v[j];
            }
        }
    });
}

}  // namespace jnerf
