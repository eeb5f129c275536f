// Yardsticks on the CPU. Blocks of 64 samples, so that the compiler can vectorise each loop; no intrinsics but in the
// peak of arithmetic, where the instruction itself is what is measured.
#pragma once
#include "../benchmark/yardstick/kernel.h"
#include "../benchmark/yardstick/peak_cpu.h"

namespace jnerf {

inline void yardstick_copy(int64_t n, const float* in, float* out) {
    #pragma omp parallel
    {
        const int64_t threads = omp_get_num_threads(), id = omp_get_thread_num();
        const int64_t first = n * id / threads, end = n * (id + 1) / threads;
        std::memcpy(out + first, in + first, (end - first) * sizeof(float));
    }
}

inline void yardstick_mix(int64_t n, const float* in, float* out) {
    #pragma omp parallel for simd schedule(static)
    for (int64_t i = 0; i < n; i++) out[i] = 0.5f * (out[i] + in[i]);
}

inline void yardstick_nothing(float* out) { out[0] = 0; }

constexpr int kYardstickBlock = 64;

// Corners of a block of samples on one level: their rows and weights, [8][block].
struct YardstickCorners {
    alignas(64) uint32_t rows[8][kYardstickBlock];
    alignas(64) float weights[8][kYardstickBlock];

    void find(const YardstickLevel level, const float* positions, int count) {
        alignas(64) uint32_t cell[3][kYardstickBlock];
        alignas(64) float part[3][kYardstickBlock];
        for (int k = 0; k < 3; k++) {
            #pragma omp simd
            for (int i = 0; i < count; i++) {
                const float p = positions[3 * i + k] * level.scale + 0.5f;
                cell[k][i] = (uint32_t)(int)p;
                part[k][i] = p - (float)(int)p;
            }
        }
        for (int c = 0; c < 8; c++) {
            const uint32_t dx = c & 1, dy = c >> 1 & 1, dz = c >> 2;
            if (level.dense) {
                YardstickLevel dense = level;
                dense.dense = true;  // known to the compiler: the loop has no branch
                #pragma omp simd
                for (int i = 0; i < count; i++) rows[c][i] = yardstick_row(dense, cell[0][i] + dx, cell[1][i] + dy, cell[2][i] + dz);
            } else {
                YardstickLevel hashed = level;
                hashed.dense = false;
                #pragma omp simd
                for (int i = 0; i < count; i++) rows[c][i] = yardstick_row(hashed, cell[0][i] + dx, cell[1][i] + dy, cell[2][i] + dz);
            }
            #pragma omp simd
            for (int i = 0; i < count; i++) {
                const float x = dx ? part[0][i] : 1 - part[0][i], y = dy ? part[1][i] : 1 - part[1][i];
                weights[c][i] = x * y * (dz ? part[2][i] : 1 - part[2][i]);
            }
        }
    }
};

inline YardstickLevel yardstick_level(const YardstickGrid& grid, int l) {
    const int* meta = grid.meta + 4 * l;
    return {grid.scales[l], (uint32_t)meta[1], (uint32_t)meta[2], meta[3] != 0};
}

// features [levels, n, 2] of a table [rows, 2].
inline void yardstick_hash_forward(const YardstickGrid& grid, const float* table, float* features) {
    const int64_t chunk = 1 << 13, chunks = (grid.n + chunk - 1) / chunk;
    #pragma omp parallel
    {
        FlushSubnormals flush;
        YardstickCorners corners;
        #pragma omp for schedule(dynamic, 1)
        for (int64_t job = 0; job < grid.levels * chunks; job++) {
            const int l = (int)(job / chunks);
            const YardstickLevel level = yardstick_level(grid, l);
            const uint64_t* rows = (const uint64_t*)table + grid.meta[4 * l];
            const int64_t end = std::min(grid.n, (job % chunks + 1) * chunk);
            for (int64_t start = job % chunks * chunk; start < end; start += kYardstickBlock) {
                const int count = (int)std::min<int64_t>(kYardstickBlock, end - start);
                corners.find(level, grid.positions + 3 * start, count);
                alignas(64) float sums[2][kYardstickBlock] = {};
                for (int c = 0; c < 8; c++) {
                    #pragma omp simd
                    for (int i = 0; i < count; i++) {
                        const uint64_t pair = rows[corners.rows[c][i]];
                        const uint32_t low = (uint32_t)pair, high = (uint32_t)(pair >> 32);
                        float first, second;
                        std::memcpy(&first, &low, 4);
                        std::memcpy(&second, &high, 4);
                        sums[0][i] += corners.weights[c][i] * first;
                        sums[1][i] += corners.weights[c][i] * second;
                    }
                }
                float* out = features + 2 * (l * grid.n + start);
                for (int i = 0; i < count; i++) { out[2 * i] = sums[0][i]; out[2 * i + 1] = sums[1][i]; }
            }
        }
    }
}

// Adds to grad_table [rows, 2]; a thread owns a level, so there are no atomics.
typedef float Pair __attribute__((vector_size(8)));
inline void yardstick_hash_backward(const YardstickGrid& grid, const float* grad, float* grad_table) {
    #pragma omp parallel
    {
        FlushSubnormals flush;
        YardstickCorners corners;
        #pragma omp for schedule(dynamic, 1)
        for (int reversed = 0; reversed < grid.levels; reversed++) {
            const int l = grid.levels - 1 - reversed;  // the slow, fine levels first
            const YardstickLevel level = yardstick_level(grid, l);
            Pair* rows = (Pair*)grad_table + grid.meta[4 * l];
            for (int64_t start = 0; start < grid.n; start += kYardstickBlock) {
                const int count = (int)std::min<int64_t>(kYardstickBlock, grid.n - start);
                corners.find(level, grid.positions + 3 * start, count);
                const Pair* g = (const Pair*)grad + l * grid.n + start;
                for (int c = 0; c < 8; c++)
                    for (int i = 0; i < count; i++) rows[corners.rows[c][i]] += corners.weights[c][i] * g[i];
            }
        }
    }
}

inline void yardstick_adam(int64_t n, float rate, float* p, float* m, float* v, float* g) {
    #pragma omp parallel
    {
        FlushSubnormals flush;
        #pragma omp for simd schedule(static)
        for (int64_t i = 0; i < n; i++) yardstick_adam_entry(p[i], m[i], v[i], g[i], rate);
    }
}

}  // namespace jnerf
