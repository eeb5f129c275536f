// A sample as a piece of the cone through its pixel, and that piece as a Gaussian (Barron et al. 2021, equation 7): with
// the interval's middle m and half its length h, along the ray
//   t_mean = m + 2 m h^2 / q,  t_var = h^2 / 3 - 4 h^4 (12 m^2 - h^2) / (15 q^2),   q = 3 m^2 + h^2,
// and across it r_var = r^2 (m^2 / 4 + 5 h^2 / 12 - 4 h^4 / (15 q)), for a cone of radius r at distance 1. Only the
// diagonal of the covariance is kept (equation 16): t_var d^2 + r_var (1 - d^2) for a unit direction d.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

// Moments of one piece.
struct FrustumMoments {
    float t_mean, t_var, r_var;
    JNERF_FN FrustumMoments(float t0, float t1, float r) {
        const float m = 0.5f * (t0 + t1), h = 0.5f * (t1 - t0);
        const float mm = m * m, hh = h * h, q = 3.0f * mm + hh, part = q > 0.0f ? hh / q : 0.0f;
        t_mean = m + 2.0f * m * part;
        t_var = hh / 3.0f - (4.0f / 15.0f) * part * part * (12.0f * mm - hh);
        r_var = r * r * (0.25f * mm + (5.0f / 12.0f) * hh - (4.0f / 15.0f) * hh * part);
    }
};

struct FrustumGaussians {
    const float *rays_o, *rays_d, *radii, *t_starts, *t_ends;
    const int* ray_indices;
    float *means, *variances;
    JNERF_FN void operator()(int64_t i) const {
        const int64_t ray = ray_indices[i];
        const FrustumMoments piece(t_starts[i], t_ends[i], radii[ray]);
        for (int k = 0; k < 3; k++) {
            const float d = rays_d[3 * ray + k];
            means[3 * i + k] = rays_o[3 * ray + k] + piece.t_mean * d;
            variances[3 * i + k] = piece.t_var * d * d + piece.r_var * (1.0f - d * d);
        }
    }
};

// One ray per call, its pieces in their order.
struct FrustumGaussiansGrad {
    const float *rays_d, *radii, *t_starts, *t_ends;
    const int* packed_info;                    // [R, 2]
    const float *grad_means, *grad_variances;  // [S, 3]
    float *grad_o, *grad_d;                    // [R, 3]
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = packed_info[2 * ray], end = first + packed_info[2 * ray + 1];
        float of_o[3] = {}, of_d[3] = {};
        for (int64_t i = first; i < end; i++) {
            const FrustumMoments piece(t_starts[i], t_ends[i], radii[ray]);
            for (int k = 0; k < 3; k++) {
                const float g = grad_means[3 * i + k], width = piece.t_var - piece.r_var;
                of_o[k] += g;
                of_d[k] += piece.t_mean * g + 2.0f * width * rays_d[3 * ray + k] * grad_variances[3 * i + k];
            }
        }
        for (int k = 0; k < 3; k++) grad_o[3 * ray + k] = of_o[k], grad_d[3 * ray + k] = of_d[k];
    }
};

inline void frustum_gaussians(int64_t n, const FrustumGaussians& kernel) { parallel_for(n, kernel); }
inline void frustum_gaussians_backward(int64_t n_rays, const FrustumGaussiansGrad& kernel) { parallel_for(n_rays, kernel); }

}  // namespace jnerf
