// The density of a step function, at every place the largest within `by` of it (mip-NeRF 360, Barron et al. 2022, section
// 3.2). Edges of the result are those of the n intervals and the same moved outwards, all within [0, 1]: three sorted lists
// that are merged into 3 n + 1 edges. The weights, made to sum to 1, are without those of the first and the last interval.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct StepWiden {
    const float *starts, *ends, *weights;  // n a ray
    int n;
    float by;
    float *new_starts, *new_ends, *new_weights;  // 3 n - 2 a ray

    JNERF_FN float density(int64_t i) const {
        const float width = ends[i] - starts[i];
        return width > 0.0f ? weights[i] / width : 0.0f;
    }

    struct Merge {  // the edges in order
        const StepWiden& s;
        int64_t first;
        int left, middle, right;
        JNERF_FN float next() {
            const float none = 3.0f;
            const float a = left < s.n ? s.starts[first + left] - s.by : none;
            const float c = right < s.n ? s.ends[first + right] + s.by : none;
            const float b = middle < s.n ? s.starts[first + middle] : middle == s.n ? s.ends[first + s.n - 1] : none;
            const float edge = a <= b && a <= c ? (left++, a) : b <= c ? (middle++, b) : (right++, c);
            return edge < 0.0f ? 0.0f : edge > 1.0f ? 1.0f : edge;
        }
    };

    JNERF_FN void operator()(int64_t ray) const {
        const int64_t first = ray * n, out = ray * (3 * n - 2);
        Merge edges{*this, first, 0, 0, 0};
        int from = 0;
        float total = 0.0f, low = edges.next();
        for (int j = 0; j < 3 * n; j++) {
            const float high = edges.next();
            float most = 0.0f;
            while (from < n && !(ends[first + from] + by > low)) from++;
            for (int k = from; k < n && starts[first + k] - by <= low; k++) {
                const float d = density(first + k);
                if (d > most) most = d;
            }
            const float w = most * (high - low);
            total += w;
            if (j > 0 && j + 1 < 3 * n) {
                new_starts[out + j - 1] = low;
                new_ends[out + j - 1] = high;
                new_weights[out + j - 1] = w;
            }
            low = high;
        }
        const float scale = total > 0.0f ? 1.0f / total : 0.0f;
        for (int j = 0; j < 3 * n - 2; j++) new_weights[out + j] *= scale;
    }
};

inline void step_widen(int64_t n_rays, const StepWiden& kernel) { parallel_for(n_rays, kernel); }

}  // namespace jnerf
