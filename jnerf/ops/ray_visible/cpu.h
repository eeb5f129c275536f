// One call per ray, but for the features: they are many short runs of rows, listed once and then copied group by group.
#pragma once
#include <cstring>
#include <vector>
#include "ray_visible/kernel.h"

namespace jnerf {

struct VisibleRun { int64_t from, to, count; };

// F features of a row as one value; WIDTH 0: any number.
template <int WIDTH> inline void copy_runs(const std::vector<VisibleRun>& runs, const float* source, float* target, int width) {
    if (WIDTH) width = WIDTH;
    for (const VisibleRun& run : runs) {
        const float* from = source + run.from * width;
        float* to = target + run.to * width;
        for (int64_t k = 0; k < run.count; k++) memcpy(to + k * width, from + k * width, width * sizeof(float));
    }
}

inline void visible_gather_features(const VisibleFeatures& all) {
    std::vector<VisibleRun> runs;
    for (int64_t ray = 0; ray < all.n_rays; ray++) {
        VisibleRun run;
        run.count = all.rows.of(ray, run.from, run.to);
        if (run.count > 0) runs.push_back(run);
    }
    const int w = all.width;
    #pragma omp parallel for schedule(static)
    for (int64_t g = 0; g < all.groups; g++) {
        const float* source = all.features_in + g * all.n_in * w;
        float* target = all.features + g * all.n_out * w;
        w == 2 ? copy_runs<2>(runs, source, target, w) : w == 4 ? copy_runs<4>(runs, source, target, w) : copy_runs<0>(runs, source, target, w);
    }
}

}  // namespace jnerf
