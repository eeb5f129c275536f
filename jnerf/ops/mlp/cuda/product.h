// A product of matrices in plain float, by a kernel of our own, and the sum of a product's slices.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

// C(m, n) = sum over k of A(m, k) B(k, n), with strides of their own; block z sums its part of k into its slice of C.
struct PlainProduct {
    int m, n, k, part;
    const float *a, *b, *bias;  // bias: [m] or null
    int64_t a_m, a_k, b_k, b_n;
    float* c;
    int64_t c_m, c_slice;
    bool adds = false;  // to what is in C
};

constexpr int PRODUCT_M = 64, PRODUCT_N = 128, PRODUCT_K = 16, PRODUCT_THREADS = 256;
constexpr int PRODUCT_A = PRODUCT_M + 4, PRODUCT_B = PRODUCT_N + 4;  // rows in shared memory

// One block: C's tile [64, 128], four rows and eight columns a thread.
static __global__ void plain_product_kernel(PlainProduct p) {
    JNERF_SHARED(float, shared);
    float *as = shared, *bs = shared + PRODUCT_K * PRODUCT_A;
    const int t = threadIdx.x, tx = t % 16, ty = t / 16, m0 = blockIdx.y * PRODUCT_M, n0 = blockIdx.x * PRODUCT_N;
    const int first = blockIdx.z * p.part, end = first + p.part < p.k ? first + p.part : p.k;
    float sum[4][8] = {};
    for (int k0 = first; k0 < end; k0 += PRODUCT_K) {
        for (int i = t; i < PRODUCT_M * PRODUCT_K; i += PRODUCT_THREADS) {
            const int m = p.a_k == 1 ? i / PRODUCT_K : i % PRODUCT_M, k = p.a_k == 1 ? i % PRODUCT_K : i / PRODUCT_M;
            as[k * PRODUCT_A + m] = m0 + m < p.m && k0 + k < end ? p.a[(m0 + m) * p.a_m + (k0 + k) * p.a_k] : 0.0f;
        }
        for (int i = t; i < PRODUCT_N * PRODUCT_K; i += PRODUCT_THREADS) {
            const int n = p.b_k == 1 ? i / PRODUCT_K : i % PRODUCT_N, k = p.b_k == 1 ? i % PRODUCT_K : i / PRODUCT_N;
            bs[k * PRODUCT_B + n] = n0 + n < p.n && k0 + k < end ? p.b[(k0 + k) * p.b_k + (n0 + n) * p.b_n] : 0.0f;
        }
        __syncthreads();
        for (int k = 0; k < PRODUCT_K; k++) {
            float a[4], b[8];
            for (int i = 0; i < 4; i++) a[i] = as[k * PRODUCT_A + 4 * ty + i];
            for (int j = 0; j < 8; j++) b[j] = bs[k * PRODUCT_B + j / 4 * 64 + 4 * tx + j % 4];
            for (int i = 0; i < 4; i++)
                for (int j = 0; j < 8; j++) sum[i][j] = fmaf(a[i], b[j], sum[i][j]);
        }
        __syncthreads();
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 8; j++) {
            const int m = m0 + 4 * ty + i, n = n0 + j / 4 * 64 + 4 * tx + j % 4;
            if (m >= p.m || n >= p.n) continue;
            float* place = p.c + blockIdx.z * p.c_slice + m * p.c_m + n;
            *place = (p.adds ? *place : 0.0f) + sum[i][j] + (p.bias ? p.bias[m] : 0.0f);
        }
}

inline void plain_product(const PlainProduct& p, int parts = 1) {
    const dim3 grid(blocks_of(p.n, PRODUCT_N), blocks_of(p.m, PRODUCT_M), (unsigned)parts);
    launch(plain_product_kernel, grid, dim3(PRODUCT_THREADS), (size_t)PRODUCT_K * (PRODUCT_A + PRODUCT_B) * sizeof(float), p);
}

// Adds the slices of a sum, in their order, to what there is.
struct AddSlices {
    const float* slices;
    int64_t stride, n;
    float* to;
    JNERF_FN void operator()(int64_t i) const {
        float sum = to[i];
        for (int64_t k = 0; k < n; k++) sum += slices[k * stride + i];
        to[i] = sum;
    }
};

}  // namespace jnerf
