// On CUDA a slab is many samples, and each product or function of its elements a kernel of its own, launched from here one
// behind the other. Products are plain float: what is differentiated twice keeps its digits.
#pragma once
#include "distance_mlp/schedule.h"

#ifndef JNERF_DISTANCE_SLAB
#define JNERF_DISTANCE_SLAB 16384  // samples: enough blocks for every multiprocessor, within some 700 MB
#endif

namespace jnerf {

constexpr int DISTANCE_PART = 256;    // columns of a sum over samples

// C(m, n) = sum over k of A(m, k) B(k, n), with strides of their own; block z sums its part of k into its slice of C.
struct DistanceProduct {
    int m, n, k, part;
    const float *a, *b, *bias;  // bias: [m] or null
    int64_t a_m, a_k, b_k, b_n;
    float* c;
    int64_t c_m, c_slice;
};

constexpr int PRODUCT_M = 64, PRODUCT_N = 128, PRODUCT_K = 16, PRODUCT_THREADS = 256;
constexpr int PRODUCT_A = PRODUCT_M + 4, PRODUCT_B = PRODUCT_N + 4;  // rows in shared memory

// One block: C's tile [64, 128], four rows and eight columns a thread.
static __global__ void distance_product_kernel(DistanceProduct p) {
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
            if (m < p.m && n < p.n) p.c[blockIdx.z * p.c_slice + m * p.c_m + n] = sum[i][j] + (p.bias ? p.bias[m] : 0.0f);
        }
}

inline void distance_product(const DistanceProduct& p, int parts = 1) {
    const dim3 grid(blocks_of(p.n, PRODUCT_N), blocks_of(p.m, PRODUCT_M), (unsigned)parts);
    launch(distance_product_kernel, grid, dim3(PRODUCT_THREADS), (size_t)PRODUCT_K * (PRODUCT_A + PRODUCT_B) * sizeof(float), p);
}

template <class Kernel> struct DistanceEach {
    Kernel kernel;
    int columns;
    JNERF_FN void operator()(int64_t i) const { kernel((int)(i / columns), (int)(i % columns)); }
};

// Adds the slices of a sum, in their order, to what there is.
struct DistanceAddSlices {
    const float* slices;
    int64_t stride;
    int n;
    float* to;
    JNERF_FN void operator()(int64_t i) const {
        float sum = to[i];
        for (int k = 0; k < n; k++) sum += slices[k * stride + i];
        to[i] = sum;
    }
};

// Part `i / rows` of the sum of a row.
struct DistanceRowPart {
    const float* from;
    int rows, ld, columns;
    float* parts;  // [parts, rows]
    JNERF_FN void operator()(int64_t i) const {
        const int begin = (int)(i / rows) * DISTANCE_PART, end = begin + DISTANCE_PART < columns ? begin + DISTANCE_PART : columns;
        const float* row = from + i % rows * ld;
        float sum = 0.0f;
        for (int c = begin; c < end; c++) sum += row[c];
        parts[i] = sum;
    }
};

struct DistanceZero {
    float* to;
    JNERF_FN void operator()(int64_t i) const { to[i] = 0.0f; }
};

struct DistanceDevice {
    const MlpShape& mlp;
    const float* params;
    float* grad_params;
    int columns;
    float *memory = nullptr, *slices = nullptr;  // null while sizes are counted
    int64_t taken = 0, parts;

    DistanceDevice(const MlpShape& mlp, const float* params, float* grad_params, int columns) : mlp(mlp), params(params), grad_params(grad_params), columns(columns) {
        parts = blocks_of(columns, DISTANCE_PART);
    }
    // Of the slices of one layer's gradients.
    int64_t n_slices() const {
        int64_t most = 0;
        for (int l = 0; l < mlp.n_layers; l++) most = std::max<int64_t>(most, (int64_t)(mlp.inputs(l) + 1) * mlp.width[l + 1]);
        return most * parts;
    }
    const float* weights(int l) const { return params + mlp.weight[l]; }
    float* array(int rows) {
        float* found = memory ? memory + taken : nullptr;
        taken += (int64_t)rows * columns;
        return found;
    }
    template <class Kernel> void each(int rows, const Kernel& kernel) { parallel_for((int64_t)rows * columns, DistanceEach<Kernel>{kernel, columns}); }
    void product(int l, int rows, const float* b, bool biased, float* c) {
        const int in = mlp.inputs(l);
        distance_product({rows, columns, in, in, weights(l), b, biased ? params + mlp.bias[l] : nullptr, in, 1, columns, 1, c, columns, 0});
    }
    void turned(int l, int rows, const float* b, int ld, float* c) {
        const int in = mlp.inputs(l);
        distance_product({in, columns, rows, rows, weights(l), b, nullptr, 1, in, ld, 1, c, columns, 0});
    }
    void weight_grads(int l, int rows, const float* zq, const float* u, const float* pbar) {
        const int in = mlp.inputs(l);
        const int64_t size = (int64_t)rows * in;
        for (int half = 0; half < (pbar ? 2 : 1); half++) {
            const float *a = zq + half * columns, *b = half ? pbar : u;
            distance_product({rows, in, columns, DISTANCE_PART, a, b, nullptr, 2 * columns, 1, 1, columns, slices, in, size}, (int)parts);
            parallel_for(size, DistanceAddSlices{slices, size, (int)parts, grad_params + mlp.weight[l]});
        }
        row_sums(zq, rows, 2 * columns, grad_params + mlp.bias[l]);
    }
    void first_row(int l, const float* pbar) { row_sums(pbar, mlp.inputs(l), columns, grad_params + mlp.weight[l]); }

private:
    void row_sums(const float* from, int rows, int ld, float* to) {
        parallel_for(parts * rows, DistanceRowPart{from, rows, ld, columns, slices});
        parallel_for(rows, DistanceAddSlices{slices, rows, (int)parts, to});
    }
};

// Calls run(device, slab, first sample, samples) for slabs of all samples.
template <class Run>
inline void distance_slabs(const DistanceShape& shape, int64_t n, const float* params, float* grad_params, bool derived, const Run& run) {
    if (n <= 0) return;
    const bool backward = grad_params != nullptr;
    DistanceDevice device(shape.mlp, params, grad_params, (int)std::min<int64_t>(n, JNERF_DISTANCE_SLAB));
    { DistanceSlab<DistanceDevice> sizes(device, shape, derived, backward); }
    CudaScratch<float> memory(device.taken), slices(backward ? device.n_slices() : 1);
    device.memory = memory.data, device.slices = slices.data, device.taken = 0;
    DistanceSlab<DistanceDevice> slab(device, shape, derived, backward);
    for (int64_t begin = 0; begin < n; begin += device.columns) run(device, slab, begin, std::min<int64_t>(device.columns, n - begin));
}

JNERF_ENTRY void distance_forward(const DistanceShape& shape, const DistanceInput& in, const float* params, float* distance, float* values, float* by_x, float* by_features) {
    const bool derived = by_x != nullptr;
    distance_slabs(shape, in.n_samples, params, nullptr, derived, [&](DistanceDevice& device, DistanceSlab<DistanceDevice>& slab, int64_t begin, int64_t n) {
        slab.forward(in, begin, n);
        slab.values(begin, n, values, distance);
        if (!derived) return;
        slab.derivative();
        device.each(shape.mlp.width[0], DistanceStore{shape, in, begin, n, slab.wide, slab.columns, by_x, by_features});
    });
}

JNERF_ENTRY void distance_backward(const DistanceShape& shape, const DistanceInput& in, const float* params, const float* grad_distance, const float* grad_values,
                              const float* grad_by_x, const float* grad_by_features, float* grad_params, float* grad_features) {
    const bool second = grad_by_x || grad_by_features;
    parallel_for(shape.mlp.n_params, DistanceZero{grad_params});
    distance_slabs(shape, in.n_samples, params, grad_params, second, [&](DistanceDevice&, DistanceSlab<DistanceDevice>& slab, int64_t begin, int64_t n) {
        slab.forward(in, begin, n);
        if (second) slab.derivative();
        slab.backward(in, begin, n, second, grad_values, grad_distance, grad_by_x, grad_by_features, grad_features);
    });
}

}  // namespace jnerf
