// One call per point: the shared body is all there is.
#pragma once
#include "mesh_distance/kernel.h"

namespace jnerf {

inline void mesh_distance(int64_t n, const MeshDistance& kernel) { parallel_for(n, kernel); }
inline void mesh_winding_numbers(int64_t n, const MeshWinding& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
