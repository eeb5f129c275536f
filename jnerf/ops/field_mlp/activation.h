// exp and the logistic function in vectors, and densities.
#pragma once
#include "activate/kernel.h"
#include "mlp/vectors.h"

namespace jnerf {

// exp to 2e-7 of its value within [-87, 88]: 2^k times a polynomial in the rest, |rest| <= ln 2 / 2. From there to what
// float holds, [-87.3, 88.7], the value stands still; beyond are 0 and infinity. NaN stays NaN.
inline GemmVector exp_vector(GemmVector x) {
    GemmVector c = x > 88.0f ? GemmVector{} + 88.0f : x;
    c = c < -87.0f ? GemmVector{} - 87.0f : c;
    const GemmVector shifted = c * 1.44269504f + 12582912.0f, k = shifted - 12582912.0f;  // 1.5 2^23: to the nearest integer
    const GemmVector r = (c - k * 0.693359375f) + k * 2.12194440e-4f;                     // ln 2 in two parts
    GemmVector y = GemmVector{} + 1.9841270e-4f;
    y = y * r + 1.3888889e-3f;
    y = y * r + 8.3333333e-3f;
    y = y * r + 4.1666667e-2f;
    y = y * r + 1.6666667e-1f;
    y = y * r + 0.5f;
    y = y * r + 1.0f;
    y = y * r + 1.0f;
    GemmBits bits;
    memcpy(&bits, &shifted, sizeof bits);
    const GemmBits power = (bits - 0x4b400000u + 127u) << 23;
    GemmVector scale;
    memcpy(&scale, &power, sizeof scale);
    y *= scale;
    y = x > 88.7f ? GemmVector{} + INFINITY : y;
    return x < -87.3f ? GemmVector{} : y;
}

inline GemmVector logistic_vector(GemmVector x) { return 1.0f / (1.0f + exp_vector(-x)); }

// In place, n floats; the array may be written up to the next multiple of GEMM_LANES.
template <class Function> inline void map_vectors(float* x, int n, const Function& function) {
    for (int i = 0; i < n; i += GEMM_LANES) store_vector(x + i, function(load_vector(x + i)));
}

// Densities of n samples, or their slopes, in place of what the trunk says of them; as above.
inline void field_densities(const ScaledActivation& density, float* x, int n) {
    if (density.kind == Activation::exponential)
        map_vectors(x, n, [&](GemmVector v) { return density.scale * exp_vector(v + density.bias); });
    else
        for (int i = 0; i < n; i++) x[i] = density.value(x[i]);
}
inline void field_slopes(const ScaledActivation& density, float* x, int n) {
    constexpr float limit = ACTIVATION_LIMIT;
    if (density.kind == Activation::exponential)
        map_vectors(x, n, [&](GemmVector v) {
            v += density.bias;
            v = v > limit ? GemmVector{} + limit : v;
            return density.scale * exp_vector(v < -limit ? GemmVector{} - limit : v);
        });
    else
        for (int i = 0; i < n; i++) x[i] = density.slope(x[i]);
}

}  // namespace jnerf
