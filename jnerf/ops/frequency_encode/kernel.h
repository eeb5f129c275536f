// Frequency encoding of u = scale x + offset: [u,] sin(pi f_k u), cos(pi f_k u) for every frequency, D values each.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

// sin(pi x) and cos(pi x) to 1e-7 for every finite x: the reduction to a quarter turn is exact, the rest is Taylor's
// series. No table, no branch, so that it vectorises; inf and NaN give NaN.
JNERF_FN void sincos_pi(float x, float& sine, float& cosine) {
    const float turn = x - 2.0f * rintf(0.5f * x);  // [-1, 1], exact
    const float quarter = rintf(2.0f * turn);       // -2 .. 2
    const float a = 3.14159265358979f * fmaf(-0.5f, quarter, turn), b = a * a;
    const float s = a * fmaf(b, fmaf(b, fmaf(b, fmaf(b, 2.7557319e-6f, -1.9841270e-4f), 8.3333333e-3f), -1.6666667e-1f), 1.0f);
    const float c = fmaf(b, fmaf(b, fmaf(b, fmaf(b, fmaf(b, -2.7557319e-7f, 2.4801587e-5f), -1.3888889e-3f), 4.1666667e-2f), -0.5f), 1.0f);
    const bool odd = quarter == 1.0f || quarter == -1.0f, half = quarter == 2.0f || quarter == -2.0f;
    sine = odd ? quarter * c : half ? -s : s;
    cosine = odd ? -quarter * s : half ? -c : c;
}

struct FrequencyShape {
    int n_dims, n_frequencies, include_input;
    float scale, offset;
    JNERF_FN int head() const { return include_input ? n_dims : 0; }
    JNERF_FN int waves() const { return n_dims * n_frequencies; }
    JNERF_FN int width() const { return head() + 2 * waves(); }
};

// One sample and one wave (a frequency and a dimension) per call; wave 0 also writes u.
struct FrequencyEncode {
    FrequencyShape shape;
    const float *x, *frequencies, *weights;  // weights of frequencies; null: 1
    float* values;
    JNERF_FN void operator()(int64_t i) const {
        const int waves = shape.waves() > 0 ? shape.waves() : 1, D = shape.n_dims;
        const int64_t sample = i / waves;
        const int wave = (int)(i % waves);
        float* row = values + sample * shape.width();
        if (wave == 0)
            for (int d = 0; d < shape.head(); d++) row[d] = fmaf(shape.scale, x[sample * D + d], shape.offset);
        if (wave >= shape.waves()) return;
        const int k = wave / D, d = wave % D;
        float s, c;
        sincos_pi(frequencies[k] * fmaf(shape.scale, x[sample * D + d], shape.offset), s, c);
        const float weight = weights ? weights[k] : 1.0f;
        row += shape.head() + 2 * k * D + d;
        row[0] = weight * s, row[D] = weight * c;
    }
};

// One sample and dimension per call. The sines and cosines are read back from the forward pass, with their weights.
struct FrequencyEncodeBackward {
    FrequencyShape shape;
    const float *frequencies, *values, *grad_values;
    float* grad_x;
    JNERF_FN void operator()(int64_t i) const {
        const int D = shape.n_dims;
        const int64_t row = i / D * shape.width();
        const int d = (int)(i % D);
        float sum = 0;
        for (int k = 0; k < shape.n_frequencies; k++) {
            const int64_t at = row + shape.head() + 2 * k * D + d;
            sum = fmaf(frequencies[k], grad_values[at] * values[at + D] - grad_values[at + D] * values[at], sum);
        }
        sum *= 3.14159265358979f;
        if (shape.include_input) sum += grad_values[row + d];
        grad_x[i] = shape.scale * sum;
    }
};

// The other way: of v by the coordinates, by the values. One value per call.
struct FrequencyEncodePush {
    FrequencyShape shape;
    const float *frequencies, *values, *v;
    float* out;
    JNERF_FN void operator()(int64_t i) const {
        const int D = shape.n_dims;
        const int64_t sample = i / shape.width();
        const int c = (int)(i % shape.width()), wave = c - shape.head();
        if (wave < 0) {
            out[i] = shape.scale * v[sample * D + c];
            return;
        }
        const float slope = wave / D % 2 == 0 ? values[i + D] : -values[i - D];
        out[i] = shape.scale * 3.14159265358979f * frequencies[wave / (2 * D)] * slope * v[sample * D + wave % D];
    }
};

}  // namespace jnerf
