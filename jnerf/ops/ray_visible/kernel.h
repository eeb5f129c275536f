// Marches rays window by window and keeps of each ray the leading samples in front of which transmittance is at least
// `early_stop`. The density is asked for a window of samples at a time, so that what lies behind a surface is neither
// marched through nor looked at:
//   count    the next window of each ray that is still transparent
//   advance  transmittance and number of kept samples once the window's densities are known
//   pack     rows of the samples kept in the end
//   gather   copies the kept samples of all windows, and what the field computed for them, to those rows
#pragma once
#include "ray_march/kernel.h"

namespace jnerf {

struct VisibleCount {
    RayMarch march;
    // Of the first window all three are null: rays begin at their first point, with nothing kept.
    const float* next_in;  // [R] lattice number where each ray goes on
    const int* kept;
    const float* trans;
    int looked, length;  // samples of each ray before this window, and in it
    float early_stop;
    int* window;  // [R, 2]
    float *first, *next;
    const int* live = nullptr;  // leading rays that are marched; null: all
    // Samples that a ray's window asks for, from lattice point n on; 0 if there is nothing to walk.
    JNERF_FN int start(int64_t ray, float& n) const {
        first[ray] = n = next_in ? next_in[ray] : 0.f;
        // A ray that ended, in the box or in the dark, has kept fewer samples than it could have.
        const bool open = (!kept || (kept[ray] == looked && trans[ray] >= early_stop)) && !(live && ray >= *live);
        const int left = march.max_steps - looked;
        return open ? (left < length ? left : length) : 0;
    }
    // Starts the walk; false if there is nothing to walk.
    JNERF_FN bool begin(int64_t ray, RayWalk& walk) const {
        float n;
        const int most = start(ray, n);
        return walk.begin(march, ray, n, most);
    }
    JNERF_FN bool step(int64_t ray, RayWalk& walk) const { return walk.step(march, RayMarchFirst{first + ray}); }
    JNERF_FN void end(int64_t ray, const RayWalk& walk) const {
        window[2 * ray + 1] = walk.count;
        next[ray] = walk.n;
    }
    JNERF_FN void operator()(int64_t ray) const {
        RayWalk walk;
        if (begin(ray, walk))
            while (step(ray, walk)) {}
        end(ray, walk);
    }
};

struct VisibleAdvance {
    const float *t_starts, *t_ends, *sigmas;  // of the window
    const int *window, *kept_in;  // kept_in and trans_in are null behind the first window
    const float* trans_in;
    float early_stop;
    int* kept;
    float* trans;
    JNERF_FN float keep(int64_t i) const { return expf(-sigmas[i] * (t_ends[i] - t_starts[i])); }  // 1 - alpha
    JNERF_FN void end(int64_t ray, int passed, float t) const {
        kept[ray] = (kept_in ? kept_in[ray] : 0) + passed;
        trans[ray] = t;
    }
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = window[2 * ray], count = window[2 * ray + 1];
        float t = trans_in ? trans_in[ray] : 1.f;
        int64_t i = first;
        for (; i < first + count && t >= early_stop; i++) t *= keep(i);
        end(ray, (int)(i - first), t);
    }
};

struct VisibleCounts {
    const int* kept;
    int* packed;
    const int* live = nullptr;
    JNERF_FN void operator()(int64_t ray) const { packed[2 * ray + 1] = live && ray >= *live ? 0 : kept[ray]; }
};

constexpr int VISIBLE_WINDOWS = 64;  // each is half as long as all before it: enough for any ray

// A window's samples, rays in order, and what the field computed for them: features [G, n, F] or null.
struct VisibleWindow {
    const int* rows;  // (first, count) of each ray, [R, 2]
    const float *t_starts, *t_ends, *features;
    int64_t n;
    int looked;  // samples of each ray before it
};

// All windows, and where their kept samples go: `packed`, [R, 2].
struct VisibleWindows {
    VisibleWindow at[VISIBLE_WINDOWS];
    int count;
    const int* packed;
    // How many samples of window w a ray keeps, and from which row of it to which row of the result they go. Once there
    // is none, there is none in later windows.
    JNERF_FN int64_t run(int w, int64_t ray, int64_t& from, int64_t& to) const {
        const int left = packed[2 * ray + 1] - at[w].looked, count = at[w].rows[2 * ray + 1];
        from = at[w].rows[2 * ray];
        to = packed[2 * ray] + at[w].looked;
        return left < count ? left : count;
    }
};

struct VisibleGather {
    VisibleWindows windows;
    float *t_starts, *t_ends;
    int* ray_indices;
    const float *rays_o = nullptr, *rays_d = nullptr;
    float* positions = nullptr;  // of the samples, like ray_points; null: nobody needs them
    JNERF_FN void operator()(int64_t ray) const {
        for (int w = 0; w < windows.count; w++) {
            int64_t from, to;
            const int64_t count = windows.run(w, ray, from, to);
            if (count <= 0) return;
            for (int64_t i = 0; i < count; i++) copy(ray, windows.at[w], from + i, to + i);
        }
    }
    JNERF_FN void copy(int64_t ray, const VisibleWindow& window, int64_t from, int64_t to) const {
        const float begin = window.t_starts[from], end = window.t_ends[from], t = 0.5f * (begin + end);
        t_starts[to] = begin, t_ends[to] = end;
        ray_indices[to] = (int)ray;
        for (int k = 0; positions && k < 3; k++) positions[3 * to + k] = rays_o[3 * ray + k] + t * rays_d[3 * ray + k];
    }
};

// How many leading rays hold all samples that are kept.
struct VisibleLeading {
    const int* packed;
    int* totals;  // (kept, wanted, the number sought)
    JNERF_FN void operator()(int64_t ray) const {
        if (totals[0] == 0 ? ray == 0 : packed[2 * ray + 1] > 0 && packed[2 * ray] + packed[2 * ray + 1] == totals[0]) totals[2] = totals[0] ? (int)ray + 1 : 0;
    }
};

// Features of the kept samples, [G, n_out, F].
struct VisibleFeatures {
    VisibleWindows windows;
    int64_t n_rays, groups, n_out;
    int width;  // F
    float* features;
};

JNERF_ENTRY void visible_pack(int64_t n, const VisibleCounts& kernel, int64_t capacity, int* totals) {
    parallel_for(n, kernel);
    pack_counts(n, capacity, kernel.packed, totals);
}

JNERF_ENTRY void visible_leading(int64_t n, const VisibleLeading& kernel) { parallel_for(n, kernel); }
}  // namespace jnerf
