// The points of a ray at which samples may lie: t_{n+1} = t_n + dt(t_n), dt(t) = clamp(t cone, min_step, max_step).
// In closed form, so that any point is reached at once: n min_step up to point n_cone, then t grows by the factor
// 1 + cone up to point n_far, then by max_step.
#pragma once
#include "common/jnerf_grid.h"

namespace jnerf {

struct Steps {
    float cone, log_ratio, min_step, max_step;  // log_ratio = log2(1 + cone)
    JNERF_FN float at(float t) const { return lesser(larger(t * cone, min_step), max_step); }
};

// 2^(k a) for k a in [-126, 126], to 2e-7; fused operations are spelled out, so that every device rounds alike.
JNERF_FN float power(float k, float a) {
    const float whole = floorf(fmaf(k, a, 0.5f)), x = fmaf(k, a, -whole);
    float y = 1.5403530e-4f;
    y = fmaf(y, x, 1.3333558e-3f);
    y = fmaf(y, x, 9.6181291e-3f);
    y = fmaf(y, x, 5.5504109e-2f);
    y = fmaf(y, x, 2.4022651e-1f);
    y = fmaf(y, x, 6.9314718e-1f);
    y = fmaf(y, x, 1.f);
    const float most = whole < 126.f ? whole : 126.f;  // a run beyond the box may ask for more
    return y * exp2i((int)most);
}

struct Lattice {
    Steps steps;
    float t_first, n_cone, t_cone, n_far, t_far;

    Lattice() = default;
    JNERF_FN Lattice(const Steps& s, float t_in, float jitter) : steps(s), t_first(fmaf(s.at(t_in), jitter, t_in)) {
        n_cone = n_far = 1e30f;
        t_cone = t_far = 0.f;
        if (!(s.cone > 0.f)) return;
        n_cone = larger(ceilf((s.min_step / s.cone - t_first) / s.min_step), 0.f);
        t_cone = fmaf(n_cone, s.min_step, t_first);
        n_far = n_cone + larger(ceilf(log2f(s.max_step / s.cone / t_cone) / s.log_ratio), 0.f);
        t_far = t_cone * power(n_far - n_cone, s.log_ratio);
    }

    JNERF_FN void at(float n, float& t, float& dt) const {
        if (n < n_cone) {
            t = fmaf(n, steps.min_step, t_first);
            dt = steps.min_step;
        } else if (n < n_far) {
            t = t_cone * power(n - n_cone, steps.log_ratio);
            dt = t * steps.cone;
        } else {
            t = fmaf(n - n_far, steps.max_step, t_far);
            dt = steps.max_step;
        }
    }

    // The point at t, more or less.
    JNERF_FN float number(float t) const {
        if (!(steps.cone > 0.f) || t < t_cone) return (t - t_first) / steps.min_step;
        return t < t_far ? n_cone + log2f(t / t_cone) / steps.log_ratio : n_far + (t - t_far) / steps.max_step;
    }

    // How many points, n itself included (so 1 at least), surely lie before t + reach and look at the same level. A
    // hundredth of a step is more than t and the logarithm are rounded by.
    JNERF_FN float run(float n, float t, float dt, float reach, int res) const {
        if (n < n_cone) return larger(1.f, lesser(ceilf(reach / dt - 0.01f), n_cone - n));
        if (n >= n_far) return larger(1.f, ceilf(reach / dt - 0.01f));
        const float coarser = exp2i(exponent(2.f * res * dt)) / (2.f * res * steps.cone);  // where dt asks for the next level
        reach = lesser(reach, coarser - t);
        const float k = ceilf(log2f(1.f + larger(0.f, reach) / t) / steps.log_ratio - 0.01f);
        return larger(1.f, lesser(k, n_far - n));
    }
};

}  // namespace jnerf
