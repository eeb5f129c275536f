#pragma once
#include "codebook/kernel.h"

namespace jnerf {

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
        books.row_grad(row, level, key, g, out);
        float* sum = grad_entries + ((int64_t)level * books.keys + key) * books.width;
        for (int f = 0; f < books.width; f++) atomicAdd(sum + f, g[f]);
    }
};

inline void codebook_backward(int64_t n, const Codebooks& books, const float* grad, float* grad_logits, float* grad_entries) {
    cudaMemsetAsync(grad_entries, 0, sizeof(float) * books.levels * books.keys * books.width);
    parallel_for(n, CodebookGrad{books, grad, grad_logits, grad_entries});
}

}  // namespace jnerf
