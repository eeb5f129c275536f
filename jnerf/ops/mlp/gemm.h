// The one matrix product of the MLP on the CPU: C = A B, with B's columns across vector lanes and a block of C held in
// registers, or in the tiles of AMX. Vector length follows the machine the compiler is told of: AVX-512, AVX2 + FMA, or
// four lanes elsewhere.
#pragma once
#include "mlp/amx.h"

namespace jnerf {

constexpr int GEMM_ROWS = GEMM_LANES == 16 ? 6 : 4;
constexpr int GEMM_PAD = 16;  // matrices with columns across lanes have rows padded to this

inline int gemm_pad(int n) { return (n + GEMM_PAD - 1) / GEMM_PAD * GEMM_PAD; }

// A is m x k and B is k x n, counted in items of P along k; n is a multiple of GEMM_PAD.
template <class P> struct Gemm {
    int m, n, k;
    const typename P::Item* a;
    int64_t a_row, a_col;  // A(i, j) = a[i a_row + j a_col]
    const typename P::Item* b;
    int64_t ldb;
};

// start(i, j) gives what a vector of C begins as, done(i, j, v) takes its end.
template <class P, int ROWS, int VECTORS, class Start, class Done>
inline __attribute__((always_inline)) void gemm_block(const Gemm<P>& g, int i0, int j0, const Start& start, const Done& done) {
    GemmVector sum[ROWS][VECTORS];
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < VECTORS; v++) sum[i][v] = start(i0 + i, j0 + v * GEMM_LANES);
    const typename P::Item *a = g.a + i0 * g.a_row, *b = g.b + j0;
    for (int k = 0; k < g.k; k++, a += g.a_col, b += g.ldb)
        for (int i = 0; i < ROWS; i++) {
            const typename P::Item factor = a[i * g.a_row];
            for (int v = 0; v < VECTORS; v++) sum[i][v] = P::multiply_add(sum[i][v], factor, b + v * GEMM_LANES);
        }
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < VECTORS; v++) done(i0 + i, j0 + v * GEMM_LANES, sum[i][v]);
}

template <class P, int VECTORS, class Start, class Done>
inline void gemm_columns(const Gemm<P>& g, int j0, const Start& start, const Done& done) {
    int i = 0;
    for (; i + GEMM_ROWS <= g.m; i += GEMM_ROWS) gemm_block<P, GEMM_ROWS, VECTORS>(g, i, j0, start, done);
    for (; i + 2 <= g.m; i += 2) gemm_block<P, 2, VECTORS>(g, i, j0, start, done);
    if (i < g.m) gemm_block<P, 1, VECTORS>(g, i, j0, start, done);
}

#if defined(JNERF_AMX)
// Rows of A are read up to the next multiple of AMX_SIDE: they must exist, whatever they hold.
template <class P, class Start, class Done> inline void gemm_amx(const Gemm<P>& g, const Start& start, const Done& done) {
    alignas(64) float c[4 * AMX_SIDE * AMX_SIDE];
    for (int j = 0; j < g.n; j += 2 * AMX_SIDE)
        for (int i = 0; i < g.m; i += 2 * AMX_SIDE) {
            const uint32_t *a = (const uint32_t*)g.a + i * g.a_row, *b = (const uint32_t*)g.b + j;
            const bool two_rows = i + AMX_SIDE < g.m, two_columns = j + AMX_SIDE < g.n;
            if (two_rows && two_columns) amx_block<true, true>(g.k, a, g.a_row, b, g.ldb, c);
            else if (two_rows) amx_block<true, false>(g.k, a, g.a_row, b, g.ldb, c);
            else if (two_columns) amx_block<false, true>(g.k, a, g.a_row, b, g.ldb, c);
            else amx_block<false, false>(g.k, a, g.a_row, b, g.ldb, c);
            const int rows = std::min(2 * AMX_SIDE, g.m - i), columns = std::min(2 * AMX_SIDE, g.n - j);
            for (int r = 0; r < rows; r++)
                for (int v = 0; v < columns; v += GEMM_LANES)
                    done(i + r, j + v, start(i + r, j + v) + load_vector(c + r * 2 * AMX_SIDE + v));
        }
}
#endif

// Whether AMX takes a product: half tiles would waste more than they save.
template <class P> inline bool amx_takes(const Gemm<P>& g) {
    return P::K == 2 && g.a_col == 1 && g.k > 0 && g.k % AMX_SIDE == 0 && g.m >= AMX_SIDE && amx_ready();
}

template <class P, class Start, class Done> inline void gemm(const Gemm<P>& g, const Start& start, const Done& done) {
#if defined(JNERF_AMX)
    if (amx_takes(g)) return gemm_amx(g, start, done);
#endif
    int j = 0;
    for (; j + GEMM_VECTORS * GEMM_LANES <= g.n; j += GEMM_VECTORS * GEMM_LANES) gemm_columns<P, GEMM_VECTORS>(g, j, start, done);
    if constexpr (GEMM_VECTORS > 2)
        for (; j + 2 * GEMM_LANES <= g.n; j += 2 * GEMM_LANES) gemm_columns<P, 2>(g, j, start, done);
    for (; j < g.n; j += GEMM_LANES) gemm_columns<P, 1>(g, j, start, done);
}

}  // namespace jnerf
