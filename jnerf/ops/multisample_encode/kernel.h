// Several points with a width stand for one sample (Zip-NeRF, Barron et al. 2023, section 2): on level l with N_l cells a side
// a point of width sigma counts by w = erf(1 / (sqrt8 sigma N_l)), so that features fade where cells are finer than the
// point is wide, and a sample's features are the mean of its points' weighted ones, times a factor:
//   out[l, s, f] = factor / P sum_j w_lj V_l(x_j)[f].
// With `sizes` a further feature tells how much of the level was left: factor (2 / P sum_j w_lj - 1) sizes[l].
// erf(x) is sqrt(1 - exp(-4 x^2 / pi)), so w = sqrt(1 - exp(-u)) with u = 1 / (2 pi (sigma N_l)^2).
// Points are [P, S, 3], widths [P, S], features [L, S, F or F + 1]: there never is an array of all points' features.
#pragma once
#include "hash_encode/kernel.h"

namespace jnerf {

constexpr float MULTI_CLEAR = 60.0f;  // a weight is 1 from this u on

JNERF_FN float multisample_exponent(float width, float cells) {
    const float x = width * cells, u = 0.15915494309189535f / (x * x);  // 1 / (2 pi); inf for a point
    return u < MULTI_CLEAR ? u : MULTI_CLEAR;
}

JNERF_FN float multisample_weight(float width, float cells) { return sqrtf(-expm1f(-multisample_exponent(width, cells))); }

template <class Stored> struct MultisampleOf {
    HashGridOf<Stored> grid;  // its positions are the points, its n_samples the S samples
    const float *widths, *sizes;  // sizes [L], or null
    int n_points;
    float factor;

    JNERF_FN int64_t features(int F) const { return F + (sizes ? 1 : 0); }
    JNERF_FN float share() const { return factor / n_points; }
    JNERF_FN float size_feature(int level, float sum) const { return factor * (2.0f / n_points * sum - 1.0f) * sizes[level]; }
};
typedef MultisampleOf<float> Multisample;

}  // namespace jnerf
