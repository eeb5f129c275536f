// One call per point, handed out in small parts: walks are of very different lengths.
#pragma once
#include "mesh_distance/kernel.h"

namespace jnerf {

template <class Kernel> inline void mesh_points(int64_t n, const Kernel& kernel) {
    in_team(n > 64, [&] {
        #pragma omp for schedule(dynamic, 64)
        for (int64_t i = 0; i < n; i++) kernel(i);
    });
}

inline void mesh_distance(int64_t n, const MeshDistance& kernel) { mesh_points(n, kernel); }
inline void mesh_winding_numbers(int64_t n, const MeshWinding& kernel) { mesh_points(n, kernel); }

}  // namespace jnerf
