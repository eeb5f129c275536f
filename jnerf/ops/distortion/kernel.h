// Distortion of a ray (mip-NeRF 360, Barron et al. 2022, equation 15), m midpoints and d widths of sorted intervals:
//   L = sum_ij w_i w_j |m_i - m_j| + 1/3 sum_i w_i^2 d_i
// in O(n). before_k = sum_{j<k} w_j (m_k - m_j) grows by (m_{k+1} - m_k) (w_0 + .. + w_k) from one interval to the next:
// sums of what is not negative, so nothing cancels, and L = 2 sum_k w_k before_k + 1/3 sum_k w_k^2 d_k.
#pragma once
#include "common/jnerf_pack.h"

namespace jnerf {

struct DistortionInput {
    const float *starts, *ends, *weights;
    const int* packed_info;
    // From the midpoint of the interval before to that of i, by differences: far from 0 midpoints would be rounded.
    JNERF_FN float gap(int64_t i) const { return 0.5f * ((starts[i] - starts[i - 1]) + (ends[i] - ends[i - 1])); }
    JNERF_FN float width(int64_t i) const { return ends[i] - starts[i]; }
};

struct Distortion {
    DistortionInput in;
    float* loss;  // [R]
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = in.packed_info[2 * ray], count = in.packed_info[2 * ray + 1];
        float total = 0.0f, before = 0.0f, below = 0.0f;
        for (int64_t i = first; i < first + count; i++) {
            const float w = in.weights[i];
            if (i > first) before = fmaf(in.gap(i), below, before);
            total += w * (2.0f * before + w * in.width(i) * (1.0f / 3));
            below += w;
        }
        loss[ray] = total;
    }
};

// d L / d w_k = 2 (before_k + behind_k) + 2/3 w_k d_k.
struct DistortionBackward {
    DistortionInput in;
    const float* grad_loss;
    float* grad;  // [S]
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = in.packed_info[2 * ray], end = first + in.packed_info[2 * ray + 1];
        const float g = grad_loss[ray];
        float sum = 0.0f, passed = 0.0f;
        for (int64_t i = first; i < end; i++) {
            if (i > first) sum = fmaf(in.gap(i), passed, sum);
            grad[i] = g * (2.0f * sum + in.weights[i] * in.width(i) * (2.0f / 3));
            passed += in.weights[i];
        }
        sum = passed = 0.0f;
        for (int64_t i = end - 1; i >= first; i--) {
            if (i + 1 < end) sum = fmaf(in.gap(i + 1), passed, sum);
            grad[i] += g * 2.0f * sum;
            passed += in.weights[i];
        }
    }
};

struct ZeroRow {
    float* grad;
    JNERF_FN void operator()(int64_t row) const { grad[row] = 0.0f; }
};

inline void distortion(int64_t n_rays, const Distortion& kernel) { parallel_for(n_rays, kernel); }

inline void distortion_backward(int64_t n_rays, int64_t n, const DistortionBackward& kernel) {
    parallel_for(n_rays, kernel);
    behind_rays(kernel.in.packed_info, n_rays, n, ZeroRow{kernel.grad});
}

}  // namespace jnerf
