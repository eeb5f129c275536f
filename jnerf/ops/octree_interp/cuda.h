#pragma once
#include "octree_interp/kernel.h"

namespace jnerf {

// Sample i / L at level i % L.
template <int F> struct OctreeTableGrad {
    OctreeSamples s;
    const int* voxels;
    const float* grad;
    float* grad_table;
    __device__ void operator()(int64_t at) const {
        const int levels = s.tree.levels(), lod = (int)(at % levels);
        const int64_t i = at / levels;
        const int voxel = voxels[at];
        if (voxel < 0) return;
        const int* corner = s.tree.corners + 8 * (int64_t)voxel;
        const OctreeWeights weights = octree_weights(s, s.positions + 3 * i, lod);
        const float* g = grad + s.row(lod, i) * F;
        for (int c = 0; c < 8; c++) {
            const float w = weights.along(c, s.direction(i));
            float* out = grad_table + (int64_t)corner[c] * F;
            for (int f = 0; f < F; f++) atomicAdd(out + f, w * g[f]);
        }
    }
};

template <int F> inline void octree_table_grad(OctreeSamples s, const int* voxels, const int*, const float* grad, float* grad_table, int64_t n_rows) {
    clear_memory(grad_table, n_rows * F);
    parallel_for(s.n * s.tree.levels(), OctreeTableGrad<F>{s, voxels, grad, grad_table});
}

}  // namespace jnerf
