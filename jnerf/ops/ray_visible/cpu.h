// One call per ray, but for the count, where a thread walks two rays in turns, and for the features: they are many short
// runs of rows, listed once and then copied group by group.
#pragma once
#include <cstring>
#include <vector>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif
#include "ray_visible/kernel.h"

namespace jnerf {

// A walk is a chain of look-ups that wait for one another; those of another ray fill the gaps.
inline void visible_count(int64_t n, const VisibleCount& kernel, int* totals) {
    constexpr int64_t block = 256, at_once = 2;
    #pragma omp parallel if (n > block)
    {
        FlushSubnormals flush;
        #pragma omp for schedule(dynamic, 4)
        for (int64_t first = 0; first < n; first += block) {
            const int64_t end = std::min(n, first + block);
            RayWalk walks[at_once];
            int64_t rays[at_once], next = first;
            // The next ray that has something to walk takes a place; false if there is none left.
            const auto refill = [&](int place) {
                while (next < end) {
                    const int64_t ray = rays[place] = next++;
                    if (kernel.begin(ray, walks[place])) return true;
                    kernel.end(ray, walks[place]);
                }
                return false;
            };
            bool active[at_once];
            for (int k = 0; k < at_once; k++) active[k] = refill(k);
            while (active[0] || active[1])
                for (int k = 0; k < at_once; k++)
                    if (active[k] && !kernel.step(rays[k], walks[k])) {
                        kernel.end(rays[k], walks[k]);
                        active[k] = refill(k);
                    }
        }
    }
    pack_counts(n, INT_MAX, kernel.window, totals);
}

struct VisibleRun { int64_t from, to, count; };

inline void copy_floats(const float* from, float* to, int64_t n) {
#if defined(__AVX512F__)
    for (; n >= 16; n -= 16, from += 16, to += 16) _mm512_storeu_ps(to, _mm512_loadu_ps(from));
    const __mmask16 rest = (1u << n) - 1;
    _mm512_mask_storeu_ps(to, rest, _mm512_maskz_loadu_ps(rest, from));
#else
    for (; n >= 2; n -= 2, from += 2, to += 2) memcpy(to, from, 2 * sizeof(float));
    if (n) *to = *from;
#endif
}

inline void visible_gather_features(const VisibleFeatures& all) {
    std::vector<VisibleRun> runs;
    for (int64_t ray = 0; ray < all.n_rays; ray++) {
        VisibleRun run;
        run.count = all.rows.of(ray, run.from, run.to);
        if (run.count > 0) runs.push_back(run);
    }
    const int w = all.width;
    constexpr int64_t block = 4096;
    const int64_t n_runs = runs.size();
    #pragma omp parallel for collapse(2) schedule(static)
    for (int64_t g = 0; g < all.groups; g++)
        for (int64_t first = 0; first < n_runs; first += block) {
            const float* source = all.features_in + g * all.n_in * w;
            float* target = all.features + g * all.n_out * w;
            for (int64_t r = first; r < std::min(n_runs, first + block); r++)
                copy_floats(source + runs[r].from * w, target + runs[r].to * w, runs[r].count * w);
        }
}

}  // namespace jnerf
