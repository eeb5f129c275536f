#pragma once
#include <vector>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif
#include "occupancy/kernel.h"

namespace jnerf {

inline void mark_unseen(int64_t bricks, const MarkUnseen& kernel) { parallel_for(bricks, kernel); }

// A bit for each cell above a threshold: what candidates look up all over the grid stays in the second cache.
struct CellsAbove {
    const float* grid;
    float threshold;
    uint64_t* bits;
    void operator()(int64_t word) const {
        const float* cells = grid + 64 * word;
        uint64_t above = 0;
#if defined(__AVX512F__)
        for (int i = 0; i < 64; i += 16)
            above |= (uint64_t)_mm512_cmp_ps_mask(_mm512_loadu_ps(cells + i), _mm512_set1_ps(threshold), _CMP_GT_OQ) << i;
#else
        for (int i = 0; i < 64; i++) above |= (uint64_t)(cells[i] > threshold) << i;
#endif
        bits[word] = above;
    }
};

// Candidates by the batch: with nothing to decide on the way, several of them are one vector.
struct CandidateBatch {
    static constexpr int kSize = 64;
    Candidates kernel;
    int64_t n;
    typedef uint32_t __attribute__((may_alias)) Word;  // half of one that was written
    const Word* bits;
    void operator()(int64_t batch) const {
        const Candidates own = kernel;
        const Word* words = bits;
        const uint32_t per_level = own.start(0).per_level;
        const int64_t begin = batch * kSize;
        const int count = (int)std::min<int64_t>(kSize, n - begin);
        int level[kSize], tries[kSize];
        for (int i = 0; i < count; i++) level[i] = own.level((uint32_t)(begin + i));
        for (int i = 0; i < count; i++) {
            const uint32_t walk = own.start(begin + i).walk, from = level[i] * (per_level / 32);
            uint32_t found = 1u << (Candidates::kTries - 1);  // the last try is taken anyway
            #pragma GCC unroll 16
            for (uint32_t j = 0; j + 1 < Candidates::kTries; j++) {
                const uint32_t cell = Candidates::Start{0, walk, per_level}.cell(j);
                found |= (words[from + cell / 32] >> cell % 32 & 1u) << j;
            }
            tries[i] = exponent((float)(int)(found & (0u - found))) - 1;
        }
        for (int i = 0; i < count; i++) own.place(begin + i, own.start(begin + i), (uint32_t)tries[i]);
    }
};

inline void candidates(int64_t n, const Candidates& kernel) {
    if (n <= 0) return;
    const int64_t words = (int64_t)kernel.levels * kernel.res * kernel.res * kernel.res / 64;
    std::vector<uint64_t> bits(words);
    parallel_for(words, CellsAbove{kernel.grid, kernel.threshold, bits.data()});
    parallel_for((n + CandidateBatch::kSize - 1) / CandidateBatch::kSize, CandidateBatch{kernel, n, (const CandidateBatch::Word*)bits.data()});
}

// Each thread owns a range of cells and reads all samples: no atomics, and a maximum does not depend on the order.
inline void update_grid(const float* grid, int64_t n_cells, const int* cells, const float* sigmas, int64_t n, float step, float decay, float* out) {
    in_team(true, [&] {
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
    });
}

}  // namespace jnerf
