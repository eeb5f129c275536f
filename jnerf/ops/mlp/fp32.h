// Products in float, with whatever vectors there are. Rounded: operands are rounded to bf16 first, which is bf16's result
// on machines without bf16 instructions (to the rounding of sums).
#pragma once
#include "mlp/panel.h"

namespace jnerf {

// Round to nearest, ties to even; NaN stays NaN.
JNERF_FN GemmVector round_bf16(GemmVector v) {
    GemmBits b;
    memcpy(&b, &v, sizeof b);
    const GemmBits rounded = (b + 0x7fffu + ((b >> 16) & 1u)) & 0xffff0000u;
    const GemmBits result = (b & 0x7fffffffu) > 0x7f800000u ? b : rounded;
    memcpy(&v, &result, sizeof v);
    return v;
}

inline float round_bf16(float x) {
    uint32_t b;
    memcpy(&b, &x, 4);
    if ((b & 0x7fffffffu) <= 0x7f800000u) b = (b + 0x7fffu + ((b >> 16) & 1u)) & 0xffff0000u;
    memcpy(&x, &b, 4);
    return x;
}

template <bool ROUNDED> struct Fp32 {
    typedef float Element;
    static constexpr int K = 1;

    static uint32_t item(float x, float) {
        x = ROUNDED ? round_bf16(x) : x;
        uint32_t bits;
        memcpy(&bits, &x, 4);
        return bits;
    }

    static void to_items(const float* x, int n, uint32_t* items) {
        for (int c = 0; c < n; c++) items[c] = item(x[c], 0.0f);
    }

    template <int R, int V, class Start, class Done>
    static inline void block(const Product& p, int i0, int j0, const Start& start, const Done& done) {
        GemmVector sum[R][V];
        start(i0, j0, sum);
        const float *a = (const float*)p.a + i0 * p.lda, *b = (const float*)p.b + j0;
        for (int k = 0; k < p.k; k++, b += p.ldb) {
            GemmVector bv[V];
            JNERF_UNROLL for (int v = 0; v < V; v++) bv[v] = load_vector(b + v * GEMM_LANES);
            JNERF_UNROLL for (int r = 0; r < R; r++) {
                const float factor = a[r * p.lda + k];
                JNERF_UNROLL for (int v = 0; v < V; v++) sum[r][v] += factor * bv[v];
            }
        }
        done(i0, j0, sum);
    }

    template <int R, class Start, class Done> static inline void rows(const Product& p, int i0, const Start& start, const Done& done) {
        if (p.fetch) p.fetch->next();
        // few rows make up in columns, or every sum would wait for itself
        constexpr int V = R == 1 ? std::min(8, MLP_TILE / GEMM_LANES) : R == 2 ? 4 : GEMM_VECTORS;
        int j = 0;
        for (; j + V * GEMM_LANES <= p.n; j += V * GEMM_LANES) block<R, V>(p, i0, j, start, done);
        if constexpr (V > 2)
            for (; j < p.n; j += 2 * GEMM_LANES) block<R, 2>(p, i0, j, start, done);
    }

    template <class Start, class Done> static inline void product(const Product& p, const Start& start, const Done& done) {
        int i = 0;
        constexpr int ROWS_AT_ONCE = GEMM_LANES == 4 ? 4 : 6;  // what the registers hold: without FMA a product takes one too
        for (; i + ROWS_AT_ONCE <= p.m; i += ROWS_AT_ONCE) rows<ROWS_AT_ONCE>(p, i, start, done);
        if (i + 3 <= p.m) {
            if (i + 4 <= p.m) rows<4>(p, i, start, done), i += 4;
            else rows<3>(p, i, start, done), i += 3;
        }
        if (i + 2 <= p.m) rows<2>(p, i, start, done);
        else if (i < p.m) rows<1>(p, i, start, done);
    }

    template <int KIND, int R, int V> JNERF_FN static void store(const Outlet<Fp32, KIND>& to, int i0, int j0, const GemmVector (&sum)[R][V]) {
        JNERF_UNROLL for (int r = 0; r < R; r++) {
            const int i = i0 + r;
            if (i >= to.rows) break;
            JNERF_UNROLL for (int v = 0; v < V; v++) {
                const int j = j0 + v * GEMM_LANES;
                GemmVector x = sum[r][v];
                if ((KIND & PLAIN) && i < to.n_plain) store_vector(to.plain + (int64_t)i * MLP_TILE + j, x);
                if (KIND & RELU) x = x < 0.0f ? GemmVector{} : x;  // NaN stays NaN
                if (KIND & ACTIVE) x = load_vector(to.active->row(i) + j) > 0.0f ? x : GemmVector{};
                if (ROUNDED) x = round_bf16(x);
                if (KIND & PANEL) store_vector((float*)to.panel->items(i) + j, x);
                if (KIND & STREAM) stream_vector(to.panel->row(i) + j, x);
            }
        }
    }

    // Two features of neighbouring samples [2 MLP_TILE] -> two rows.
    static inline void load_pairs(const float* x, Panel<Fp32>& to, int i, bool keep_rows) {
        float *even = (float*)to.items(i), *odd = (float*)to.items(i + 1);
        for (int s = 0; s < MLP_TILE; s++) {
            even[s] = ROUNDED ? round_bf16(x[2 * s]) : x[2 * s];
            odd[s] = ROUNDED ? round_bf16(x[2 * s + 1]) : x[2 * s + 1];
        }
        if (keep_rows) rows_from_items(to, i, i + 2);
    }

    // Items are rows.
    static inline void rows_from_items(Panel<Fp32>& panel, int begin, int end) {
        if (!panel.kept()) return;
        for (int i = begin; i < end; i++)
            for (int s = 0; s < MLP_TILE; s += GEMM_LANES) stream_vector(panel.row(i) + s, load_vector((float*)panel.items(i) + s));
    }

    static inline float row_sum(const float* row) {
        GemmVector sum = {};
        for (int s = 0; s < MLP_TILE; s += GEMM_LANES) sum += load_vector(row + s);
        float total = 0.0f;
        for (int k = 0; k < GEMM_LANES; k++) total += sum[k];
        return total;
    }
};

}  // namespace jnerf
