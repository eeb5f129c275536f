#pragma once
#include "plane_interp/turned.h"

namespace jnerf {

template <int W> inline void plane_turned_features(PlaneGrid grid, const float* directions, float* out) {
    parallel_for(grid.n_samples, PlaneTurnedFeatures<W>{grid, directions, out});
}

// A plane has one owner, who adds in the order of the samples.
template <int W> inline void plane_turned_table(PlaneGrid grid, const float* directions, const float* grad_features, float* grad_table) {
    std::fill_n(grad_table, grid.first_row(grid.n_scales) * grid.n_features, 0.0f);
    in_team(true, [&] {
        #pragma omp for schedule(dynamic, 1)
        for (int job = 3 * grid.n_scales - 1; job >= 0; job--)
            for (int64_t i = 0; i < grid.n_samples; i++)
                plane_turned_rows<W>(grid, job / 3, job % 3, i, directions + 3 * i, grad_features + grid.feature(job / 3, i), [=](int64_t at, const float (&v)[W]) {
                    for (int l = 0; l < W; l++) grad_table[at + l] += v[l];
                });
    });
}

}  // namespace jnerf
