// A thread for each chunk of rays and each image: no atomics, so that sums have the same bits in every run.
#pragma once
#include "move_rays/kernel.h"

namespace jnerf {

// parts: float [ceil(n_rays / kMoveChunk), N, 6], to be written.
inline void move_rays_backward(const MoveRaysPart& part, float* grad_twists) {
    const int64_t chunks = (part.n_rays + kMoveChunk - 1) / kMoveChunk, width = part.n_images * kTwist;
    parallel_for(chunks * part.n_images, part);
    parallel_for(width, MoveRaysSum{part.parts, chunks, width, grad_twists});
}

}  // namespace jnerf
