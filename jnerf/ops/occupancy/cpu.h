#pragma once
#include "occupancy/kernel.h"

namespace jnerf {

inline void mark_unseen(int64_t bricks, const MarkUnseen& kernel) { parallel_for(bricks, kernel); }

// Candidates look at cells from all over the grid. Those of a batch are asked of memory together, else each waits for its own.
struct CandidateBatch {
    static constexpr int kSize = 64;
    Candidates kernel;
    int64_t n;
    void operator()(int64_t batch) const {
        const int64_t begin = batch * kSize, end = std::min(begin + kSize, n);
        Candidates::Start starts[kSize];
        for (int64_t i = begin; i < end; i++) {
            starts[i - begin] = kernel.start(i);
            for (uint32_t j = 0; j < Candidates::kTries; j++) __builtin_prefetch(kernel.grid + starts[i - begin].at(j));
        }
        for (int64_t i = begin; i < end; i++) kernel.choose(i, starts[i - begin]);
    }
};

inline void candidates(int64_t n, const Candidates& kernel) {
    parallel_for((n + CandidateBatch::kSize - 1) / CandidateBatch::kSize, CandidateBatch{kernel, n});
}

// Each thread owns a range of cells and reads all samples: no atomics, and a maximum does not depend on the order.
inline void update_grid(const float* grid, int64_t n_cells, const int* cells, const float* sigmas, int64_t n, float step, float decay, float* out) {
    #pragma omp parallel
    {
        FlushSubnormals flush;
        const int64_t threads = omp_get_num_threads(), me = omp_get_thread_num();
        const int64_t begin = n_cells * me / threads, owned = n_cells * (me + 1) / threads - begin;
        float* mine = out + begin;
        std::fill_n(mine, owned, 0.f);
        for (int64_t i = 0; i < n; i++) {
            const uint64_t at = (uint64_t)(cells[i] - begin);  // cells before `begin` wrap to huge
            if (at >= (uint64_t)owned) continue;
            const float value = sigmas[i] * step;
            if (value > mine[at]) mine[at] = value;  // false for NaN
        }
        for (int64_t i = 0; i < owned; i++) mine[i] = decayed(grid[begin + i], mine[i], decay);
    }
}

}  // namespace jnerf
