// cuBLAS's product as far as a CPU can: column-major, C [m, n] = op(A) op(B) + beta C, with sums in float.
#pragma once
#include "fibers.h"
#include "half.h"

namespace cuda_on_host {

inline void gemm(bool turn_a, bool turn_b, bool bf16, int m, int n, int k, const void* a, int lda, const void* b, int ldb, float beta, float* c, int ldc) {
    if (lda < (turn_a ? k : m) || ldb < (turn_b ? n : k) || ldc < m) fail("cuBLAS refuses a leading dimension");
    if (bf16 && (lda % 8 || ldb % 8)) fail("rows of bf16 are not aligned");
    const float* values = half_values(true);
    const auto at = [&](const void* p, int64_t i) { return bf16 ? values[((const uint16_t*)p)[i]] : ((const float*)p)[i]; };
    for (int j = 0; j < n; j++)
        for (int i = 0; i < m; i++) {
            float sum = 0.0f;
            for (int l = 0; l < k; l++)
                sum += at(a, turn_a ? l + (int64_t)i * lda : i + (int64_t)l * lda) * at(b, turn_b ? j + (int64_t)l * ldb : l + (int64_t)j * ldb);
            float& place = c[i + (int64_t)j * ldc];
            place = beta == 0.0f ? sum : beta * place + sum;
        }
}

}  // namespace cuda_on_host
