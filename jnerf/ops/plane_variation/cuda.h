#pragma once
#include "plane_variation/kernel.h"

namespace jnerf {

// A vertex after the other, so that neighbours along a row are one thread's: sums of a share of the floats.
struct PlaneVariationAdd {
    PlaneRows planes;
    int64_t threads;
    float* out;
    __device__ void operator()(int64_t thread) const {
        const int64_t n = planes.floats(), all = planes.rows() * n;
        float sum = 0;
        for (int64_t at = thread; at < all; at += threads) {
            const int64_t row = at / n, i = at % n;
            const float v = planes.table[at];
            if (i + planes.F < n) sum += (planes.table[at + planes.F] - v) * (planes.table[at + planes.F] - v);
            if (!planes.last(row)) sum += (planes.table[at + n] - v) * (planes.table[at + n] - v);
        }
        atomicAdd(out, sum * planes.scale());
    }
};

inline void plane_variation_start(float* out) { clear_memory(out, 1); }

inline void plane_variation_forward(PlaneRows planes, float* out) {
    const int64_t threads = std::min<int64_t>(planes.rows() * planes.floats(), 1 << 16);
    parallel_for(threads, PlaneVariationAdd{planes, threads, out});
}

struct PlaneVariationBackward {
    PlaneRows planes;
    const float* grad;
    float* out;
    __device__ void operator()(int64_t at) const {
        const int64_t n = planes.floats(), row = at / n, i = at % n;
        const float* here = planes.table + at;
        float sum = 0;
        if (i >= planes.F) sum += *here - here[-planes.F];
        if (i + planes.F < n) sum += *here - here[planes.F];
        if (!planes.first(row)) sum += *here - here[-n];
        if (!planes.last(row)) sum += *here - here[n];
        out[at] = 2 * planes.scale() * *grad * sum;
    }
};

inline void plane_variation_backward(PlaneRows planes, const float* grad, float* out) {
    parallel_for(planes.rows() * planes.floats(), PlaneVariationBackward{planes, grad, out});
}

}  // namespace jnerf
