// Real spherical harmonics Y_l^m(x, y, z) = Q_l^m(z) * {Re, Im} (x + iy)^m, where Q_l^m = N_l^m d^m P_l / dz^m.
//
// With C_m + i S_m = (x + iy)^m:        C_m = x C_{m-1} - y S_{m-1},   S_m = x S_{m-1} + y C_{m-1}
// and Legendre's recurrence in l, with the norms folded into its coefficients:
//                                       Q_l^m = a_l^m z Q_{l-1}^m - b_l^m Q_{l-2}^m
// The degree is a template argument and every coefficient a compile-time constant: all loops unroll.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

// Newton's square root, since std::sqrt is not constexpr.
JNERF_FN constexpr double sh_sqrt(double value) {
    double root = value > 1 ? value : 1;
    for (int i = 0; i < 200; i++) root = 0.5 * (root + value / root);
    return root;
}

// N_l^m: makes Y orthonormal over the sphere; (-1)^m is the Condon-Shortley phase that NeRF's tables carry.
JNERF_FN constexpr double sh_norm(int l, int m) {
    double square = (2 * l + 1) / (4 * 3.14159265358979323846);
    for (int k = l - m + 1; k <= l + m; k++) square /= k;
    return (m % 2 ? -1 : 1) * sh_sqrt(m ? 2 * square : square);
}

// Q_m^m = N_m^m (2m - 1)!!, a constant.
JNERF_FN constexpr double sh_first(int m) {
    double value = sh_norm(m, m);
    for (int k = 2 * m - 1; k > 1; k -= 2) value *= k;
    return value;
}

template <int L, int M> struct ShCoefficient {
    static constexpr float a = float(sh_norm(L, M) / sh_norm(L - 1, M) * (2 * L - 1) / (L - M));
    static constexpr float b = L > M + 1 ? float(sh_norm(L, M) / sh_norm(L > M + 1 ? L - 2 : M, M) * (L + M - 1) / (L - M)) : 0.0f;
};

// Writes Y_L^M, Y_L^-M and the bands above them. q1, q2: Q of the two bands below; c, s: C_M, S_M.
template <int D, int M, int L> JNERF_FN void sh_column(float z, float q1, float q2, float c, float s, float* out) {
    if constexpr (L < D) {
        float q;
        if constexpr (L == M) q = float(sh_first(M));
        else if constexpr (L == M + 1) q = ShCoefficient<L, M>::a * z * q1;
        else q = ShCoefficient<L, M>::a * z * q1 - ShCoefficient<L, M>::b * q2;
        out[L * L + L + M] = q * c;
        if constexpr (M > 0) out[L * L + L - M] = q * s;
        sh_column<D, M, L + 1>(z, q, q1, c, s, out);
    }
}

template <int D, int M> JNERF_FN void sh_row(const float* d, float c, float s, float* out) {
    if constexpr (M < D) {
        sh_column<D, M, M>(d[2], 0.0f, 0.0f, c, s, out);
        sh_row<D, M + 1>(d, d[0] * c - d[1] * s, d[0] * s + d[1] * c, out);
    }
}

// What one m adds to the gradient: sums over its bands.
struct ShSums {
    float cosine = 0, sine = 0;  // sum_l g_{l,m} Q_l^m and sum_l g_{l,-m} Q_l^m
    float dz = 0;                // sum_l (g_{l,m} C_m + g_{l,-m} S_m) dQ_l^m/dz
};

// p1, p2: dQ/dz of the two bands below.
template <int D, int M, int L>
JNERF_FN void sh_column_backward(float z, float q1, float q2, float p1, float p2, float c, float s, const float* g, ShSums& sums) {
    if constexpr (L < D) {
        float q, p;
        if constexpr (L == M) {
            q = float(sh_first(M)), p = 0;
        } else {
            constexpr float a = ShCoefficient<L, M>::a, b = ShCoefficient<L, M>::b;
            if constexpr (L == M + 1) q = a * z * q1, p = a * q1;
            else q = a * z * q1 - b * q2, p = a * (q1 + z * p1) - b * p2;
        }
        const float gc = g[L * L + L + M];
        sums.cosine += gc * q;
        if constexpr (M > 0) {
            const float gs = g[L * L + L - M];
            sums.sine += gs * q;
            sums.dz += p * (gc * c + gs * s);
        } else {
            sums.dz += p * gc;
        }
        sh_column_backward<D, M, L + 1>(z, q, q1, p, p1, c, s, g, sums);
    }
}

template <int D, int M> JNERF_FN void sh_row_backward(const float* d, float c, float s, float c1, float s1, const float* g, float* grad) {
    if constexpr (M < D) {
        ShSums sums;
        sh_column_backward<D, M, M>(d[2], 0.0f, 0.0f, 0.0f, 0.0f, c, s, g, sums);
        if constexpr (M > 0) {  // d(x + iy)^m = m (x + iy)^{m-1} (dx + i dy)
            grad[0] += M * (sums.cosine * c1 + sums.sine * s1);
            grad[1] += M * (sums.sine * c1 - sums.cosine * s1);
        }
        grad[2] += sums.dz;
        sh_row_backward<D, M + 1>(d, d[0] * c - d[1] * s, d[0] * s + d[1] * c, c, s, g, grad);
    }
}

template <int D> struct ShEncode {
    const float* directions;
    float* values;
    JNERF_FN void operator()(int64_t i) const {
        const float d[3] = {directions[3 * i], directions[3 * i + 1], directions[3 * i + 2]};
        float out[D * D];
        sh_row<D, 0>(d, 1.0f, 0.0f, out);
        for (int k = 0; k < D * D; k++) values[D * D * i + k] = out[k];
    }
};

template <int D> struct ShEncodeBackward {
    const float *directions, *grad_values;
    float* grad_directions;
    JNERF_FN void operator()(int64_t i) const {
        const float d[3] = {directions[3 * i], directions[3 * i + 1], directions[3 * i + 2]};
        float grad[3] = {0, 0, 0};
        sh_row_backward<D, 0>(d, 1.0f, 0.0f, 0.0f, 0.0f, grad_values + D * D * i, grad);
        for (int k = 0; k < 3; k++) grad_directions[3 * i + k] = grad[k];
    }
};

}  // namespace jnerf
