// The gradient of the tables without atomics: a thread owns some components of one mode, and adds all samples to them in
// their order.
#pragma once
#include <vector>
#include "factor_interp/kernel.h"

namespace jnerf {

template <class Kind> inline void factor_look(int64_t n, FactorLook<Kind> kernel) { parallel_for(n, kernel); }

template <class Kind> inline void factor_pull(int64_t n, FactorPull<Kind> kernel) { parallel_for(n, kernel); }

// Components of a mode that belong to one thread.
struct FactorTask {
    int mode, first, offset, width;
};

struct FactorTasks {
    std::vector<FactorTask> all;
    template <int W> void chunk(int mode, int first, int offset) { all.push_back({mode, first, offset, W}); }
};

template <class Kind, int W> inline void factor_push_chunk(int64_t n, const FactorGrad<Kind>& kernel, const FactorTask& task) {
    const auto& factors = kernel.factors;
    for (int64_t i = 0; i < n; i++) {
        const float* grad = kernel.of(i);
        if (kernel.summed && grad[0] == 0) continue;
        const FactorPlace place(factors.size, kernel.positions + 3 * i);
        const ModeCorners<Kind> corners(factors, place, task.mode);
        const ModeChunk<Kind, W> found(factors, corners, task.mode, task.first);
        float wanted[W];
        for (int j = 0; j < W; j++) wanted[j] = kernel.summed ? grad[0] : grad[task.offset + j];
        for (int k = 0; k < Kind::kTables; k++) {
            float pushed[W];
            for (int j = 0; j < W; j++) pushed[j] = wanted[j] * found.product(j, k);
            for (int corner = 0; corner < 1 << Kind::dims(k); corner++) {
                float* out = kernel.out[task.mode][k] + corners.at[k][corner] + task.first;
                for (int j = 0; j < W; j++) out[j] = fmaf(corners.w[k][corner], pushed[j], out[j]);
            }
        }
    }
}

template <class Kind> inline void factor_push(int64_t n, const FactorGrad<Kind>& kernel) {
    FactorTasks tasks;
    for (int mode = 0, offset = 0; mode < Kind::kModes; offset += kernel.factors.width[mode++]) each_chunk(kernel.factors, mode, offset, tasks);
    in_team(true, [&] {
        #pragma omp for schedule(dynamic)
        for (int at = 0; at < Kind::kModes * Kind::kTables; at++) {
            const int mode = at / Kind::kTables, k = at % Kind::kTables;
            std::fill_n(kernel.out[mode][k], kernel.factors.vertices(mode, k) * kernel.factors.width[mode], 0.0f);
        }
        #pragma omp for schedule(dynamic)
        for (int at = 0; at < (int)tasks.all.size(); at++) {
            const FactorTask& task = tasks.all[at];
            if (task.width == 16) factor_push_chunk<Kind, 16>(n, kernel, task);
            else if (task.width == 8) factor_push_chunk<Kind, 8>(n, kernel, task);
            else if (task.width == 4) factor_push_chunk<Kind, 4>(n, kernel, task);
            else factor_push_chunk<Kind, 1>(n, kernel, task);
        }
    });
}

}  // namespace jnerf
