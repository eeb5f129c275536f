// Without atomics: each of a fixed number of parts of a level has sums of its own for the codebook, added in order.
#pragma once
#include <vector>
#include "codebook/kernel.h"

namespace jnerf {

inline void codebook_backward(int64_t n, const Codebooks& books, const float* grad, float* grad_logits, float* grad_entries) {
    constexpr int kParts = 32;
    const int64_t size = (int64_t)books.keys * books.width;
    std::vector<float> sums((int64_t)books.levels * kParts * size, 0.0f);
    #pragma omp parallel
    {
        FlushSubnormals flush;
        #pragma omp for schedule(dynamic)
        for (int task = 0; task < books.levels * kParts; task++) {
            const int level = task / kParts, part = task % kParts;
            const int64_t first = books.row_starts[level], rows = books.row_starts[level + 1] - first;
            float* sum = sums.data() + task * size;
            for (int64_t row = first + rows * part / kParts; row < first + rows * (part + 1) / kParts; row++) {
                const float* g = grad + row * books.width;
                float* out = grad_logits + row * books.keys;
                if (!books.touched(g)) {
                    std::fill_n(out, books.keys, 0.0f);
                    continue;
                }
                const int key = books.key(row);
                books.row_grad(row, level, key, g, out);
                for (int f = 0; f < books.width; f++) sum[key * books.width + f] += g[f];
            }
        }
    }
    for (int level = 0; level < books.levels; level++)
        for (int64_t i = 0; i < size; i++) {
            float total = 0;
            for (int part = 0; part < kParts; part++) total += sums[(level * kParts + part) * size + i];
            grad_entries[level * size + i] = total;
        }
}

}  // namespace jnerf
