// Adam over blocks of 16 entries: branch-free inside, so that the compiler vectorises them; a block without gradient
// costs one read of its gradient. Entries are independent, so the result does not depend on who updates which.
#pragma once
#ifdef __AVX512F__
#include <immintrin.h>
#endif
#include "adam/kernel.h"
#include "half_copy/blocks.h"

namespace jnerf {

constexpr int64_t kAdamBlock = 16, kAdamChunk = 1024 * kAdamBlock;

inline bool any_not_zero(const float* p) {
    int any = 0;
    for (int j = 0; j < kAdamBlock; j++) any |= p[j] != 0;
    return any != 0;
}

inline bool any_below(const int* p, int bound) {
    int any = 0;
    for (int j = 0; j < kAdamBlock; j++) any |= p[j] < bound;
    return any != 0;
}

// Calls block(first) for every whole block and entry(i) for what is left over.
template <class Block, class Entry> inline void adam_blocks(int64_t n, const Block& block, const Entry& entry) {
    const int64_t whole = n / kAdamBlock * kAdamBlock;
    in_team(n > kAdamChunk, [&] {
        #pragma omp for schedule(dynamic) nowait
        for (int64_t first = 0; first < whole; first += kAdamChunk) {
            const int64_t end = std::min(first + kAdamChunk, whole);
            for (int64_t i = first; i < end; i += kAdamBlock) block(i);
        }
        #pragma omp single
        for (int64_t i = whole; i < n; i++) entry(i);
    });
}

inline void adam_dense(int64_t n, AdamRule rule, float decay, const float* grads, float* params, float* m, float* v) {
    const AdamDense entry{rule, decay, grads, params, m, v};
    const auto block = [=](int64_t first) {
        float p[kAdamBlock], mb[kAdamBlock], vb[kAdamBlock];
        for (int j = 0; j < kAdamBlock; j++) {
            p[j] = params[first + j], mb[j] = m[first + j], vb[j] = v[first + j];
            rule(rule.rate, fmaf(decay, p[j], grads[first + j]), p[j], mb[j], vb[j]);
        }
        for (int j = 0; j < kAdamBlock; j++) params[first + j] = p[j], m[first + j] = mb[j], v[first + j] = vb[j];
    };
    adam_blocks(n, block, entry);
}

inline void copy_block(NoCopy, int64_t, const float*) {}
template <class Stored> inline __attribute__((always_inline)) void copy_block(HalfCopyOf<Stored> copy, int64_t first, const float* params) {
    static_assert(STORED_BLOCK == kAdamBlock, "blocks of the copy are those of the update");
    store_block(params + first, copy.stored + first);
}

// AdamSparse for a block.
#ifdef __AVX512F__
template <class Copy> inline __attribute__((always_inline)) void adam_sparse_block(const AdamSparse<Copy>& all, int64_t first) {
    const AdamRule& rule = all.rule;
    const __m512 g = _mm512_loadu_ps(all.grads + first);
    const __mmask16 on = _mm512_cmp_ps_mask(g, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    if (!on) return;
    const __m512i counts = _mm512_loadu_si512(all.counts + first), last = _mm512_set1_epi32(all.last);
    const __m512i t = _mm512_add_epi32(counts, _mm512_set1_epi32(1));
    __m512 factor = _mm512_set1_ps(all.table[all.last]);
    const __mmask16 young = _mm512_mask_cmplt_epi32_mask(on, t, last);
    if (young) factor = _mm512_mask_i32gather_ps(factor, young, t, all.table, 4);  // dear, and not needed for ever
    const __m512 p = _mm512_loadu_ps(all.params + first), old_m = _mm512_loadu_ps(all.m + first), old_v = _mm512_loadu_ps(all.v + first);
    const __m512 m = _mm512_fmadd_ps(_mm512_set1_ps(rule.b1), old_m, _mm512_mul_ps(_mm512_set1_ps(rule.c1), g));
    const __m512 v = _mm512_fmadd_ps(_mm512_set1_ps(rule.b2), old_v, _mm512_mul_ps(_mm512_mul_ps(_mm512_set1_ps(rule.c2), g), g));
    const __m512 rate = _mm512_mul_ps(_mm512_set1_ps(rule.rate), factor);
    const __m512 move = _mm512_div_ps(_mm512_mul_ps(rate, m), _mm512_add_ps(_mm512_sqrt_ps(v), _mm512_set1_ps(rule.eps)));
    _mm512_storeu_ps(all.params + first, _mm512_mask_sub_ps(p, on, p, move));
    _mm512_storeu_ps(all.m + first, _mm512_mask_mov_ps(old_m, on, m));
    _mm512_storeu_ps(all.v + first, _mm512_mask_mov_ps(old_v, on, v));
    _mm512_storeu_si512(all.counts + first, _mm512_mask_mov_epi32(counts, on, t));
    copy_block(all.copy, first, all.params);
}
#else
template <class Copy> inline void adam_sparse_block(const AdamSparse<Copy>& all, int64_t first) {
    const float* g = all.grads + first;
    if (!any_not_zero(g)) return;
    float *params = all.params + first, *m = all.m + first, *v = all.v + first;
    int* counts = all.counts + first;
    float p[kAdamBlock], mb[kAdamBlock], vb[kAdamBlock], rate[kAdamBlock];
    int t[kAdamBlock];
    for (int j = 0; j < kAdamBlock; j++) rate[j] = all.rule.rate * all.table[all.last];
    if (any_below(counts, all.last - 1))  // else no lookups: gathers cost more than all the arithmetic
        for (int j = 0; j < kAdamBlock; j++) rate[j] = all.rule.rate * all.table[std::min(counts[j] + 1, all.last)];
    for (int j = 0; j < kAdamBlock; j++) {
        const float old_p = params[j], old_m = m[j], old_v = v[j];
        float new_p = old_p, new_m = old_m, new_v = old_v;
        all.rule(rate[j], g[j], new_p, new_m, new_v);
        const bool on = g[j] != 0;
        p[j] = on ? new_p : old_p, mb[j] = on ? new_m : old_m, vb[j] = on ? new_v : old_v, t[j] = counts[j] + on;
    }
    for (int j = 0; j < kAdamBlock; j++) params[j] = p[j], m[j] = mb[j], v[j] = vb[j], counts[j] = t[j];
    copy_block(all.copy, first, all.params);
}
#endif

// Where an update touches a block, the copy gets all of that block: of the others it holds the same already.
template <class Copy = NoCopy> inline void adam_sparse(int64_t n, AdamRule rule, const float* grads, const float* table, int last, float* params, float* m, float* v, int* counts, Copy copy = {}) {
    const AdamSparse<Copy> entry{rule, grads, table, last, params, m, v, counts, copy};
    adam_blocks(n, [=](int64_t first) { adam_sparse_block(entry, first); }, entry);
}

}  // namespace jnerf
