// Pieces of pixels' cones as Gaussians of the unit cube, along directions p. With x the mean in half edges of the box from
// its middle, D the scale from field units to those, and J the Jacobian there of the contraction f (Barron et al. 2022,
// equation 10; the identity for a box), the covariance J D S D J^T has the variance
//   t_var (w . D d)^2 + r_var (|D w|^2 - (w . D d)^2),   w = J^T p,
// along p, since S = t_var d d^T + r_var (I - d d^T): no matrix, no cancellation, never below 0. With r the norm of x,
//   f(x) = h x,  J^T p = h p + c (p . x / r) dr/dx,   h = (2 - 1/r) / r,  c = 2 (1/r^2 - 1/r),   for r > 1.
#pragma once
#include "frustum_gaussians/kernel.h"
#include "project_gaussians/dual.h"

namespace jnerf {

enum class ContractionNorm { none, l2, linf };

struct ProjectionSpace {
    float middle[3], inverse_half[3];
    ContractionNorm norm;
    JNERF_FN float cube() const { return norm == ContractionNorm::none ? 0.5f : 0.25f; }  // cube units per half edge
};

// A piece's mean and direction in half edges, and the contraction there; T is float or RayDual.
template <class T> struct PlacedPiece {
    T x[3], d[3], h, c, toward[3], slope[3];  // x / r, dr/dx
    bool moved;
    JNERF_FN PlacedPiece(const ProjectionSpace& space, const T* ray_o, const T* ray_d, float t) : h(1.0f), c(0.0f), moved(false) {
        for (int k = 0; k < 3; k++) {
            d[k] = space.inverse_half[k] * ray_d[k];
            x[k] = space.inverse_half[k] * (ray_o[k] - T(space.middle[k])) + t * d[k];
        }
        if (space.norm == ContractionNorm::none) return;
        T inverse_r;
        if (space.norm == ContractionNorm::l2) {
            const T square = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
            if (!(value_of(square) > 1.0f)) return;
            inverse_r = inverse_root(square);
            for (int k = 0; k < 3; k++) toward[k] = inverse_r * x[k], slope[k] = toward[k];
        } else {
            int largest = 0;  // of several the first
            for (int k = 1; k < 3; k++) largest = fabsf(value_of(x[k])) > fabsf(value_of(x[largest])) ? k : largest;
            const float sign = value_of(x[largest]) < 0.0f ? -1.0f : 1.0f;
            if (!(sign * value_of(x[largest]) > 1.0f)) return;
            inverse_r = inverse(sign * x[largest]);
            for (int k = 0; k < 3; k++) toward[k] = inverse_r * x[k], slope[k] = T(k == largest ? sign : 0.0f);
        }
        moved = true;
        h = (T(2.0f) - inverse_r) * inverse_r;
        c = 2.0f * (inverse_r * inverse_r - inverse_r);
    }
    JNERF_FN void project(const ProjectionSpace& space, const FrustumMoments& piece, const float* p, T& mean, T& variance) const {
        const T at = p[0] * x[0] + p[1] * x[1] + p[2] * x[2];
        T along(0.0f), all(0.0f), w[3];
        const T turned = moved ? c * (p[0] * toward[0] + p[1] * toward[1] + p[2] * toward[2]) : T(0.0f);
        for (int k = 0; k < 3; k++) {
            w[k] = moved ? p[k] * h + turned * slope[k] : T(p[k]);
            along = along + w[k] * d[k];
            all = all + (space.inverse_half[k] * space.inverse_half[k]) * (w[k] * w[k]);
        }
        const T square = along * along, across = all - square;
        const float unit = space.cube();
        mean = unit * (h * at);
        variance = piece.t_var * square;
        if (value_of(across) > 0.0f) variance = variance + piece.r_var * across;
        variance = (unit * unit) * variance;
    }
};

// One sample per call.
struct ProjectGaussians {
    ProjectionSpace space;
    int n_directions;
    const float *rays_o, *rays_d, *radii, *t_starts, *t_ends;
    const int* ray_indices;
    const float* directions;   // [B, 3]
    float *means, *variances;  // [S, B]
    JNERF_FN void operator()(int64_t i) const {
        const int64_t ray = ray_indices[i];
        const FrustumMoments piece(t_starts[i], t_ends[i], radii[ray]);
        const PlacedPiece<float> placed(space, rays_o + 3 * ray, rays_d + 3 * ray, piece.t_mean);
        for (int b = 0; b < n_directions; b++) {
            const int64_t at = i * n_directions + b;
            placed.project(space, piece, directions + 3 * b, means[at], variances[at]);
        }
    }
};

// One ray per call, its pieces in their order.
struct ProjectGaussiansGrad {
    ProjectionSpace space;
    int n_directions;
    const float *rays_o, *rays_d, *radii, *t_starts, *t_ends;
    const int* packed_info;  // [R, 2]
    const float *directions, *grad_means, *grad_variances;
    float *grad_o, *grad_d;  // [R, 3]
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = packed_info[2 * ray], end = first + packed_info[2 * ray + 1];
        RayDual o[3], d[3];
        for (int k = 0; k < 3; k++) {
            o[k] = RayDual(rays_o[3 * ray + k]), d[k] = RayDual(rays_d[3 * ray + k]);
            o[k].by[k] = d[k].by[3 + k] = 1.0f;
        }
        float sums[6] = {};
        for (int64_t i = first; i < end; i++) {
            const FrustumMoments piece(t_starts[i], t_ends[i], radii[ray]);
            const PlacedPiece<RayDual> placed(space, o, d, piece.t_mean);
            for (int b = 0; b < n_directions; b++) {
                const int64_t at = i * n_directions + b;
                RayDual mean, variance;
                placed.project(space, piece, directions + 3 * b, mean, variance);
                for (int k = 0; k < 6; k++) sums[k] += grad_means[at] * mean.by[k] + grad_variances[at] * variance.by[k];
            }
        }
        for (int k = 0; k < 3; k++) grad_o[3 * ray + k] = sums[k], grad_d[3 * ray + k] = sums[3 + k];
    }
};

inline void project_gaussians(int64_t n, const ProjectGaussians& kernel) { parallel_for(n, kernel); }
inline void project_gaussians_backward(int64_t n_rays, const ProjectGaussiansGrad& kernel) { parallel_for(n_rays, kernel); }

}  // namespace jnerf
