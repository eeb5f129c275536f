// The gradient to the table without atomics: a task owns a range of rows of one level and adds the samples in their
// order. The order in which a row's samples are added does not depend on how many ranges there are.
#pragma once
#include "octree_interp/kernel.h"

namespace jnerf {

// row_starts: the first row of each level, and their number, [L + 1].
template <int F> inline void octree_table_grad(OctreeSamples s, const int* voxels, const int* row_starts, const float* grad, float* grad_table, int64_t n_rows) {
    const int levels = s.tree.levels(), parts = std::max(1, (2 * omp_get_max_threads() + levels - 1) / levels);
    const int64_t end = row_starts[levels];
    in_team(true, [&] {
        #pragma omp for schedule(dynamic)
        for (int task = 0; task < levels * parts; task++) {
            const int lod = levels - 1 - task / parts, part = task % parts;  // the largest level first
            const int64_t rows = row_starts[lod + 1] - row_starts[lod];
            const int64_t from = row_starts[lod] + rows * part / parts, to = row_starts[lod] + rows * (part + 1) / parts;
            std::fill(grad_table + from * F, grad_table + to * F, 0.0f);
            for (int64_t i = 0; i < s.n; i++) {
                const int voxel = voxels[i * levels + lod];
                if (voxel < 0) continue;
                const int* corner = s.tree.corners + 8 * (int64_t)voxel;  // ascending but for the middle ones
                if (corner[7] < from || corner[0] >= to) continue;
                const OctreeWeights weights = octree_weights(s, s.positions + 3 * i, lod);
                const float* g = grad + s.row(lod, i) * F;
                for (int c = 0; c < 8; c++) {
                    if (corner[c] < from || corner[c] >= to) continue;
                    const float w = weights.along(c, s.direction(i));
                    float* out = grad_table + (int64_t)corner[c] * F;
                    for (int f = 0; f < F; f++) out[f] += w * g[f];
                }
            }
        }
    });
    std::fill(grad_table + end * F, grad_table + n_rows * F, 0.0f);  // levels that were not looked up
}

}  // namespace jnerf
