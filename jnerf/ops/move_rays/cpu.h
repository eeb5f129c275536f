// A chunk of rays is one piece of work, so that each ray is looked at once, not once for every image.
#pragma once
#include "move_rays/kernel.h"

namespace jnerf {

struct MoveRaysChunk {
    MoveRaysPart part;
    void operator()(int64_t chunk) const {
        const int64_t first = chunk * kMoveChunk, end = std::min(first + kMoveChunk, part.n_rays);
        float* sums = part.parts + chunk * part.n_images * kTwist;
        std::fill(sums, sums + part.n_images * kTwist, 0.0f);
        for (int64_t ray = first; ray < end; ray++) part.grad.add(ray, sums + kTwist * (int64_t)part.grad.images[ray]);
    }
};

// parts: float [ceil(n_rays / kMoveChunk), N, 6], to be written.
inline void move_rays_backward(const MoveRaysPart& part, float* grad_twists) {
    const int64_t chunks = (part.n_rays + kMoveChunk - 1) / kMoveChunk, width = part.n_images * kTwist;
    parallel_for(chunks, MoveRaysChunk{part});
    parallel_for(width, MoveRaysSum{part.parts, chunks, width, grad_twists});
}

}  // namespace jnerf
