#pragma once
#include "occupancy/kernel.h"

namespace jnerf {

JNERF_ENTRY void mark_unseen(int64_t bricks, const MarkUnseen& kernel) { parallel_for(bricks, kernel); }

JNERF_ENTRY void candidates(int64_t n, const Candidates& kernel) { parallel_for(n, kernel); }

struct ScatterMax {
    const int* cells;
    const float* sigmas;
    float step, *out;
    JNERF_FN void operator()(int64_t i) const {
        const float value = sigmas[i] * step;
#ifdef __CUDA_ARCH__
        // Bits of positive floats order like integers; the test keeps NaN out.
        if (value > 0.f) atomicMax((int*)(out + cells[i]), __float_as_int(value));
#endif
    }
};

struct Decay {
    const float* grid;
    float decay, *out;
    JNERF_FN void operator()(int64_t i) const { out[i] = decayed(grid[i], out[i], decay); }
};

JNERF_ENTRY void update_grid(const float* grid, int64_t n_cells, const int* cells, const float* sigmas, int64_t n, float step, float decay, float* out) {
    clear_memory(out, n_cells);
    parallel_for(n, ScatterMax{cells, sigmas, step, out});
    parallel_for(n_cells, Decay{grid, decay, out});
}

}  // namespace jnerf
