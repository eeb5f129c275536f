// Pixels lie anywhere in memory: those of a block of rays are on their way while its rays are computed.
#pragma once
#include "pixel_rays/kernel.h"

namespace jnerf {

inline void pixel_rays(int64_t n, const PixelRays& kernel) {
    constexpr int64_t block = 64;
    in_team(n > block, [&] {
        #pragma omp for schedule(static)
        for (int64_t first = 0; first < n; first += block) {
            const int64_t end = std::min(n, first + block);
            for (int64_t i = first; i < end; i++) {
                kernel.draw(i);
                __builtin_prefetch(kernel.pixel(i));
            }
            for (int64_t i = first; i < end; i++) kernel.cast(i);
            for (int64_t i = first; i < end; i++) kernel.look_up(i);
        }
    });
}

}  // namespace jnerf
