// Rays of cameras that are moved by twists (v, w): directions are turned by exp([w]x); origins are shifted by v (SO3xR3), or
// moved by exp of the whole twist about a pivot (SE3). With a = |w|, A = sin a / a, B = (1 - cos a) / a^2, C = (a - sin a) / a^3:
//   exp([w]x) x = x + A w x x + B w x (w x x),   J x = x + B w x x + C w x (w x x),   exp([w]x, v) p = exp([w]x) p + J v.
// J is also the left Jacobian: of y = exp([w]x) x, dy = (J dw) x y. All are finite, and have finite gradients, at w = 0.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

constexpr int kTwist = 6, kMoveChunk = 1024;  // rays whose gradients are summed in one go

struct Turn {
    float w[3], A, B, C, b, c;  // b = (dB / da) / a, c = (dC / da) / a
    JNERF_FN Turn(const float* twist) {
        for (int k = 0; k < 3; k++) w[k] = twist[3 + k];
        const float s = w[0] * w[0] + w[1] * w[1] + w[2] * w[2];
        if (s < 0.05f) {  // the quotients lose their digits
            A = 1.0f + s * (-1.0f / 6 + s * (1.0f / 120 - s / 5040));
            B = 0.5f + s * (-1.0f / 24 + s * (1.0f / 720 - s / 40320));
            C = 1.0f / 6 + s * (-1.0f / 120 + s * (1.0f / 5040 - s / 362880));
            b = -1.0f / 12 + s * (1.0f / 180 - s / 6720);
            c = -1.0f / 60 + s * (1.0f / 1260 - s / 60480);
        } else {
            const float a = sqrtf(s), half = sinf(0.5f * a) / (0.5f * a), sine = sinf(a);
            A = sine / a, B = 0.5f * half * half, C = (a - sine) / (s * a);
            b = (A - 2 * B) / s, c = (B - 3 * C) / s;
        }
    }
    // x + p w x x + q w x (w x x)
    JNERF_FN void apply(float p, float q, const float* x, float* y) const {
        float once[3], twice[3];
        cross(w, x, once);
        cross(w, once, twice);
        for (int k = 0; k < 3; k++) y[k] = x[k] + p * once[k] + q * twice[k];
    }
    JNERF_FN void turn(const float* x, float* y) const { apply(A, B, x, y); }
    JNERF_FN void jacobian(const float* x, float* y) const { apply(B, C, x, y); }
    JNERF_FN void jacobian_transposed(const float* x, float* y) const { apply(-B, C, x, y); }
    JNERF_FN static void cross(const float* a, const float* b, float* out) {
        out[0] = a[1] * b[2] - a[2] * b[1];
        out[1] = a[2] * b[0] - a[0] * b[2];
        out[2] = a[0] * b[1] - a[1] * b[0];
    }
    JNERF_FN static float dot(const float* a, const float* b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
};

struct MoveRays {
    const float *rays_o, *rays_d;  // [R, 3]
    const int* images;             // [R]
    const float* twists;           // [N, 6]
    float pivot[3];
    bool rigid;  // SE3
    float *moved_o, *moved_d;
    JNERF_FN void operator()(int64_t i) const {
        const float* twist = twists + kTwist * (int64_t)images[i];
        const Turn turn(twist);
        turn.turn(rays_d + 3 * i, moved_d + 3 * i);
        const float* o = rays_o + 3 * i;
        if (!rigid) {
            for (int k = 0; k < 3; k++) moved_o[3 * i + k] = o[k] + twist[k];
            return;
        }
        const float p[3] = {o[0] - pivot[0], o[1] - pivot[1], o[2] - pivot[2]};
        float turned[3], shift[3];
        turn.turn(p, turned);
        turn.jacobian(twist, shift);
        for (int k = 0; k < 3; k++) moved_o[3 * i + k] = pivot[k] + turned[k] + shift[k];
    }
};

// Gradients of twists, summed over the rays of an image in their order: first within chunks of rays, then over chunks.
struct MoveRaysGrad {
    const float *rays_o, *moved_d, *grad_o, *grad_d;
    const int* images;
    const float* twists;
    float pivot[3];
    bool rigid;

    // Adds the gradient of ray i's twist.
    JNERF_FN void add(int64_t i, float* sum) const {
        const float *twist = twists + kTwist * (int64_t)images[i], *g = grad_o + 3 * i;
        const Turn turn(twist);
        float lever[3], of_turn[3];
        Turn::cross(moved_d + 3 * i, grad_d + 3 * i, lever);
        if (!rigid) {
            for (int k = 0; k < 3; k++) sum[k] += g[k];
        } else {
            const float *o = rays_o + 3 * i, p[3] = {o[0] - pivot[0], o[1] - pivot[1], o[2] - pivot[2]};
            float turned[3], of_point[3], of_shift[3];
            turn.turn(p, turned);
            Turn::cross(turned, g, of_point);
            turn.jacobian_transposed(g, of_shift);
            for (int k = 0; k < 3; k++) lever[k] += of_point[k], sum[k] += of_shift[k];
            jacobian_grad(turn, twist, g, sum + 3);
        }
        turn.jacobian_transposed(lever, of_turn);
        for (int k = 0; k < 3; k++) sum[3 + k] += of_turn[k];
    }
    // Adds the gradient of g . (J(w) v) by w.
    JNERF_FN void jacobian_grad(const Turn& turn, const float* v, const float* g, float* sum) const {
        const float* w = turn.w;
        float once[3], twice[3], across[3];
        Turn::cross(w, v, once);
        Turn::cross(w, once, twice);
        Turn::cross(v, g, across);
        const float radial = turn.b * Turn::dot(g, once) + turn.c * Turn::dot(g, twice);
        const float wv = Turn::dot(w, v), gw = Turn::dot(g, w), gv = Turn::dot(g, v);
        for (int k = 0; k < 3; k++)
            sum[k] += radial * w[k] + turn.B * across[k] + turn.C * (g[k] * wv + v[k] * gw - 2 * w[k] * gv);
    }
};

// The sums of one chunk of rays, of one image: parts [chunks, N, 6].
struct MoveRaysPart {
    MoveRaysGrad grad;
    int64_t n_rays, n_images;
    float* parts;
    JNERF_FN void operator()(int64_t i) const {
        const int64_t first = i / n_images * kMoveChunk, image = i % n_images;
        const int64_t end = first + kMoveChunk < n_rays ? first + kMoveChunk : n_rays;
        float sum[kTwist] = {};
        for (int64_t ray = first; ray < end; ray++)
            if (grad.images[ray] == image) grad.add(ray, sum);
        for (int k = 0; k < kTwist; k++) parts[kTwist * i + k] = sum[k];
    }
};

struct MoveRaysSum {
    const float* parts;
    int64_t chunks, width;  // width = 6 N
    float* grad_twists;
    JNERF_FN void operator()(int64_t i) const {
        float sum = 0;
        for (int64_t chunk = 0; chunk < chunks; chunk++) sum += parts[chunk * width + i];
        grad_twists[i] = sum;
    }
};

inline void move_rays(int64_t n, const MoveRays& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
