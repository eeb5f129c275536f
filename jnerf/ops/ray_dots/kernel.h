// Dot products of the features of a sample, [G, S, F], with the vectors of its ray, [R, O, G F].
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct RayDotsInput {
    int64_t n_samples;
    int groups, width, n_out;
    const float *features, *vectors;
    const int* ray_indices;
    JNERF_FN int channels() const { return groups * width; }
    JNERF_FN const float* row(int group, int64_t i) const { return features + (group * n_samples + i) * width; }
    JNERF_FN const float* vector(int64_t ray, int o) const { return vectors + (ray * n_out + o) * channels(); }
};

struct RayDots {
    RayDotsInput in;
    float* out;  // [S, O]
    JNERF_FN void operator()(int64_t i) const {
        constexpr int kLanes = 8;
        for (int o = 0; o < in.n_out; o++) {
            float lanes[kLanes] = {}, rest = 0;
            for (int g = 0; g < in.groups; g++) {
                const float *a = in.row(g, i), *b = in.vector(in.ray_indices[i], o) + g * in.width;
                int f = 0;
                for (; f + kLanes <= in.width; f += kLanes)
                    for (int l = 0; l < kLanes; l++) lanes[l] += a[f + l] * b[f + l];
                for (; f < in.width; f++) rest += a[f] * b[f];
            }
            for (int l = 0; l < kLanes; l++) rest += lanes[l];
            out[i * in.n_out + o] = rest;
        }
    }
};

struct RayDotsBackwardFeatures {
    RayDotsInput in;
    const float* grad;    // [S, O]
    float* grad_features;  // [G, S, F]
    JNERF_FN void operator()(int64_t i) const {
        for (int g = 0; g < in.groups; g++) {
            float* to = grad_features + (g * in.n_samples + i) * in.width;
            for (int f = 0; f < in.width; f++) {
                float sum = 0;
                for (int o = 0; o < in.n_out; o++) sum += grad[i * in.n_out + o] * in.vector(in.ray_indices[i], o)[g * in.width + f];
                to[f] = sum;
            }
        }
    }
};

// One element of the gradient by the vectors: a sum over the samples of a ray, in their order.
struct RayDotsBackwardVectors {
    RayDotsInput in;
    const int* packed_info;  // [R, 2]
    const float* grad;
    float* grad_vectors;  // [R, O, G F]
    JNERF_FN void operator()(int64_t at) const {
        const int C = in.channels(), c = (int)(at % C), o = (int)(at / C % in.n_out);
        const int64_t ray = at / C / in.n_out, first = packed_info[2 * ray];
        float sum = 0;
        for (int64_t i = first; i < first + packed_info[2 * ray + 1]; i++) sum += grad[i * in.n_out + o] * in.row(c / in.width, i)[c % in.width];
        grad_vectors[at] = sum;
    }
};

}  // namespace jnerf
