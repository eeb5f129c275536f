// One call per ray, but for the count, where a thread walks sixteen rays at once or two in turns, and for the features: of
// a block of rays, the many short runs of rows are listed once, and then put together group by group and stored past the
// caches.
#pragma once
#include <cstring>
#include <vector>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif
#include "common/jnerf_stream.h"
#include "ray_march/cpu.h"
#include "ray_visible/kernel.h"
#include "ray_visible/padded.h"

namespace jnerf {

#if defined(__AVX512F__)
inline void visible_count_lanes(int64_t n, const VisibleCount& kernel) {
    const auto start = [&](int64_t ray, float& from) {
        const int most = kernel.start(ray, from);
        if (most <= 0) kernel.window[2 * ray + 1] = 0, kernel.next[ray] = from;
        return most;
    };
    march_lanes(n, kernel.march, start, march_nothing, [&](int64_t first, __mmask16 lanes, const MarchRays& rays) {
        alignas(64) int ray[MARCH_LANES], count[MARCH_LANES];
        alignas(64) float found[MARCH_LANES], next[MARCH_LANES];
        _mm512_store_si512(ray, rays.ray), _mm512_store_si512(count, rays.count);
        _mm512_store_ps(found, rays.found), _mm512_store_ps(next, rays.n);
        for_lanes(lanes, [&](int k) {
            const int64_t at = first + ray[k];
            kernel.window[2 * at + 1] = count[k], kernel.first[at] = found[k], kernel.next[at] = next[k];
        });
    });
}
#endif

// A walk is a chain of look-ups that wait for one another; those of another ray fill the gaps.
inline void visible_count_in_turns(int64_t n, const VisibleCount& kernel) {
    constexpr int64_t block = 256, at_once = 2;
    in_team(n > block, [&] {
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
    });
}

inline void visible_count(int64_t n, const VisibleCount& kernel, int64_t capacity, int* totals) {
#if defined(__AVX512F__)
    if (march_in_lanes(kernel.march)) visible_count_lanes(n, kernel);
    else
#endif
        visible_count_in_turns(n, kernel);
    pack_counts(n, capacity, kernel.window, totals);
}

// Rows that lie together, of one group of features.
struct VisibleRun {
    const float* from;
    int64_t n, to_next;  // floats; to those of the next group
};

// Up to 32 floats without a branch: how many there are can hardly be foreseen.
inline void copy_floats(const float* from, float* to, int64_t n) {
#if defined(__AVX512F__)
    for (; n > 32; n -= 16, from += 16, to += 16) _mm512_storeu_ps(to, _mm512_loadu_ps(from));
    const uint32_t have = (uint32_t)(((uint64_t)1 << n) - 1);
    const __mmask16 low = (__mmask16)have, high = (__mmask16)(have >> 16);
    _mm512_mask_storeu_ps(to, low, _mm512_maskz_loadu_ps(low, from));
    _mm512_mask_storeu_ps(to + 16, high, _mm512_maskz_loadu_ps(high, from + 16));
#else
    for (; n >= 2; n -= 2, from += 2, to += 2) memcpy(to, from, 2 * sizeof(float));
    if (n) *to = *from;
#endif
}

// One thread's block of rays at a time, group by group.
struct VisibleBlock {
    const VisibleFeatures& all;
    std::vector<VisibleRun> runs;
    std::vector<float> rows;  // one group of the block's result

    // Lists what the rays first .. end - 1 keep. Returns the number of samples.
    int64_t list(int64_t first, int64_t end) {
        int64_t n = 0;
        runs.clear();
        for (int64_t ray = first; ray < end; ray++)
            for (int w = 0; w < all.windows.count; w++) {
                const VisibleWindow& window = all.windows.at[w];
                int64_t from, to;
                const int64_t count = all.windows.run(w, ray, from, to);
                if (count <= 0) break;
                runs.push_back({window.features + from * all.width, count * all.width, window.n * all.width});
                n += count;
            }
        return n;
    }

    // The next group.
    void copy(float* to) {
        for (VisibleRun& run : runs) {
            const float* next = run.from + run.to_next;
            __builtin_prefetch(next);  // runs are too short for the machine to see them coming; the last ones' is harmless
            __builtin_prefetch(next + run.n - 1);
            copy_floats(run.from, to, run.n);
            to += run.n, run.from = next;
        }
    }

    // Through `rows`, which lie to a cache line as the result does, so that whole lines can be stored.
    void stream(float* to, int64_t n) {
        constexpr int64_t line = STREAM_LINE / sizeof(float);
        rows.resize(n + 2 * line);
        const int64_t lead = std::min(n, floats_to_line(to)), whole = (n - lead) / line * line;
        float* from = rows.data() + (floats_to_line(rows.data()) + line - lead) % line;
        copy(from);
        memcpy(to, from, lead * sizeof(float));
        stream_lines(to + lead, from + lead, (int)whole);
        memcpy(to + lead + whole, from + lead + whole, (n - lead - whole) * sizeof(float));
    }
};

inline void visible_gather_features(const VisibleFeatures& all) {
    constexpr int64_t block = 256;
    const bool large = all.groups * all.n_out * all.width * (int64_t)sizeof(float) >= STREAM_BYTES;
    in_team(all.n_rays > block, [&] {
        VisibleBlock mine{all, {}, {}};
        #pragma omp for schedule(dynamic, 1)
        for (int64_t first = 0; first < all.n_rays; first += block) {
            const int64_t n = mine.list(first, std::min(all.n_rays, first + block)) * all.width;
            for (int64_t g = 0; n && g < all.groups; g++) {
                float* to = all.features + (g * all.n_out + all.windows.packed[2 * first]) * all.width;
                if (large) mine.stream(to, n);
                else mine.copy(to);
            }
        }
        if (large) stream_done();
    });
}

inline void visible_advance(int64_t n, const VisibleAdvance& kernel) { parallel_for(n, kernel); }
inline void visible_gather(int64_t n, const VisibleGather& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf

#include "ray_visible/step.h"
