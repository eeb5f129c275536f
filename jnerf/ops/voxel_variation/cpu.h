#pragma once
#include <vector>
#include "voxel_variation/kernel.h"

namespace jnerf {

// Chunks of a fixed size, added in their order: the same for any number of threads.
inline void voxel_variation(VoxelVariation kernel, float factor, float* out) {
    constexpr int64_t kChunk = 1024;
    const int64_t n = kernel.grid.count, chunks = (n + kChunk - 1) / kChunk;
    std::vector<double> sums(chunks);
    in_team(chunks > 1, [&] {
        #pragma omp for schedule(static)
        for (int64_t c = 0; c < chunks; c++) {
            double sum = 0;
            for (int64_t i = c * kChunk; i < std::min((c + 1) * kChunk, n); i++) sum += kernel(i);
            sums[c] = sum;
        }
    });
    double total = 0;
    for (double sum : sums) total += sum;
    *out = (float)(total * factor);
}

inline void voxel_variation_backward(VoxelVariationBackward kernel) { parallel_for(kernel.grid.n_rows, kernel); }

}  // namespace jnerf
