// z = D[argmax C] for rows of logits C and the codebook D of their level; backward as if z were softmax(C) D, but that
// the chosen entry of D alone gets the gradient ("straight-through": hard + soft - stop(soft)).
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct Codebooks {
    const float *logits, *entries;  // [V, K], [L, K, F]
    const int* row_starts;          // the first row of each level, and their number, [L + 1]
    int levels, keys, width;  // levels with rows: there may be more codebooks, which get no gradient
    JNERF_FN int level(int64_t row) const {
        int l = 0;
        while (l + 1 < levels && row >= row_starts[l + 1]) l++;
        return l;
    }
    // The first of the largest logits.
    JNERF_FN int key(int64_t row) const {
        const float* c = logits + row * keys;
        int best = 0;
        for (int j = 1; j < keys; j++) best = c[j] > c[best] ? j : best;
        return best;
    }
    JNERF_FN const float* entry(int level, int key) const { return entries + ((int64_t)level * keys + key) * width; }
    // Whether anything is to be learned of a row; rows that no sample met are passed over.
    JNERF_FN bool touched(const float* grad) const {
        for (int f = 0; f < width; f++)
            if (grad[f] != 0) return true;
        return false;
    }
};

struct CodebookValues {
    Codebooks books;
    float* values;
    JNERF_FN void operator()(int64_t row) const {
        const float* d = books.entry(books.level(row), books.key(row));
        for (int f = 0; f < books.width; f++) values[row * books.width + f] = d[f];
    }
};

struct CodebookKeys {
    Codebooks books;
    int* keys;
    JNERF_FN void operator()(int64_t row) const { keys[row] = books.key(row); }
};

inline void codebook_values(int64_t n, const Codebooks& books, float* values) { parallel_for(n, CodebookValues{books, values}); }

inline void codebook_keys(int64_t n, const Codebooks& books, int* keys) { parallel_for(n, CodebookKeys{books, keys}); }

}  // namespace jnerf
