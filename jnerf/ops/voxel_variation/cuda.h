#pragma once
#include "voxel_variation/kernel.h"

namespace jnerf {

struct VoxelVariationAdd {
    VoxelVariation kernel;
    float factor, *out;
    __device__ void operator()(int64_t i) const { atomicAdd(out, kernel(i) * factor); }
};

inline void voxel_variation(VoxelVariation kernel, float factor, float* out) {
    clear_memory(out, 1);
    parallel_for(kernel.grid.count, VoxelVariationAdd{kernel, factor, out});
}

inline void voxel_variation_backward(VoxelVariationBackward kernel) { parallel_for(kernel.grid.n_rows, kernel); }

}  // namespace jnerf
