// sum = sum_k w_k sum_i f_k(array k), divided by the share of `live` where it is given; each element gets w_k f_k' back.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

constexpr int MAX_SUMMED = 8;
// Floats of scratch: sums of the arrays and of `live`, one more for alignment, and as doubles those of blocks (CUDA).
constexpr int SUM_BLOCKS = 512, SUM_SCRATCH = MAX_SUMMED + 2 + 2 * SUM_BLOCKS;
constexpr float ENTROPY_TINY = 1e-10f;

enum class Summand { value, magnitude, square, entropy, rest_entropy };

// f and its slope. The entropy of p is -p log(p + tiny), and that of the rest the one of max(1 - p, 0).
struct SummandOf {
    Summand kind;
    JNERF_FN float operator()(float x) const {
        if (kind == Summand::magnitude) return fabsf(x);
        if (kind == Summand::square) return x * x;
        if (kind == Summand::rest_entropy) x = rest(x);
        return kind == Summand::value ? x : -x * logf(x + ENTROPY_TINY);
    }
    JNERF_FN float slope(float x) const {
        if (kind == Summand::value) return 1.0f;
        if (kind == Summand::magnitude) return x < 0.0f ? -1.0f : x > 0.0f ? 1.0f : x;
        if (kind == Summand::square) return 2.0f * x;
        const bool of_rest = kind == Summand::rest_entropy;
        const float p = of_rest ? rest(x) : x, d = -logf(p + ENTROPY_TINY) - p / (p + ENTROPY_TINY);
        return !of_rest ? d : x < 1.0f ? -d : 0.0f;
    }
    JNERF_FN static float rest(float x) { return x > 1.0f ? 0.0f : 1.0f - x; }
};

struct WeightedSum {
    int arrays;
    const float* values[MAX_SUMMED];
    int64_t sizes[MAX_SUMMED];
    float weights[MAX_SUMMED];
    int kinds[MAX_SUMMED];
    const float* live;  // [R]; null: all count
    int64_t n_live;
    float longest;   // above 0: what makes the root of the sum no longer, at most 1, in place of the sum
    float* scratch;  // [SUM_SCRATCH]
    float* sum;      // [1]
    JNERF_FN SummandOf summand(int k) const { return {(Summand)kinds[k]}; }
    JNERF_FN void operator()(int64_t) const {
        float all = 0.0f;
        for (int k = 0; k < arrays; k++) {
            const float term = (sizes[k] == 1 ? summand(k)(values[k][0]) : scratch[k]) * weights[k];
            all = k == 0 ? term : all + term;
        }
        if (live) all /= scratch[MAX_SUMMED] / n_live;
        *sum = longest > 0.0f ? shrink(all) : all;
    }
    // NaN stays NaN.
    JNERF_FN float shrink(float squares) const {
        const float factor = longest / (sqrtf(squares) + 1e-12f);
        return factor > 1.0f ? 1.0f : factor;
    }
};

struct WeightedSumGrad {
    int kind;
    const float *values, *grad, *scratch;  // grad [1]; scratch of the sum
    float weight;
    int64_t n_live;  // 0: all count
    float* out;
    JNERF_FN void operator()(int64_t i) const {
        const float g = *grad * weight, whole = n_live > 0 ? g / (scratch[MAX_SUMMED] / n_live) : g;
        out[i] = whole * SummandOf{(Summand)kind}.slope(values[i]);
    }
};

inline void weighted_sum_backward(int64_t n, const WeightedSumGrad& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
