// Adam over blocks of 16 entries: branch-free inside, so that the compiler vectorises them; a block without gradient
// costs one read of its gradient. Entries are independent, so the result does not depend on who updates which.
#pragma once
#ifdef __AVX512F__
#include <immintrin.h>
#endif
#include "adam/kernel.h"

namespace jnerf {

constexpr int64_t kAdamBlock = 16, kAdamChunk = 1024 * kAdamBlock;

// Of a block: whether any entry is not zero, or below a bound. One test, where the compiler would reduce step by step.
inline bool any_not_zero(const float* p) {
#ifdef __AVX512F__
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(p), _mm512_setzero_ps(), _CMP_NEQ_UQ) != 0;
#else
    int any = 0;
    for (int j = 0; j < kAdamBlock; j++) any |= p[j] != 0;
    return any != 0;
#endif
}

inline bool any_below(const int* p, int bound) {
#ifdef __AVX512F__
    return _mm512_cmplt_epi32_mask(_mm512_loadu_si512(p), _mm512_set1_epi32(bound)) != 0;
#else
    int any = 0;
    for (int j = 0; j < kAdamBlock; j++) any |= p[j] < bound;
    return any != 0;
#endif
}

// Calls block(first) for every whole block and entry(i) for what is left over.
template <class Block, class Entry> inline void adam_blocks(int64_t n, const Block& block, const Entry& entry) {
    const int64_t whole = n / kAdamBlock * kAdamBlock;
    #pragma omp parallel if (n > kAdamChunk)
    {
        FlushSubnormals flush;
        #pragma omp for schedule(dynamic) nowait
        for (int64_t first = 0; first < whole; first += kAdamChunk) {
            const int64_t end = std::min(first + kAdamChunk, whole);
            for (int64_t i = first; i < end; i += kAdamBlock) block(i);
        }
        #pragma omp single
        for (int64_t i = whole; i < n; i++) entry(i);
    }
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

inline void adam_sparse(int64_t n, AdamRule rule, const float* grads, const float* table, int last, float* params, float* m, float* v, int* counts) {
    const AdamSparse entry{rule, grads, table, last, params, m, v, counts};
    const auto block = [=](int64_t first) {
        const float* g = grads + first;
        if (!any_not_zero(g)) return;
        float p[kAdamBlock], mb[kAdamBlock], vb[kAdamBlock], rate[kAdamBlock];
        int t[kAdamBlock];
        for (int j = 0; j < kAdamBlock; j++) rate[j] = rule.rate * table[last];
        if (any_below(counts + first, last - 1))  // else no lookups: gathers cost more than all the arithmetic
            for (int j = 0; j < kAdamBlock; j++) rate[j] = rule.rate * table[std::min(counts[first + j] + 1, last)];
        for (int j = 0; j < kAdamBlock; j++) {
            const float old_p = params[first + j], old_m = m[first + j], old_v = v[first + j];
            float new_p = old_p, new_m = old_m, new_v = old_v;
            rule(rate[j], g[j], new_p, new_m, new_v);
            const bool on = g[j] != 0;
            p[j] = on ? new_p : old_p, mb[j] = on ? new_m : old_m, vb[j] = on ? new_v : old_v, t[j] = counts[first + j] + on;
        }
        for (int j = 0; j < kAdamBlock; j++)
            params[first + j] = p[j], m[first + j] = mb[j], v[first + j] = vb[j], counts[first + j] = t[j];
    };
    adam_blocks(n, block, entry);
}

}  // namespace jnerf
