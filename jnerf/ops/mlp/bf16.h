// Products of bf16 pairs with float sums: AVX512-BF16's vdpbf16ps, and AMX where there is more to do than half a tile.
// bf16 has the exponent range of float, so that gradients need no loss scale.
#pragma once
#include "mlp/amx/amx.h"
#include "mlp/fp32.h"

#if defined(__AVX512BF16__) && defined(__AVX512BW__)
#define JNERF_BF16 1

namespace jnerf {

struct Bf16 {
    typedef uint16_t Element;
    static constexpr int K = 2;

    static uint32_t item(float low, float high) {
        low = round_bf16(low), high = round_bf16(high);
        uint32_t l, h;
        memcpy(&l, &low, 4);
        memcpy(&h, &high, 4);
        return l >> 16 | (h & 0xffff0000u);
    }

    static void to_items(const float* x, int n, uint32_t* items) {
        for (int c = 0; c < n; c += 16) {
            const __mmask16 have = n - c >= 16 ? 0xffff : (1u << (n - c)) - 1;
            const __m256i x16 = (__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(have, x + c));
            _mm256_mask_storeu_epi16(items + c / 2, n - c >= 16 ? 0xffff : (1u << round_up(n - c, 2)) - 1, x16);
        }
    }

    template <int R, int V, class Start, class Done>
    static inline void block(const Product& p, int i0, int j0, const Start& start, const Done& done) {
        GemmVector sum[R][V];
        start(i0, j0, sum);
        const uint32_t *a = p.a + i0 * p.lda, *b = p.b + j0;
        for (int k = 0; k < p.k; k++, b += p.ldb) {
            __m512bh bv[V];
            JNERF_UNROLL for (int v = 0; v < V; v++) bv[v] = (__m512bh)_mm512_loadu_si512(b + v * 16);
            JNERF_UNROLL for (int r = 0; r < R; r++) {
                const __m512bh factor = (__m512bh)_mm512_set1_epi32((int)a[r * p.lda + k]);
                JNERF_UNROLL for (int v = 0; v < V; v++) sum[r][v] = (GemmVector)_mm512_dpbf16_ps((__m512)sum[r][v], factor, bv[v]);
            }
        }
        done(i0, j0, sum);
    }

    template <int R, class Start, class Done> static inline void rows(const Product& p, int i0, const Start& start, const Done& done) {
        if (p.fetch) p.fetch->next();
        int j = 0;
        for (; j + 64 <= p.n; j += 64) block<R, 4>(p, i0, j, start, done);
        if (j < p.n) block<R, 2>(p, i0, j, start, done);
    }

    // An odd number of rows is computed as the next even one.
    template <class Start, class Done> static inline void product(const Product& p, const Start& start, const Done& done) {
        if (amx_takes(p)) return amx_product(p, start, done);
        int i = 0;
        for (; i + 4 < p.m; i += 6) rows<6>(p, i, start, done);
        if (i + 2 < p.m) rows<4>(p, i, start, done);
        else if (i < p.m) rows<2>(p, i, start, done);
    }

    // Rows of 32 samples -> items.
    JNERF_FN static void store_pairs(uint32_t* to, __m512i even, __m512i odd) {
        const __m512i order = _mm512_set_epi16(47, 15, 46, 14, 45, 13, 44, 12, 43, 11, 42, 10, 41, 9, 40, 8, 39, 7, 38, 6, 37, 5, 36, 4, 35, 3, 34, 2, 33, 1, 32, 0);
        _mm512_storeu_si512(to, _mm512_permutex2var_epi16(even, order, odd));
        _mm512_storeu_si512(to + 16, _mm512_permutex2var_epi16(even, _mm512_add_epi16(order, _mm512_set1_epi16(16)), odd));
    }

    template <bool PAST> JNERF_FN static void store_halves(uint16_t* to, __m512i x) {
        if (PAST) _mm512_stream_si512((__m512i*)to, x);
        else _mm512_storeu_si512(to, x);
    }

    template <int KIND> JNERF_FN static __m512i finished(const Outlet<Bf16, KIND>& to, int i, int j, GemmVector low, GemmVector high) {
        if (KIND & RELU) {  // a NaN in the second operand stays
            low = (GemmVector)_mm512_max_ps(_mm512_setzero_ps(), (__m512)low);
            high = (GemmVector)_mm512_max_ps(_mm512_setzero_ps(), (__m512)high);
        }
        const __m512i x = halves(low, high);
        if (!(KIND & ACTIVE)) return x;
        const __m512i active = _mm512_loadu_si512(to.active->row(i) + j);
        return _mm512_maskz_mov_epi16(_mm512_test_epi16_mask(active, active), x);  // behind a ReLU: positive, 0 or NaN
    }
    JNERF_FN static __m512i halves(GemmVector low, GemmVector high) { return (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low); }

    template <int KIND, int R, int V> JNERF_FN static void store(const Outlet<Bf16, KIND>& to, int i0, int j0, const GemmVector (&sum)[R][V]) {
        static_assert(R % 2 == 0 && V % 2 == 0, "pairs of rows, 32 samples at a time");
        JNERF_UNROLL for (int r = 0; r < R; r += 2) {
            const int i = i0 + r;
            if (i >= to.rows) break;
            const bool alone = i + 1 >= to.rows;
            JNERF_UNROLL for (int v = 0; v < V; v += 2) {
                const int j = j0 + v * 16;
                if (KIND & PLAIN) {
                    float* plain = to.plain + (int64_t)i * MLP_TILE + j;
                    if (i < to.n_plain) store_vector(plain, sum[r][v]), store_vector(plain + 16, sum[r][v + 1]);
                    if (i + 1 < to.n_plain) store_vector(plain + MLP_TILE, sum[r + 1][v]), store_vector(plain + MLP_TILE + 16, sum[r + 1][v + 1]);
                }
                if (!(KIND & PANEL)) continue;
                const __m512i even = finished(to, i, j, sum[r][v], sum[r][v + 1]);
                const __m512i odd = alone ? _mm512_setzero_si512() : finished(to, i + 1, j, sum[r + 1][v], sum[r + 1][v + 1]);
                store_pairs(to.panel->items(i / 2) + j, even, odd);
                if (!(KIND & ROWS)) continue;
                store_halves<(KIND & STREAM) != 0>(to.panel->row(i) + j, even);
                store_halves<(KIND & STREAM) != 0>(to.panel->row(i + 1) + j, odd);
            }
        }
    }

    static inline void load_pairs(const float* x, Panel<Bf16>& to, int i, bool keep_rows) {
        for (int s = 0; s < MLP_TILE; s += 16)
            _mm512_storeu_si512(to.items(i / 2) + s, halves(load_vector(x + 2 * s), load_vector(x + 2 * s + 16)));
        if (keep_rows) rows_from_items(to, i, i + 2);
    }

    static inline void rows_from_items(Panel<Bf16>& panel, int begin, int end) {
        if (panel.kept()) pairs_apart<true>(panel, begin, end);
        else pairs_apart<false>(panel, begin, end);
    }

    template <bool PAST> static inline void pairs_apart(Panel<Bf16>& panel, int begin, int end) {
        const __m512i even = _mm512_set_epi16(62, 60, 58, 56, 54, 52, 50, 48, 46, 44, 42, 40, 38, 36, 34, 32, 30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
        const __m512i odd = _mm512_add_epi16(even, _mm512_set1_epi16(1));
        for (int i = begin / 2 * 2; i < end; i += 2)
            for (int s = 0; s < MLP_TILE; s += 32) {
                const __m512i a = _mm512_loadu_si512(panel.items(i / 2) + s), b = _mm512_loadu_si512(panel.items(i / 2) + s + 16);
                store_halves<PAST>(panel.row(i) + s, _mm512_permutex2var_epi16(a, even, b));
                store_halves<PAST>(panel.row(i + 1) + s, _mm512_permutex2var_epi16(a, odd, b));
            }
    }

    static inline float row_sum(const uint16_t* row) {
        __m512 sum = _mm512_setzero_ps();
        for (int s = 0; s < MLP_TILE; s += 32) sum = _mm512_dpbf16_ps(sum, (__m512bh)_mm512_loadu_si512(row + s), (__m512bh)_mm512_set1_epi32(0x3f803f80));
        return _mm512_reduce_add_ps(sum);
    }
};

}  // namespace jnerf
#endif
