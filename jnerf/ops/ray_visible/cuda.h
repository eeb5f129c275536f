// One call per ray, or per (group of features, ray).
#pragma once
#include "ray_march/cuda.h"
#include "ray_visible/kernel.h"
#include "ray_visible/padded.h"

namespace jnerf {

inline void visible_count(int64_t n, const VisibleCount& kernel, int64_t capacity, int* totals) {
    parallel_for(n, kernel);
    pack_counts(n, capacity, kernel.window, totals);
}

struct VisibleGatherFeatures {
    VisibleFeatures all;
    JNERF_FN void operator()(int64_t i) const {
        const int64_t group = i / all.n_rays, ray = i - group * all.n_rays;
        for (int w = 0; w < all.windows.count; w++) {
            int64_t from, to;
            const int64_t count = all.windows.run(w, ray, from, to) * all.width;
            if (count <= 0) return;
            const VisibleWindow& window = all.windows.at[w];
            const float* source = window.features + (group * window.n + from) * all.width;
            float* target = all.features + (group * all.n_out + to) * all.width;
            for (int64_t k = 0; k < count; k++) target[k] = source[k];
        }
    }
};

inline void visible_gather_features(const VisibleFeatures& all) { parallel_for(all.groups * all.n_rays, VisibleGatherFeatures{all}); }

}  // namespace jnerf

#include "ray_visible/step.h"
