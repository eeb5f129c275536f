// Yardsticks on CUDA: one thread per sample and level, atomics for the scatter, one thread per entry for Adam.
#pragma once
#include <cuda_fp16.h>
#include <mma.h>
#include "../benchmark/yardstick/kernel.h"

namespace jnerf {

struct YardstickCopy {
    const float4* in;
    float4* out;
    JNERF_FN void operator()(int64_t i) const { out[i] = in[i]; }
};
inline void yardstick_copy(int64_t n, const float* in, float* out) {
    parallel_for(n / 4, YardstickCopy{(const float4*)in, (float4*)out});
}

struct YardstickMix {
    const float4* in;
    float4* out;
    JNERF_FN void operator()(int64_t i) const {
        const float4 a = out[i], b = in[i];
        out[i] = {0.5f * (a.x + b.x), 0.5f * (a.y + b.y), 0.5f * (a.z + b.z), 0.5f * (a.w + b.w)};
    }
};
inline void yardstick_mix(int64_t n, const float* in, float* out) {
    parallel_for(n / 4, YardstickMix{(const float4*)in, (float4*)out});
}

struct YardstickNothing {
    float* out;
    JNERF_FN void operator()(int64_t) const { out[0] = 0; }
};
inline void yardstick_nothing(float* out) { parallel_for(1, YardstickNothing{out}); }

// The eight corners of sample i % n on level i / n.
template <class Visit> struct YardstickVisit {
    YardstickGrid grid;
    Visit visit;
    JNERF_FN void operator()(int64_t i) const {
        const int l = (int)(i / grid.n);
        const int64_t sample = i % grid.n;
        const int* meta = grid.meta + 4 * l;
        const YardstickLevel level{grid.scales[l], (uint32_t)meta[1], (uint32_t)meta[2], meta[3] != 0};
        uint32_t cell[3];
        float part[3];
        for (int k = 0; k < 3; k++) {
            const float p = grid.positions[3 * sample + k] * level.scale + 0.5f;
            cell[k] = (uint32_t)(int)p;
            part[k] = p - (float)(int)p;
        }
        float sums[2] = {0, 0};
        for (int c = 0; c < 8; c++) {
            const uint32_t d[3] = {c & 1u, c >> 1 & 1u, (uint32_t)c >> 2};
            float weight = 1;
            for (int k = 0; k < 3; k++) weight *= d[k] ? part[k] : 1 - part[k];
            const int64_t row = meta[0] + (int64_t)yardstick_row(level, cell[0] + d[0], cell[1] + d[1], cell[2] + d[2]);
            visit.corner(i, row, weight, sums);
        }
        visit.done(i, sums);
    }
};

struct YardstickLookup {
    const float2* table;
    float2* features;
    JNERF_FN void corner(int64_t, int64_t row, float weight, float* sums) const {
        sums[0] += weight * table[row].x;
        sums[1] += weight * table[row].y;
    }
    JNERF_FN void done(int64_t i, const float* sums) const { features[i] = {sums[0], sums[1]}; }
};
inline void yardstick_hash_forward(const YardstickGrid& grid, const float* table, float* features) {
    const YardstickLookup lookup{(const float2*)table, (float2*)features};
    parallel_for(grid.n * grid.levels, YardstickVisit<YardstickLookup>{grid, lookup});
}

struct YardstickScatter {
    const float2* grad;
    float* grad_table;
    JNERF_FN void corner(int64_t i, int64_t row, float weight, float*) const {
#ifdef __CUDA_ARCH__
        atomicAdd(grad_table + 2 * row, weight * grad[i].x);
        atomicAdd(grad_table + 2 * row + 1, weight * grad[i].y);
#endif
    }
    JNERF_FN void done(int64_t, const float*) const {}
};
inline void yardstick_hash_backward(const YardstickGrid& grid, const float* grad, float* grad_table) {
    const YardstickScatter scatter{(const float2*)grad, grad_table};
    parallel_for(grid.n * grid.levels, YardstickVisit<YardstickScatter>{grid, scatter});
}

struct YardstickAdam {
    float rate, *p, *m, *v, *g;
    JNERF_FN void operator()(int64_t i) const { yardstick_adam_entry(p[i], m[i], v[i], g[i], rate); }
};
inline void yardstick_adam(int64_t n, float rate, float* p, float* m, float* v, float* g) {
    parallel_for(n, YardstickAdam{rate, p, m, v, g});
}

constexpr int kPeakBlocks = 2048, kPeakThreads = 256, kPeakFmaChains = 8, kPeakTileChains = 4;

__global__ void peak_fp32(int64_t rounds, float* out) {
    float sums[kPeakFmaChains];
    for (int k = 0; k < kPeakFmaChains; k++) sums[k] = threadIdx.x + k;
    for (int64_t i = 0; i < rounds; i++)
        for (int k = 0; k < kPeakFmaChains; k++) sums[k] = fmaf(sums[k], 0.999f, 1e-3f);
    float total = 0;
    for (int k = 0; k < kPeakFmaChains; k++) total += sums[k];
    if (total == -1) out[0] = total;  // never, but the compiler does not know
}

__global__ void peak_tensor_cores(int64_t rounds, float* out) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 700
    using namespace nvcuda;
    wmma::fragment<wmma::matrix_a, 16, 16, 16, half, wmma::row_major> a;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, half, wmma::col_major> b;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> sums[kPeakTileChains];
    wmma::fill_fragment(a, __float2half(1e-3f));
    wmma::fill_fragment(b, __float2half(1e-3f));
    for (int k = 0; k < kPeakTileChains; k++) wmma::fill_fragment(sums[k], 0.f);
    for (int64_t i = 0; i < rounds; i++)
        for (int k = 0; k < kPeakTileChains; k++) wmma::mma_sync(sums[k], a, b, sums[k]);
    for (int k = 0; k < kPeakTileChains; k++)
        if (sums[k].x[0] == -1) out[0] = 1;
#endif
}

// See peak_cpu.h. Pointers are the device's, so what was done is returned, not written.
inline double yardstick_operations(bool low, int64_t rounds) {
    const double warps = kPeakBlocks * (kPeakThreads / 32);
    return low ? warps * kPeakTileChains * 2 * 4096 * rounds : 2.0 * kPeakBlocks * kPeakThreads * kPeakFmaChains * rounds;
}
struct YardstickFound {
    double operations, what;
    double* found;
    JNERF_FN void operator()(int64_t) const { found[0] = operations; found[1] = what; }
};
inline void yardstick_peak(bool low, int64_t rounds, float* out, double* found) {
    if (low) peak_tensor_cores<<<kPeakBlocks, kPeakThreads>>>(rounds, out);
    else peak_fp32<<<kPeakBlocks, kPeakThreads>>>(rounds, out);
    parallel_for(1, YardstickFound{yardstick_operations(low, rounds), low ? 3.0 : 0.0, found});
}

}  // namespace jnerf
