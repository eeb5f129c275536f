// Rows of a table as bits of words, 32 rows a word: which are not zero, and those alone.
#pragma once
#include "common/numbers/bits.h"

namespace jnerf {

// Number of the lowest bit that is set.
JNERF_FN int lowest_bit(uint32_t bits) {
#ifdef __CUDA_ARCH__
    return __ffs(bits) - 1;
#else
    return __builtin_ctz(bits);
#endif
}

// Sets the bits of the rows that have a number other than 0 or -0; NaN is one. Width 0: `width` numbers a row, else
// as many as it says.
template <int Width> struct MarkRows {
    const float* table;
    int64_t n_rows;
    int width;
    int32_t* words;

    JNERF_FN uint32_t any(int64_t row) const {
        const int n = Width ? Width : width;
        uint32_t found = 0;
        for (int k = 0; k < n; k++) {
            found |= bits_of(table[row * n + k]) & 0x7fffffffu;
        }
        return found;
    }

    JNERF_FN void operator()(int64_t word) const {
        uint32_t bits = 0;
        const int64_t first = 32 * word;
        if (first + 32 <= n_rows) {
            for (int b = 0; b < 32; b++) bits |= (any(first + b) != 0 ? 1u : 0u) << b;
        } else {
            for (int b = 0; first + b < n_rows; b++) bits |= (any(first + b) != 0 ? 1u : 0u) << b;
        }
        words[word] = (int32_t)bits;
    }
};

// Copies the rows whose bits are set from a table into a list of these rows alone, or back.
template <int Width, bool Packing> struct MoveRows {
    const int32_t *words, *firsts;
    int width;
    const float* from;
    float* to;

    JNERF_FN void operator()(int64_t word) const {
        const int n = Width ? Width : width;
        int64_t in_list = (int64_t)firsts[word] * n;
        for (uint32_t bits = (uint32_t)words[word]; bits; bits &= bits - 1, in_list += n) {
            const int64_t in_table = (32 * word + lowest_bit(bits)) * n;
            const float* source = from + (Packing ? in_table : in_list);
            float* target = to + (Packing ? in_list : in_table);
            for (int k = 0; k < n; k++) target[k] = source[k];
        }
    }
};

inline void mark_rows(const float* table, int64_t n_rows, int width, int32_t* words) {
    const int64_t n = (n_rows + 31) / 32;
    if (width == 2) parallel_for(n, MarkRows<2>{table, n_rows, width, words});
    else if (width == 4) parallel_for(n, MarkRows<4>{table, n_rows, width, words});
    else parallel_for(n, MarkRows<0>{table, n_rows, width, words});
}

template <bool Packing>
inline void move_rows(int64_t n, const int32_t* words, const int32_t* firsts, int width, const float* from, float* to) {
    if (width == 2) parallel_for(n, MoveRows<2, Packing>{words, firsts, width, from, to});
    else if (width == 4) parallel_for(n, MoveRows<4, Packing>{words, firsts, width, from, to});
    else parallel_for(n, MoveRows<0, Packing>{words, firsts, width, from, to});
}

}  // namespace jnerf
