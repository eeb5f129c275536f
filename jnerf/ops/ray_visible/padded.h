// Marching whose sizes stay on the device. Each array has a capacity that the host chose; rows behind the samples are
// padding: intervals of length 0 on the last ray, without features. Where samples exceed a capacity, the ray that would and
// all behind it are dropped: only the leading rays stay live. What came of a step is an array of numbers, `state`, which
// each kernel hands on with its own added.
#pragma once
#include "ray_visible/kernel.h"

namespace jnerf {

// Behind these, of each window: its samples, and the rays left behind it.
enum VisibleState { VISIBLE_LIVE, VISIBLE_MARCHED, VISIBLE_WANTED, VISIBLE_KEPT, VISIBLE_FIRST_WINDOW };

// After packing: rays left, and the samples there were.
struct VisibleLive {
    const int *packed, *totals, *state_in;  // state_in is null before the first window: all rays are live
    int64_t capacity;
    int slots, slot;  // slot: of a window; VISIBLE_WANTED: of what is kept in the end
    int* state;
    int n_rays = 0;
    JNERF_FN void operator()(int64_t ray) const {
        const bool dropped = totals[1] > capacity;
        // One ray writes: the last one with samples if rays behind it were dropped, else the first.
        const bool last = packed[2 * ray + 1] > 0 && packed[2 * ray] + packed[2 * ray + 1] == totals[0];
        if (dropped && totals[0] ? !last : ray != 0) return;
        for (int k = 0; k < slots; k++) state[k] = state_in ? state_in[k] : n_rays;
        const int before = state_in ? state_in[VISIBLE_LIVE] : n_rays, fitting = totals[0] ? (int)ray + 1 : 0;
        const int live = dropped && fitting < before ? fitting : before;
        state[VISIBLE_LIVE] = live;
        state[slot] = totals[1];
        if (slot == VISIBLE_WANTED) {
            state[VISIBLE_MARCHED] = before;
            state[VISIBLE_KEPT] = totals[0];
        } else state[slot + 1] = live;
    }
};

struct VisibleMask {
    const int* state;
    float* live;  // 1 for rays that stay, else 0
    int* count = nullptr;  // samples kept
    JNERF_FN void operator()(int64_t ray) const {
        live[ray] = ray < state[VISIBLE_LIVE] ? 1.0f : 0.0f;
        if (count && ray == 0) *count = state[VISIBLE_KEPT];
    }
};

struct VisibleNoFeatures {
    float* features;  // [G, n, F]
    int64_t groups, n;
    int width;
    JNERF_FN void operator()(int64_t row) const {
        for (int64_t g = 0; g < groups; g++)
            for (int k = 0; k < width; k++) features[(g * n + row) * width + k] = 0.0f;
    }
};

JNERF_ENTRY void visible_live(int64_t n, const VisibleLive& kernel) { parallel_for(n, kernel); }
JNERF_ENTRY void visible_mask(int64_t n, const VisibleMask& kernel) { parallel_for(n, kernel); }

JNERF_ENTRY void visible_pad_features(const int* packed, int64_t n_rays, const VisibleNoFeatures& kernel) { behind_rays(packed, n_rays, kernel.n, kernel); }

}  // namespace jnerf
