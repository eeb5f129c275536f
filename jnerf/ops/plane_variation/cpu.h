#pragma once
#include <vector>
#include "plane_variation/kernel.h"

namespace jnerf {

constexpr int PLANE_LANES = 16;

// Of differences behind - here of n floats, in lanes that are added up in the end: always in the same order.
inline void add_squares(const float* here, const float* behind, int64_t n, double& sum) {
    float lanes[PLANE_LANES] = {};
    int64_t i = 0;
    for (; i + PLANE_LANES <= n; i += PLANE_LANES)
        for (int l = 0; l < PLANE_LANES; l++) {
            const float d = behind[i + l] - here[i + l];
            lanes[l] += d * d;
        }
    for (; i < n; i++) lanes[0] += (behind[i] - here[i]) * (behind[i] - here[i]);
    for (float lane : lanes) sum += lane;
}

// Adds to `out`, [1]. Rows of vertices are added in their order: the same for any number of threads.
inline void plane_variation_forward(PlaneRows planes, float* out) {
    std::vector<double> sums(planes.rows());
    in_team(true, [&] {
        #pragma omp for schedule(static)
        for (int64_t row = 0; row < planes.rows(); row++) {
            const float* here = planes.table + row * planes.floats();
            double sum = 0;
            add_squares(here, here + planes.F, planes.floats() - planes.F, sum);
            if (!planes.last(row)) add_squares(here, here + planes.floats(), planes.floats(), sum);
            sums[row] = sum;
        }
    });
    double total = 0;
    for (double sum : sums) total += sum;
    *out += (float)(total * planes.scale());
}

// The gradient of the scale's rows, [rows, floats]; `grad` [1].
inline void plane_variation_backward(PlaneRows planes, const float* grad, float* out) {
    const float by = 2 * planes.scale() * *grad;
    const int64_t n = planes.floats(), F = planes.F;
    in_team(true, [&] {
        #pragma omp for schedule(static)
        for (int64_t row = 0; row < planes.rows(); row++) {
            const float* here = planes.table + row * n;
            const float *above = planes.last(row) ? here : here + n, *below = planes.first(row) ? here : here - n;
            float* to = out + row * n;
            // on a face a vertex is its own neighbour
            for (int64_t i = 0; i < F; i++) to[i] = by * (3 * here[i] - above[i] - below[i] - here[i + F]);
            for (int64_t i = F; i < n - F; i++) to[i] = by * ((4 * here[i] - above[i] - below[i]) - (here[i - F] + here[i + F]));
            for (int64_t i = n - F; i < n; i++) to[i] = by * (3 * here[i] - above[i] - below[i] - here[i - F]);
        }
    });
}

inline void plane_variation_start(float* out) { *out = 0; }

}  // namespace jnerf
