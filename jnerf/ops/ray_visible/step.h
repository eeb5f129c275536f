// A step from one window to the next, and the end of all: what the last densities mean, and what is asked for next.
#pragma once
#include "ray_visible/kernel.h"
#include "ray_visible/padded.h"

namespace jnerf {

// The last window; null pointers before the first one.
struct VisibleBefore {
    const float* next;
    const int* kept;
    const float* trans;
    const float *t_starts, *t_ends, *sigmas;
    const int *window, *state;
    int windows;  // how many there were
    // Kept samples and transmittance behind it, into `kept_out` and `trans_out`.
    void advance(int64_t n, float early_stop, int* kept_out, float* trans_out) const {
        const bool first = windows == 1;
        visible_advance(n, {t_starts, t_ends, sigmas, window, first ? nullptr : kept, first ? nullptr : trans, early_stop, kept_out, trans_out});
    }
};

// The next one. Of padded windows `state` has `slots` numbers, and this one's are at `slot`; else slots is 0.
struct VisibleNext {
    int looked, length;
    int64_t capacity;
    int slots, slot;
    int* kept;
    float* trans;
    int* window;
    float *first, *next;
    int *totals, *state;
};

JNERF_ENTRY void visible_step(int64_t n, const RayMarch& march, const VisibleBefore& before, float early_stop, const VisibleNext& to) {
    const bool begun = before.windows > 0;
    if (begun) before.advance(n, early_stop, to.kept, to.trans);
    const int* state = begun && to.slots ? before.state : nullptr;
    visible_count(n, {march, begun ? before.next : nullptr, begun ? to.kept : nullptr, begun ? to.trans : nullptr, to.looked, to.length, early_stop, to.window, to.first, to.next, state},
                  to.capacity, to.totals);
    if (to.slots) visible_live(n, {to.window, to.totals, state, to.capacity, to.slots, to.slot, to.state, (int)n});
}

struct VisibleEnd {
    int64_t capacity;
    int slots;
    bool known;  // the last window has been advanced through already
    int* kept;
    float* trans;
    int *packed, *totals, *state;
    float* live;
    int* count;
};

JNERF_ENTRY void visible_end(int64_t n, const VisibleBefore& before, float early_stop, const VisibleEnd& to) {
    if (!to.known) before.advance(n, early_stop, to.kept, to.trans);
    const int* state = to.slots ? before.state : nullptr;
    visible_pack(n, {to.known ? before.kept : to.kept, to.packed, state}, to.capacity, to.totals);
    if (!to.slots) {
        visible_leading(n, {to.packed, to.totals});
        return;
    }
    visible_live(n, {to.packed, to.totals, state, to.capacity, to.slots, VISIBLE_WANTED, to.state, (int)n});
    visible_mask(n, {to.state, to.live, to.count});
}

}  // namespace jnerf
