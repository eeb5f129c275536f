// What trains proposals, of one ray: the weights w_i that the field gave its intervals, and the proposal's own p_k of its
// bins. Both lists are sorted and abut, so that one walk along them does.
//   Histogram (mip-NeRF 360, Barron et al. 2022, equation 13): b_i = sum of the p_k whose bins overlap interval i,
//     L = sum_i max(0, w_i - b_i)^2 / (w_i + eps)
//   Blurred (Zip-NeRF, Barron et al. 2023, section 3): q_k = what of the field's histogram, blurred by a box of
//     half-width r, lies in bin k, L = sum_k max(0, q_k - p_k)^2 / (p_k + eps)
// Only p has a gradient.
#pragma once
#include "common/jnerf_pack.h"

namespace jnerf {

struct StepWeights {
    const float *starts, *ends, *weights;
    const int* packed_info;
    JNERF_FN int64_t first(int64_t ray) const { return packed_info[2 * ray]; }
    JNERF_FN int64_t end(int64_t ray) const { return first(ray) + packed_info[2 * ray + 1]; }
};

// Without `grad_loss` the loss of each ray, with it the gradient of the proposal's weights.
struct Interlevel {
    StepWeights proposal, field;
    float eps;
    float* loss;             // [R]
    const float* grad_loss;  // [R] or null
    float* grad;             // [S]

    // An interval without length meets the bins that hold its point.
    JNERF_FN bool meets(int64_t k, float low, float high) const {
        const float start = proposal.starts[k], end = proposal.ends[k];
        return high > low ? start < high && end > low : start <= low && end >= low;
    }

    JNERF_FN void operator()(int64_t ray) const {
        const int64_t end = proposal.end(ray);
        int64_t from = proposal.first(ray);
        float total = 0.0f;
        if (grad_loss)
            for (int64_t k = from; k < end; k++) grad[k] = 0.0f;
        for (int64_t i = field.first(ray); i < field.end(ray); i++) {
            const float low = field.starts[i], high = field.ends[i], w = field.weights[i];
            while (from < end && proposal.ends[from] < low) from++;
            float bound = 0.0f;
            for (int64_t k = from; k < end && !(proposal.starts[k] > high); k++)
                if (meets(k, low, high)) bound += proposal.weights[k];
            const float lacking = w - bound;
            if (!(lacking > 0.0f)) continue;
            total += lacking * lacking / (w + eps);
            if (!grad_loss) continue;
            const float g = -2.0f * lacking / (w + eps) * grad_loss[ray];
            for (int64_t k = from; k < end && !(proposal.starts[k] > high); k++)
                if (meets(k, low, high)) grad[k] += g;
        }
        if (!grad_loss) loss[ray] = total;
    }
};

// The field's cumulative weight C is a broken line; blurred it is the mean of C over [x - r, x + r].
struct BlurredCdf {
    StepWeights field;
    int64_t at, end;    // the first interval that ends behind x - r; x ascends from call to call
    float below, half;  // C where that one begins; r

    JNERF_FN float operator()(float x) {
        const float low = x - half, high = x + half;
        while (at < end && !(field.ends[at] > low)) below += field.weights[at++];
        float c = below, area = 0.0f, t = low;
        for (int64_t i = at; i < end && !(field.starts[i] > high); i++) {
            const float a = field.starts[i], b = field.ends[i], w = field.weights[i];
            const float p = t > a ? t : a, q = high < b ? high : b;
            const float slope = b > a ? w / (b - a) : 0.0f;
            if (!(high > low)) return c + slope * (p - a);
            if (q > p) area += (q - p) * (c + slope * (0.5f * (p + q) - a));
            c += w;
            t = b > t ? b : t;
        }
        if (!(high > low)) return c;
        if (high > t && at < end) area += (high - t) * c;
        return at < end ? area / (high - low) : below;
    }
};

struct InterlevelBlurred {
    StepWeights proposal, field;
    float radius, eps;
    float* loss;
    const float* grad_loss;
    float* grad;

    JNERF_FN void operator()(int64_t ray) const {
        BlurredCdf cdf{field, field.first(ray), field.end(ray), 0.0f, radius};
        const int64_t first = proposal.first(ray), end = proposal.end(ray);
        float total = 0.0f, before = first < end ? cdf(proposal.starts[first]) : 0.0f;
        for (int64_t k = first; k < end; k++) {
            const float after = cdf(proposal.ends[k]), p = proposal.weights[k], lacking = after - before - p;
            before = after;
            const float part = lacking > 0.0f ? lacking / (p + eps) : 0.0f;
            total += part * part * (p + eps);
            if (grad_loss) grad[k] = -part * (2.0f + part) * grad_loss[ray];
        }
        if (!grad_loss) loss[ray] = total;
    }
};

struct InterlevelPadding {
    float* grad;
    JNERF_FN void operator()(int64_t row) const { grad[row] = 0.0f; }
};

template <class Kernel> inline void interlevel(int64_t n_rays, const Kernel& kernel) { parallel_for(n_rays, kernel); }

template <class Kernel> inline void interlevel_backward(int64_t n_rays, int64_t n, const Kernel& kernel) {
    parallel_for(n_rays, kernel);
    behind_rays(kernel.proposal.packed_info, n_rays, n, InterlevelPadding{kernel.grad});
}

}  // namespace jnerf
