// The one matrix product of the MLP on the CPU: C = A B, with B's columns across vector lanes and a block of C held in
// registers. Vector length follows the machine the compiler is told of: AVX-512, AVX2 + FMA, or four lanes elsewhere.
#pragma once
#include <cstring>
#include "common/jnerf_common.h"

namespace jnerf {

#if defined(__AVX512F__)
constexpr int GEMM_LANES = 16, GEMM_VECTORS = 4;
#elif defined(__AVX__)
constexpr int GEMM_LANES = 8, GEMM_VECTORS = 2;
#else
constexpr int GEMM_LANES = 4, GEMM_VECTORS = 2;
#endif
constexpr int GEMM_ROWS = 6;
constexpr int GEMM_PAD = 16;  // matrices with columns across lanes have rows padded to this
typedef float GemmVector __attribute__((vector_size(GEMM_LANES * 4)));

inline int gemm_pad(int n) { return (n + GEMM_PAD - 1) / GEMM_PAD * GEMM_PAD; }

// How a block of C begins: as zeros, as a row vector (a bias), or as what C holds.
enum class GemmStart { zero, row, keep };

struct Gemm {
    int m, n, k;  // n: a multiple of GEMM_PAD
    const float* a;
    int64_t a_row, a_col;  // A(i, j) = a[i a_row + j a_col]
    const float* b;
    int64_t ldb;
    float* c;
    int64_t ldc;
    GemmStart start;
    const float* row;
    bool relu;
};

template <int ROWS, int VECTORS> inline void gemm_block(const Gemm& g, int i0, int j0) {
    GemmVector sum[ROWS][VECTORS];
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < VECTORS; v++) {
            const int64_t j = j0 + v * GEMM_LANES;
            if (g.start == GemmStart::zero) sum[i][v] = GemmVector{};
            else memcpy(&sum[i][v], g.start == GemmStart::row ? g.row + j : g.c + (i0 + i) * g.ldc + j, sizeof(GemmVector));
        }
    const float* a = g.a + i0 * g.a_row;
    const float* b = g.b + j0;
    for (int k = 0; k < g.k; k++, a += g.a_col, b += g.ldb) {
        GemmVector bv[VECTORS];
        for (int v = 0; v < VECTORS; v++) memcpy(&bv[v], b + v * GEMM_LANES, sizeof(GemmVector));
        for (int i = 0; i < ROWS; i++) {
            const float factor = a[i * g.a_row];
            for (int v = 0; v < VECTORS; v++) sum[i][v] += factor * bv[v];
        }
    }
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < VECTORS; v++) {
            if (g.relu) sum[i][v] = sum[i][v] < 0.0f ? GemmVector{} : sum[i][v];  // NaN stays NaN
            memcpy(g.c + (i0 + i) * g.ldc + j0 + v * GEMM_LANES, &sum[i][v], sizeof(GemmVector));
        }
}

template <int VECTORS> inline void gemm_columns(const Gemm& g, int j0) {
    int i = 0;
    for (; i + GEMM_ROWS <= g.m; i += GEMM_ROWS) gemm_block<GEMM_ROWS, VECTORS>(g, i, j0);
    switch (g.m - i) {
        case 5: gemm_block<5, VECTORS>(g, i, j0); break;
        case 4: gemm_block<4, VECTORS>(g, i, j0); break;
        case 3: gemm_block<3, VECTORS>(g, i, j0); break;
        case 2: gemm_block<2, VECTORS>(g, i, j0); break;
        case 1: gemm_block<1, VECTORS>(g, i, j0); break;
    }
}

inline void gemm(const Gemm& g) {
    int j = 0;
    for (; j + GEMM_VECTORS * GEMM_LANES <= g.n; j += GEMM_VECTORS * GEMM_LANES) gemm_columns<GEMM_VECTORS>(g, j);
    if constexpr (GEMM_VECTORS > 2)
        for (; j + 2 * GEMM_LANES <= g.n; j += 2 * GEMM_LANES) gemm_columns<2>(g, j);
    for (; j < g.n; j += GEMM_LANES) gemm_columns<1>(g, j);
}

}  // namespace jnerf
