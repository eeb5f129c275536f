// Matrix products on AMX: tiles of 16 rows x 16 items, bf16 in and float out. Tiles 0 to 3 hold a 2 x 2 block of C, 4 and
// 5 rows of A, 6 and 7 columns of B.
#pragma once
#include "mlp/amx/tiles.h"
#include "mlp/panel.h"

namespace jnerf {

#if defined(JNERF_AMX)

// A block of one or two x two tiles of A B into `c`, or added to it; k: items, a multiple of AMX_SIDE. Strides count items
// and floats.
template <bool TWO_ROWS, bool ADD = false> inline void amx_block(int k, const uint32_t* a, int64_t lda, const uint32_t* b, int64_t ldb, float* c, int64_t ldc) {
    float* const below = c + AMX_SIDE * ldc;
    amx_memory();
    if (ADD) {
        JNERF_TILE_LOAD(0, c, ldc * 4);
        JNERF_TILE_LOAD(1, c + AMX_SIDE, ldc * 4);
    } else {
        JNERF_TILE_ZERO(0);
        JNERF_TILE_ZERO(1);
    }
    if (TWO_ROWS && ADD) {
        JNERF_TILE_LOAD(2, below, ldc * 4);
        JNERF_TILE_LOAD(3, below + AMX_SIDE, ldc * 4);
    } else if (TWO_ROWS) {
        JNERF_TILE_ZERO(2);
        JNERF_TILE_ZERO(3);
    }
    for (int i = 0; i < k; i += AMX_SIDE, a += AMX_SIDE, b += AMX_SIDE * ldb) {
        JNERF_TILE_LOAD(4, a, lda * 4);
        JNERF_TILE_LOAD(6, b, ldb * 4);
        JNERF_TILE_MULTIPLY(0, 4, 6);
        JNERF_TILE_LOAD(7, b + AMX_SIDE, ldb * 4);
        JNERF_TILE_MULTIPLY(1, 4, 7);
        if (!TWO_ROWS) continue;
        JNERF_TILE_LOAD(5, a + AMX_SIDE * lda, lda * 4);
        JNERF_TILE_MULTIPLY(2, 5, 6);
        JNERF_TILE_MULTIPLY(3, 5, 7);
    }
    JNERF_TILE_STORE(0, c, ldc * 4);
    JNERF_TILE_STORE(1, c + AMX_SIDE, ldc * 4);
    if (!TWO_ROWS) return;
    JNERF_TILE_STORE(2, below, ldc * 4);
    JNERF_TILE_STORE(3, below + AMX_SIDE, ldc * 4);
}

// Two rows of a block in `c` go on as if they had been summed up from what `start` gives.
template <class Start, class Done> inline void amx_rows(const float* c, int i, int j, const Start& start, const Done& done) {
    GemmVector sum[2][2];
    start(i, j, sum);
    for (int r = 0; r < 2; r++)
        for (int v = 0; v < 2; v++) sum[r][v] += load_vector(c + (r * 2 + v) * AMX_SIDE);
    done(i, j, sum);
}

// Whether AMX takes a product. Rows that fill no tile are computed in vain, and still sooner than by vectors.
inline bool amx_takes(const Product& p) { return p.k % AMX_SIDE == 0 && amx_ready(); }

template <class Start, class Done> inline void amx_product(const Product& p, const Start& start, const Done& done) {
    alignas(64) float c[4 * AMX_SIDE * AMX_SIDE];
    constexpr int stride = 2 * AMX_SIDE;
    for (int i = 0; i < p.m; i += stride)
        for (int j = 0; j < p.n; j += stride) {
            if (p.fetch) p.fetch->next();
            const bool two_rows = i + AMX_SIDE < p.m;
            if (two_rows) amx_block<true>(p.k, p.a + i * p.lda, p.lda, p.b + j, p.ldb, c, stride);
            else amx_block<false>(p.k, p.a + i * p.lda, p.lda, p.b + j, p.ldb, c, stride);
            for (int r = 0; r < std::min(stride, p.m - i); r += 2) amx_rows(c + r * stride, i + r, j, start, done);
        }
}

// Sums that go on in memory: the tiles read and write them, no vector does. Rows that fill no tile are left to the vectors,
// since a tile would write over what lies behind them.
inline void amx_product(const Product& p, const StartSums& start, const StoreSums& done) {
    const int whole = p.m / AMX_SIDE * AMX_SIDE;
    for (int i = 0; i < whole; i += 2 * AMX_SIDE)
        for (int j = 0; j < p.n; j += 2 * AMX_SIDE) {
            if (p.fetch) p.fetch->next();
            float* c = done.c + i * done.ldc + j;
            if (i + 2 * AMX_SIDE <= whole) amx_block<true, true>(p.k, p.a + i * p.lda, p.lda, p.b + j, p.ldb, c, done.ldc);
            else amx_block<false, true>(p.k, p.a + i * p.lda, p.lda, p.b + j, p.ldb, c, done.ldc);
        }
    if (whole == p.m) return;
    const Product rest{p.m - whole, p.n, p.k, p.a + whole * p.lda, p.lda, p.b, p.ldb, p.fetch};
    amx_product<StartSums, StoreSums>(rest, {start.c + whole * start.ldc, start.ldc}, {done.c + whole * done.ldc, done.ldc});
}

#else

inline bool amx_takes(const Product&) { return false; }
template <class Start, class Done> inline void amx_product(const Product&, const Start&, const Done&) {}

#endif

}  // namespace jnerf
