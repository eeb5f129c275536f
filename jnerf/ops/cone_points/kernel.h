// The piece of a pixel's cone between t0 and t1 as six points on a spiral, each with a width (Zip-NeRF, Barron et al. 2023,
// section 2). With m the interval's middle, h half its length and q = h / m the points lie at
//   t_j = t0 + m q / (q^2 + 3) ((1 + q)^2 + 2 + 3 / sqrt7 (2 j / 5 - 1) sqrt((1 - q^2)^2 + 4)),   j = 0 .. 5,
// r t_j / sqrt2 away from the axis at the angles pi / 3 [0, 2, 4, 3, 5, 1], r the cone's radius at distance 1: their mean and
// variance, along the axis and across, are those of the piece. Each is r t_j / (2 sqrt2) wide. The pattern is turned by an
// angle and mirrored, at random in training; else every other interval, by 30 degrees. Points and widths leave in the unit
// cube that a network's space maps to; a width changes by the geometric mean of the map's stretches there.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

constexpr int CONE_POINTS = 6;

// A box (kind 0) or a contraction, of the Euclidean (1) or the largest coordinate's norm (2); see `models/networks/space`.
struct ConeSpace {
    int kind;
    float middle[3], inverse_half[3], width;  // `width`: of the cube, geometric mean, per field unit

    // Half edges from the middle, and their norm, at least 1.
    JNERF_FN float in_halves(const float* p, float* x) const {
        for (int k = 0; k < 3; k++) x[k] = (p[k] - middle[k]) * inverse_half[k];
        if (kind == 0) return 1.0f;
        const float a = fabsf(x[0]), b = fabsf(x[1]), c = fabsf(x[2]);
        const float large = a > b ? (a > c ? a : c) : (b > c ? b : c);
        if (kind == 2) return large > 1.0f ? large : 1.0f;
        const float square = x[0] * x[0] + x[1] * x[1] + x[2] * x[2];
        return square > 1.0f ? sqrtf(square) : 1.0f;
    }
    JNERF_FN static float factor(float n) { return (2.0f - 1.0f / n) / n; }

    // A point in field units -> in the cube; returns what a width there is multiplied by.
    JNERF_FN float map(const float* p, float* unit) const {
        float x[3];
        const float n = in_halves(p, x), h = factor(n), by = kind == 0 ? 0.5f : 0.25f * h;
        for (int k = 0; k < 3; k++) unit[k] = x[k] * by + 0.5f;
        // (h^2 / n^2)^(1/3) with h = (2 n - 1) / n^2
        return n > 1.0f ? width * cbrtf(h * h / (n * n)) : width;
    }
    // The gradient by the cube's coordinates -> that by the point's.
    JNERF_FN void pull(const float* p, const float* grad, float* out) const {
        float x[3];
        const float n = in_halves(p, x), by = kind == 0 ? 0.5f : 0.25f;
        for (int k = 0; k < 3; k++) out[k] = grad[k];
        if (n > 1.0f) {
            const float h = factor(n), steeper = (2.0f / n - 2.0f) / (n * n);
            const float along = (x[0] * grad[0] + x[1] * grad[1] + x[2] * grad[2]) * steeper;
            bool found = false;
            for (int k = 0; k < 3; k++) {
                float slope = x[k] / n;
                if (kind == 2) {  // of several largest coordinates the first
                    const bool largest = !found && fabsf(x[k]) == n;
                    found = found || largest;
                    slope = largest ? (x[k] < 0.0f ? -1.0f : 1.0f) : 0.0f;
                }
                out[k] = h * grad[k] + along * slope;
            }
        }
        for (int k = 0; k < 3; k++) out[k] *= by * inverse_half[k];
    }
};

struct ConePieces {
    const float *rays_o, *rays_d, *radii, *t_starts, *t_ends;  // radii [R]
    const int *ray_indices, *packed_info;
    int64_t n_samples;
    ConeSpace space;
    bool random;
    uint32_t seed, step, draw;
};

// What the six points of sample i share.
struct ConePiece {
    const float *o, *d;
    float t0, length, first, gap, radius, u[3], v[3], cosine, sine, mirror;

    JNERF_FN ConePiece(const ConePieces& in, int64_t i, int64_t ray, int64_t within) {
        o = in.rays_o + 3 * ray, d = in.rays_d + 3 * ray, radius = in.radii[ray];
        t0 = in.t_starts[i];
        const float t1 = in.t_ends[i], m = 0.5f * (t0 + t1), h = 0.5f * (t1 - t0), q = m > 0.0f ? h / m : 0.0f, qq = q * q;
        length = h / (qq + 3.0f);
        first = (1.0f + q) * (1.0f + q) + 2.0f;
        gap = 1.1338934190276817f * sqrtf((1.0f - qq) * (1.0f - qq) + 4.0f);  // 3 / sqrt7
        const float s = d[2] < 0.0f ? -1.0f : 1.0f, a = -1.0f / (s + d[2]), b = d[0] * d[1] * a;
        u[0] = 1.0f + s * d[0] * d[0] * a, u[1] = s * b, u[2] = -s * d[0];
        v[0] = b, v[1] = s + d[1] * d[1] * a, v[2] = -d[1];
        if (in.random) {
            const uint32_t draw = in.draw + 2 * (uint32_t)within;
            const float angle = 6.283185307179586f * uniform(in.seed, in.step, (uint32_t)ray, draw);
            cosine = cosf(angle), sine = sinf(angle);
            mirror = uniform(in.seed, in.step, (uint32_t)ray, draw + 1) < 0.5f ? -1.0f : 1.0f;
        } else {
            const bool odd = within & 1;
            cosine = odd ? 0.8660254037844386f : 1.0f, sine = odd ? 0.5f : 0.0f, mirror = odd ? -1.0f : 1.0f;
        }
    }
    JNERF_FN float distance(int j) const { return t0 + length * (first + gap * (0.4f * j - 1.0f)); }

    // Point j at distance t, field units; returns its width.
    JNERF_FN float point(int j, float t, float* p) const {
        const float cosines[6] = {1.0f, -0.5f, -0.5f, -1.0f, 0.5f, 0.5f};
        const float sines[6] = {0.0f, 0.8660254037844386f, -0.8660254037844386f, 0.0f, -0.8660254037844386f, 0.8660254037844386f};
        const float away = radius * t * 0.7071067811865476f, x = cosines[j], y = mirror * sines[j];
        const float across = away * (cosine * x - sine * y), up = away * (sine * x + cosine * y);
        for (int k = 0; k < 3; k++) p[k] = o[k] + t * d[k] + (across * u[k] + up * v[k]);
        return 0.5f * away;
    }
};

// Points [6, S, 3] and widths [6, S].
struct ConePoints {
    ConePieces in;
    float *points, *widths;
    JNERF_FN void operator()(int64_t i) const {
        const int64_t ray = in.ray_indices[i];
        const ConePiece piece(in, i, ray, i - in.packed_info[2 * ray]);
        for (int j = 0; j < CONE_POINTS; j++) {
            float p[3];
            const int64_t at = j * in.n_samples + i;
            const float width = piece.point(j, piece.distance(j), p);
            widths[at] = width * in.space.map(p, points + 3 * at);
        }
    }
};

// One ray per call, its samples in their order. Points move with origin and direction; how far they are off the axis, and
// how wide, does not.
struct ConePointsGrad {
    ConePieces in;
    const float* grad_points;
    float *grad_o, *grad_d;  // [R, 3]
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t begin = in.packed_info[2 * ray], end = begin + in.packed_info[2 * ray + 1];
        float of_o[3] = {}, of_d[3] = {};
        for (int64_t i = begin; i < end; i++) {
            const ConePiece piece(in, i, ray, i - begin);
            for (int j = 0; j < CONE_POINTS; j++) {
                float p[3], g[3];
                const float t = piece.distance(j);
                piece.point(j, t, p);
                in.space.pull(p, grad_points + 3 * (j * in.n_samples + i), g);
                for (int k = 0; k < 3; k++) of_o[k] += g[k], of_d[k] += t * g[k];
            }
        }
        for (int k = 0; k < 3; k++) grad_o[3 * ray + k] = of_o[k], grad_d[3 * ray + k] = of_d[k];
    }
};

inline void cone_points(const ConePoints& kernel) { parallel_for(kernel.in.n_samples, kernel); }
inline void cone_points_backward(int64_t n_rays, const ConePointsGrad& kernel) { parallel_for(n_rays, kernel); }

}  // namespace jnerf
