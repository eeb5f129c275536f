// Row by row, and sums without atomics: a thread owns a range of rows and adds what is theirs in its order, whatever their number.
#pragma once
#include "pick_rows/kernel.h"

namespace jnerf {

template <class T> struct PickRow : PickRows<T> {
    void operator()(int64_t k) const { this->row(k); }
};

// K rows.
template <class T> inline void pick_rows(int64_t n, const T* array, const int* rows, int64_t width, T* out) {
    parallel_for(n, PickRow<T>{{array, rows, out, width}});
}

inline void add_rows(int64_t n, const float* values, const int* rows, int64_t width, int64_t n_rows, float* sums) {
    in_team(n_rows > 1 && n * width > 4096, [&] {
        const int64_t threads = omp_get_num_threads(), thread = omp_get_thread_num();
        const int64_t from = n_rows * thread / threads, to = n_rows * (thread + 1) / threads;
        std::fill(sums + from * width, sums + to * width, 0.0f);
        for (int64_t k = 0; k < n; k++) {
            if (rows[k] < from || rows[k] >= to) continue;
            float* sum = sums + rows[k] * width;
            for (int64_t c = 0; c < width; c++) sum[c] += values[k * width + c];
        }
    });
}

}  // namespace jnerf
