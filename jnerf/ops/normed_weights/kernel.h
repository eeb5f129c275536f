// Weight normalisation (Salimans and Kingma 2016, https://arxiv.org/abs/1602.07868) of all layers of an MLP: row o of a
// layer is w = g v / |v|; without g, v itself. Rows and biases go to flat parameters as the MLP's op has them: W [out, in],
// then b [out], layer behind layer. One row per call.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

constexpr int NORMED_MAX_LAYERS = 16;

struct NormedRow {
    int layer, row, in;
    int64_t weights, bias;  // where row and bias lie in the flat parameters
};

struct NormedLayers {
    int n_layers = 0;
    int in[NORMED_MAX_LAYERS], first[NORMED_MAX_LAYERS + 1] = {0};  // inputs; number of a layer's first row
    int64_t begin[NORMED_MAX_LAYERS + 1] = {0};
    const float *v[NORMED_MAX_LAYERS], *g[NORMED_MAX_LAYERS], *b[NORMED_MAX_LAYERS];  // g: null without normalisation

    void add(int64_t out, int64_t inputs, const float* v_, const float* g_, const float* b_) {
        v[n_layers] = v_, g[n_layers] = g_, b[n_layers] = b_, in[n_layers] = (int)inputs;
        first[n_layers + 1] = first[n_layers] + (int)out;
        begin[n_layers + 1] = begin[n_layers] + out * (inputs + 1);
        n_layers++;
    }
    JNERF_FN NormedRow row(int64_t i) const {
        int l = 0;
        while (i >= first[l + 1]) l++;
        const int row = (int)i - first[l], out = first[l + 1] - first[l];
        return {l, row, in[l], begin[l] + (int64_t)row * in[l], begin[l] + (int64_t)out * in[l] + row};
    }
};

// Sum of a[k] b[k], in sixteen sums side by side.
JNERF_FN float normed_dot(const float* a, const float* b, int n) {
    float sum[16] = {};
    int k = 0;
    for (; k + 16 <= n; k += 16)
        for (int j = 0; j < 16; j++) sum[j] = fmaf(a[k + j], b[k + j], sum[j]);
    for (int j = 0; k + j < n; j++) sum[j] = fmaf(a[k + j], b[k + j], sum[j]);
    for (int half = 8; half > 0; half /= 2)
        for (int j = 0; j < half; j++) sum[j] += sum[j + half];
    return sum[0];
}

struct NormedForward {
    NormedLayers layers;
    float* params;
    JNERF_FN void operator()(int64_t i) const {
        const NormedRow r = layers.row(i);
        const float* v = layers.v[r.layer] + (int64_t)r.row * r.in;
        const float* g = layers.g[r.layer];
        const float factor = g ? g[r.row] / sqrtf(normed_dot(v, v, r.in)) : 1.0f;
        for (int k = 0; k < r.in; k++) params[r.weights + k] = v[k] * factor;
        params[r.bias] = layers.b[r.layer][r.row];
    }
};

struct NormedGrads {
    float *v[NORMED_MAX_LAYERS], *g[NORMED_MAX_LAYERS], *b[NORMED_MAX_LAYERS];
    int n_layers = 0;
    void add(float* v_, float* g_, float* b_) { v[n_layers] = v_, g[n_layers] = g_, b[n_layers++] = b_; }
};

// dw / dg = v / |v|, dw / dv = g / |v| (1 - v v^T / |v|^2).
struct NormedBackward {
    NormedLayers layers;
    NormedGrads grads;
    const float* grad;
    JNERF_FN void operator()(int64_t i) const {
        const NormedRow r = layers.row(i);
        const int64_t at = (int64_t)r.row * r.in;
        const float *v = layers.v[r.layer] + at, *g = layers.g[r.layer], *w = grad + r.weights;
        float* to = grads.v[r.layer] + at;
        grads.b[r.layer][r.row] = grad[r.bias];
        if (!g) {
            for (int k = 0; k < r.in; k++) to[k] = w[k];
            return;
        }
        const float inverse = 1.0f / sqrtf(normed_dot(v, v, r.in)), along = normed_dot(w, v, r.in) * inverse;
        const float factor = g[r.row] * inverse, back = along * inverse;
        grads.g[r.layer][r.row] = along;
        for (int k = 0; k < r.in; k++) to[k] = factor * (w[k] - v[k] * back);
    }
};

}  // namespace jnerf
