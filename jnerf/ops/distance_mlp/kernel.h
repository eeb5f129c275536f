// The MLP of a signed distance: its values, their derivative by the input, and the gradients of losses of both.
//   u_0 = [x | features] (or [features | x]), z_l = W_l u_l + b_l, h_{l+1} = f(z_l), u_l = h_l, the last z is what comes out;
//   u_skip = [h_skip | u_0] / sqrt(2).
// f is softplus, log(1 + exp(beta z)) / beta, or for beta = 0 the ReLU. The derivative of the first output is
//   g_l = W_l^T q_l (q_l = f'(z_l) g_{l+1}), from the last layer's first row down to the input.
// A loss of values and derivative is differentiated by a pass up, through the derivative's layers, and one down, through
// the values' own. One schedule for all devices: arrays of a slab of samples are [channels, samples], and an engine
// (cpu.h: a tile of a thread; cuda.h: many samples, a kernel for each call) has the products and what is done to each element.
#pragma once
#include <cstring>
#include "mlp/kernel.h"

namespace jnerf {

struct DistanceShape {
    MlpShape mlp;
    float beta;       // 0: ReLU
    bool x_first;     // [x | features] or [features | x]
    float middle[3], scale;  // x = (position - middle) scale
    float radius;     // the distance is the first output times this
};

// One function of the layers and its first two derivatives: 1 / (1 + exp(-beta z)) is f', of which f'' is made.
// Without branches, so that it vectorises.
JNERF_FN float exp_below_zero(float x) {
    x = x < -87.0f ? -87.0f : x;
    const float n = rintf(x * 1.44269504f);
    const float r = fmaf(n, -1.42860677e-6f, fmaf(n, -0.693145752f, x));
    float p = fmaf(r, 1.9841270e-4f, 1.3888889e-3f);
    p = fmaf(p, r, 8.3333333e-3f);
    p = fmaf(p, r, 4.1666667e-2f);
    p = fmaf(p, r, 1.6666667e-1f);
    p = fmaf(p, r, 0.5f);
    p = fmaf(p, r, 1.0f);
    p = fmaf(p, r, 1.0f);
    const int bits = ((int)n + 127) << 23;
    float power;
    memcpy(&power, &bits, 4);
    return p * power;
}

// log(1 + t) for t in [0, 1], as 2 artanh(t / (2 + t)).
JNERF_FN float log_one_plus(float t) {
    const float w = t / (2.0f + t), s = w * w;
    float p = fmaf(s, 1.0f / 15, 1.0f / 13);
    p = fmaf(p, s, 1.0f / 11);
    p = fmaf(p, s, 1.0f / 9);
    p = fmaf(p, s, 1.0f / 7);
    p = fmaf(p, s, 1.0f / 5);
    p = fmaf(p, s, 1.0f / 3);
    return 2.0f * w * fmaf(p, s, 1.0f);
}

// f(z) and f'(z).
JNERF_FN void distance_activation(float beta, float z, float& value, float& slope) {
    const float t = exp_below_zero(-beta * (z < 0.0f ? -z : z)), part = 1.0f / (1.0f + t);
    value = (z > 0.0f ? z : 0.0f) + log_one_plus(t) / beta;
    slope = z > 0.0f ? part : t * part;
    value = z != z ? z : value;
}

// In place: z [rows, columns] -> f' in `slope`, f times `factor` in z's place.
struct DistanceActivate {
    float *z, *slope;
    int columns;
    float beta, factor;
    JNERF_FN void operator()(int c, int column) const {
        const int64_t i = (int64_t)c * columns + column;
        float value, s;
        distance_activation(beta, z[i], value, s);
        z[i] = value * factor, slope[i] = s;
    }
};

struct DistanceRelu {
    float *z, *slope;
    int columns;
    float factor;
    JNERF_FN void operator()(int c, int column) const {
        const int64_t i = (int64_t)c * columns + column;
        const float v = z[i];
        slope[i] = v > 0.0f ? 1.0f : 0.0f;
        z[i] = v < 0.0f ? 0.0f : v * factor;
    }
};

struct DistanceInput {
    const float *positions, *features;
    int64_t n_samples;
    int groups, per_group;  // features [G, S, F]; rows are G = 1
    JNERF_FN int width() const { return 3 + groups * per_group; }
    JNERF_FN int64_t at(int64_t sample, int channel) const { return (channel / per_group * n_samples + sample) * per_group + channel % per_group; }
};

// Inputs of samples begin .. into u [channels, columns]; zeros behind the last sample. Element (channel, column).
struct DistanceLoad {
    DistanceShape shape;
    DistanceInput in;
    int64_t begin, n;
    float* u;
    int columns;
    JNERF_FN void operator()(int c, int column) const {
        float value = 0.0f;
        const int n_features = in.groups * in.per_group, first = shape.x_first ? 0 : n_features;
        if (column < n) {
            const int64_t s = begin + column;
            const int d = c - first;
            if (d >= 0 && d < 3) value = (in.positions[3 * s + d] - shape.middle[d]) * shape.scale;
            else value = in.features[in.at(s, shape.x_first ? c - 3 : c)];
        }
        u[(int64_t)c * columns + column] = value;
    }
};

// A derivative [channels, columns] by the input to where it belongs, or from there.
struct DistanceStore {
    DistanceShape shape;
    DistanceInput in;
    int64_t begin, n;
    const float* u;
    int columns;
    float *by_x, *by_features;  // null: nobody wants it
    JNERF_FN void operator()(int c, int column) const {
        if (column >= n) return;
        const int n_features = in.groups * in.per_group, d = c - (shape.x_first ? 0 : n_features);
        const int64_t s = begin + column;
        const float value = u[(int64_t)c * columns + column];
        if (d >= 0 && d < 3) {
            if (by_x) by_x[3 * s + d] = value;
        } else if (by_features) {
            by_features[in.at(s, shape.x_first ? c - 3 : c)] = value;
        }
    }
};

struct DistanceLoadGrad {
    DistanceShape shape;
    DistanceInput in;
    int64_t begin, n;
    float* u;
    int columns;
    const float *by_x, *by_features;  // null: zeros
    JNERF_FN void operator()(int c, int column) const {
        const int n_features = in.groups * in.per_group, d = c - (shape.x_first ? 0 : n_features);
        const int64_t s = begin + column;
        float value = 0.0f;
        if (column < n && d >= 0 && d < 3) value = by_x ? by_x[3 * s + d] : 0.0f;
        else if (column < n) value = by_features ? by_features[in.at(s, shape.x_first ? c - 3 : c)] : 0.0f;
        u[(int64_t)c * columns + column] = value;
    }
};

// What comes out: [channels, columns] -> values [S, n_out] and the distance [S].
struct DistanceOut {
    int64_t begin, n;
    const float* z;
    int columns, n_out;
    float radius;
    float *values, *distance;  // values: null where only the distance is wanted
    JNERF_FN void operator()(int c, int column) const {
        if (column >= n) return;
        const float value = z[(int64_t)c * columns + column];
        if (c == 0) distance[begin + column] = value * radius;
        if (values) values[(begin + column) * n_out + c] = value;
    }
};

struct DistanceOutGrad {
    int64_t begin, n;
    float* zbar;
    int columns, ld, n_out;
    float radius;
    const float *values, *distance;  // null: no gradient
    JNERF_FN void operator()(int c, int column) const {
        float value = 0.0f;
        if (column < n) {
            if (values) value = values[(begin + column) * n_out + c];
            if (c == 0 && distance) value += distance[begin + column] * radius;
        }
        zbar[(int64_t)c * ld + column] = value;
    }
};

// q of the last hidden layer: its slope times the last layer's weights of the distance.
struct DistanceFirstQ {
    float* q;
    int q_ld;
    const float *weights, *slope;
    int columns;
    JNERF_FN void operator()(int c, int column) const { q[(int64_t)c * q_ld + column] = weights[c] * slope[(int64_t)c * columns + column]; }
};

// Up through a hidden layer: qbar -> gbar = qbar f' (times `factor`), and what it adds to zbar: qbar g f'' = qbar q beta (1 - f').
struct DistanceUp {
    float* qbar;  // [rows, columns], becomes gbar
    const float *slope, *q;
    float* zbar;
    int columns, ld;  // of q and zbar
    float beta, factor;
    JNERF_FN void operator()(int c, int column) const {
        const int64_t i = (int64_t)c * columns + column, k = (int64_t)c * ld + column;
        zbar[k] = qbar[i] * q[k] * beta * (1.0f - slope[i]);
        qbar[i] = qbar[i] * slope[i] * factor;
    }
};

// Down through a hidden layer: zbar = ubar factor f' (+ what is there).
struct DistanceDown {
    float* zbar;
    const float *ubar, *slope;
    int columns, ld;
    float factor;
    bool adds;
    JNERF_FN void operator()(int c, int column) const {
        const int64_t i = (int64_t)c * columns + column, k = (int64_t)c * ld + column;
        const float value = ubar[i] * factor * slope[i];
        zbar[k] = adds ? zbar[k] + value : value;
    }
};

// to = from factor (+ what is there), [rows, columns].
struct DistanceCopy {
    float* to;
    const float* from;
    int columns;
    float factor;
    bool adds;
    JNERF_FN void operator()(int c, int column) const {
        const int64_t i = (int64_t)c * columns + column;
        to[i] = adds ? to[i] + from[i] * factor : from[i] * factor;
    }
};

constexpr float DISTANCE_SKIP = 0.70710678f;  // both parts behind a skip, so that their variance stays

}  // namespace jnerf
