// Without atomics: each of a fixed number of parts of a level has sums of its own for the codebook, added in order.
#pragma once
#include <vector>
#include "codebook/kernel.h"
#include "common/numbers/exp.h"

namespace jnerf {

// grad_logits of rows of one level: s_j (a_j - sum_i s_i a_i), s the softmax, a_j = grad . D_j; all entries at once.
struct CodebookRow {
    int keys, width;
    std::vector<float> turned, soft, along;  // the level's codebook as [F, K]; softmax and a of one row
    CodebookRow(const Codebooks& books, int level) : keys(books.keys), width(books.width), turned((int64_t)keys * width), soft(keys), along(keys) {
        for (int j = 0; j < keys; j++)
            for (int f = 0; f < width; f++) turned[f * keys + j] = books.entry(level, j)[f];
    }
    void operator()(const float* logits, float most, const float* grad, float* out) {
        float *s = soft.data(), *a = along.data(), total = 0, mean = 0;
        for (int j = 0; j < keys; j++) s[j] = exp_of_negative(logits[j] - most), a[j] = 0;
        for (int f = 0; f < width; f++)
            for (int j = 0; j < keys; j++) a[j] += grad[f] * turned[f * keys + j];
        for (int j = 0; j < keys; j++) total += s[j], mean += s[j] * a[j];
        mean /= total;
        for (int j = 0; j < keys; j++) out[j] = s[j] / total * (a[j] - mean);
    }
};

inline void codebook_backward(int64_t n, const Codebooks& books, int n_books, const float* grad, float* grad_logits, float* grad_entries) {
    constexpr int kParts = 32;
    const int64_t size = (int64_t)books.keys * books.width;
    std::vector<float> sums((int64_t)books.levels * kParts * size, 0.0f);
    in_team(true, [&] {
        #pragma omp for schedule(dynamic)
        for (int task = 0; task < books.levels * kParts; task++) {
            const int level = task / kParts, part = task % kParts;
            const int64_t first = books.row_starts[level], rows = books.row_starts[level + 1] - first;
            float* sum = sums.data() + task * size;
            CodebookRow row_grad(books, level);
            for (int64_t row = first + rows * part / kParts; row < first + rows * (part + 1) / kParts; row++) {
                const float* g = grad + row * books.width;
                float* out = grad_logits + row * books.keys;
                if (!books.touched(g)) {
                    std::fill_n(out, books.keys, 0.0f);
                    continue;
                }
                const int key = books.key(row);
                const float* logits = books.logits + row * books.keys;
                row_grad(logits, logits[key], g, out);
                for (int f = 0; f < books.width; f++) sum[key * books.width + f] += g[f];
            }
        }
    });
    for (int level = 0; level < books.levels; level++)
        for (int64_t i = 0; i < size; i++) {
            float total = 0;
            for (int part = 0; part < kParts; part++) total += sums[(level * kParts + part) * size + i];
            grad_entries[level * size + i] = total;
        }
    std::fill(grad_entries + books.levels * size, grad_entries + n_books * size, 0.0f);
}

}  // namespace jnerf
