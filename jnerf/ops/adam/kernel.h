// Adam's update of one entry. The multiply-adds are written out, so that scalar, vector and CUDA code round alike.
#pragma once
#include "common/numbers/stored.h"

namespace jnerf {

// Nobody keeps the parameters in 16 bits too.
struct NoCopy {};
template <class Stored> struct HalfCopyOf { Stored* stored; };

// rate: learning rate (with the bias correction, where all entries share it); c1 = 1 - b1, c2 = 1 - b2.
struct AdamRule {
    float rate, b1, c1, b2, c2, eps;
    JNERF_FN void operator()(float rate_i, float g, float& p, float& m, float& v) const {
        m = fmaf(b1, m, c1 * g);
        v = fmaf(b2, v, c2 * g * g);
        p = p - rate_i * m / (sqrtf(v) + eps);
    }
};

struct AdamDense {
    AdamRule rule;
    float decay;
    const float* grads;
    float *params, *m, *v;
    JNERF_FN void update(float g, float& p, float& mi, float& vi) const { rule(rule.rate, fmaf(decay, p, g), p, mi, vi); }
    JNERF_FN void operator()(int64_t i) const {
        float p = params[i], mi = m[i], vi = v[i];
        update(grads[i], p, mi, vi);
        params[i] = p, m[i] = mi, v[i] = vi;
    }
};

JNERF_FN void copy_entry(NoCopy, int64_t, float) {}
template <class Stored> JNERF_FN void copy_entry(HalfCopyOf<Stored> copy, int64_t i, float p) { copy.stored[i] = Stored::of(p); }

// table[t] is the bias correction of the t-th update of an entry, constant from `last` on. The count itself goes on.
template <class Copy> struct AdamSparse {
    AdamRule rule;
    const float *grads, *table;
    int last;
    float *params, *m, *v;
    int* counts;
    Copy copy;
    JNERF_FN void update(float g, float& p, float& mi, float& vi, int& t) const {
        if (g == 0) return;
        t++;
        rule(rule.rate * table[t < last ? t : last], g, p, mi, vi);
    }
    JNERF_FN void operator()(int64_t i) const {
        const float g = grads[i];
        if (g == 0) return;
        float p = params[i], mi = m[i], vi = v[i];
        int t = counts[i];
        update(g, p, mi, vi, t);
        params[i] = p, m[i] = mi, v[i] = vi, counts[i] = t;
        copy_entry(copy, i, p);
    }
};

}  // namespace jnerf
