// Mean error of numbers p with true ones y, and its gradient by p in the same pass.
#pragma once
#include "common/jnerf_common.h"
#include "photometric/sum.h"

namespace jnerf {

enum class ErrorKind { l1, l2, of_truth, of_found };

struct RelativeError {
    ErrorKind kind;
    float epsilon, weight;
    const float *found, *truth;  // [R, C], [R, C] or [R, 1]
    int64_t n, columns;          // R C, C; 1 where the truth has as many
    float *values, *gradient;    // [R, C]
    JNERF_FN void operator()(int64_t i) const {
        const float p = found[i], y = truth[columns == 1 ? i : i / columns], d = p - y, size = fabsf(d), sign = d < 0.0f ? -1.0f : d > 0.0f ? 1.0f : d;
        float value, slope;
        if (kind == ErrorKind::l1) value = size, slope = sign;
        else if (kind == ErrorKind::l2) value = d * d, slope = 2.0f * d;
        else if (kind == ErrorKind::of_truth) {
            const float whole = fabsf(y) + epsilon;
            value = size / whole, slope = sign / whole;
        } else {
            const float whole = p * p + epsilon;
            value = d * d / whole, slope = 2.0f * d / whole;
        }
        values[i] = value, gradient[i] = slope * (weight / n);
    }
};

struct RelativeMean {
    float weight;
    int64_t n;
    float* loss;
    JNERF_FN void operator()(int64_t) const { *loss = *loss / n * weight; }
};

inline void relative_error(const RelativeError& kernel, float* loss) {
    parallel_for(kernel.n, kernel);
    sum_floats(kernel.n, kernel.values, loss);
    parallel_for(1, RelativeMean{kernel.weight, kernel.n, loss});
}

}  // namespace jnerf
