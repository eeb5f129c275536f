#pragma once
#include "codebook/kernel.h"

namespace jnerf {

// grad_logits of one row: s_j (a_j - sum_i s_i a_i), s the softmax, a_j = grad . D_j.
__device__ inline void codebook_row_grad(const Codebooks& books, int64_t row, int level, int best, const float* grad, float* out) {
    const float *c = books.logits + row * books.keys, most = c[best];
    float total = 0, mean = 0;
    for (int j = 0; j < books.keys; j++) total += expf(c[j] - most);
    for (int j = 0; j < books.keys; j++) {
        const float* d = books.entry(level, j);
        float a = 0;
        for (int f = 0; f < books.width; f++) a += grad[f] * d[f];
        out[j] = a;
        mean += expf(c[j] - most) / total * a;
    }
    for (int j = 0; j < books.keys; j++) out[j] = expf(c[j] - most) / total * (out[j] - mean);
}

struct CodebookGrad {
    Codebooks books;
    const float* grad;
    float *grad_logits, *grad_entries;
    __device__ void operator()(int64_t row) const {
        const float* g = grad + row * books.width;
        float* out = grad_logits + row * books.keys;
        if (!books.touched(g)) {
            for (int j = 0; j < books.keys; j++) out[j] = 0;
            return;
        }
        const int level = books.level(row), key = books.key(row);
        codebook_row_grad(books, row, level, key, g, out);
        float* sum = grad_entries + ((int64_t)level * books.keys + key) * books.width;
        for (int f = 0; f < books.width; f++) atomicAdd(sum + f, g[f]);
    }
};

inline void codebook_backward(int64_t n, const Codebooks& books, int n_books, const float* grad, float* grad_logits, float* grad_entries) {
    clear_memory(grad_entries, (int64_t)n_books * books.keys * books.width);
    parallel_for(n, CodebookGrad{books, grad, grad_logits, grad_entries});
}

}  // namespace jnerf
