// Tri-planes on the CPU. Samples are taken by blocks: cells and weights first, then the features in vectors.
// The gradient to the planes has owners and no atomics: a thread has some rows of some planes to itself and adds to
// them in the order of the samples, so that sums have the same bits for any number of threads.
#pragma once
#include <cstring>
#include <vector>
#include "common/jnerf_stream.h"
#include "plane_interp/kernel.h"

namespace jnerf {

constexpr int PLANE_BLOCK = 128;
constexpr int PLANE_AHEAD = 6;  // samples between fetching a cell and reading it

template <int W> struct PlaneVector { typedef float type __attribute__((vector_size(W * 4))); };
template <> struct PlaneVector<1> { typedef float type; };

template <int W> inline __attribute__((always_inline)) typename PlaneVector<W>::type plane_load(const float* p) {
    typename PlaneVector<W>::type v;
    memcpy(&v, p, sizeof v);
    return v;
}
template <int W> inline __attribute__((always_inline)) void plane_store(float* p, typename PlaneVector<W>::type v) { memcpy(p, &v, sizeof v); }

// The cells of up to PLANE_BLOCK samples on the three planes of a scale.
struct PlaneBlock {
    int64_t row[3][PLANE_BLOCK];         // the lowest vertex, in floats
    float w[3][4][PLANE_BLOCK];
    int lower[3][PLANE_BLOCK];           // its row of vertices, along the second axis
    float t[3][PLANE_BLOCK];
    int cell[3][PLANE_BLOCK];

    void place(const PlaneGrid& grid, int scale, int64_t first, int count, int from = 0, int to = 3) {
        const int g = grid.resolution[scale];
        for (int d = 0; d < 3; d++)
            for (int k = 0; k < count; k++) {
                const PlaneAxis axis(grid.positions[3 * (first + k) + d], g);
                t[d][k] = axis.t, cell[d][k] = axis.cell;
            }
        for (int p = from; p < to; p++) {
            const int a = plane_first_axis(p), b = plane_second_axis(p);
            const int64_t start = grid.first_row(scale) + (int64_t)p * g * g;
            for (int k = 0; k < count; k++) {
                const float ta = t[a][k], tb = t[b][k];
                lower[p][k] = cell[b][k];
                row[p][k] = (start + (int64_t)cell[b][k] * g + cell[a][k]) * grid.n_features;
                w[p][0][k] = (1 - ta) * (1 - tb), w[p][1][k] = ta * (1 - tb), w[p][2][k] = (1 - ta) * tb, w[p][3][k] = ta * tb;
            }
        }
    }
    // Brings the cell of sample k towards the core.
    inline __attribute__((always_inline)) void fetch(const float* table, int p, int k, int64_t F, int64_t up) const {
        const float* rows = table + row[p][k];
        for (int64_t f = 0; f < 2 * F; f += 16) __builtin_prefetch(rows + f), __builtin_prefetch(rows + up + f);
    }
    template <int W> inline __attribute__((always_inline)) typename PlaneVector<W>::type look(const float* table, int p, int k, int64_t F, int64_t up, int f) const {
        const float* r = table + row[p][k] + f;
        return (plane_load<W>(r) * w[p][0][k] + plane_load<W>(r + F) * w[p][1][k]) + (plane_load<W>(r + up) * w[p][2][k] + plane_load<W>(r + up + F) * w[p][3][k]);
    }
};

// A plane up to so many bytes stays in the second cache and need not be fetched.
inline bool plane_fetched(const PlaneGrid& grid, int scale) {
    return (int64_t)grid.resolution[scale] * grid.resolution[scale] * grid.n_features * (int64_t)sizeof(float) > 1 << 18;
}

// STREAM: past the caches.
template <int W, bool STREAM> inline __attribute__((always_inline)) void plane_put(float* to, typename PlaneVector<W>::type v, bool add) {
    if (add) v += plane_load<W>(to);
    if constexpr (STREAM) {
        alignas(STREAM_LINE) float batch[W];
        plane_store<W>(batch, v);
        stream_quads(to, batch, W);
    } else plane_store<W>(to, v);
}

template <int W, bool STREAM> inline void plane_block_forward(const PlaneGrid& grid, int scale, int64_t first, int count, bool add, float* features) {
    const int64_t F = grid.n_features, up = grid.resolution[scale] * F;
    const bool far = plane_fetched(grid, scale);
    PlaneBlock block;
    block.place(grid, scale, first, count);
    for (int k = 0; k < count; k++) {
        if (far && k + PLANE_AHEAD < count)
            for (int p = 0; p < 3; p++) block.fetch(grid.table, p, k + PLANE_AHEAD, F, up);
        float* out = features + grid.feature(scale, first + k);
        for (int f = 0; f < F; f += W) {
            const auto xy = block.look<W>(grid.table, 0, k, F, up, f), xz = block.look<W>(grid.table, 1, k, F, up, f), yz = block.look<W>(grid.table, 2, k, F, up, f);
            if (grid.combine == PLANE_CONCAT) {
                plane_put<W, STREAM>(out + f, xy, add);
                plane_put<W, STREAM>(out + F + f, xz, add);
                plane_put<W, STREAM>(out + 2 * F + f, yz, add);
            } else if (grid.combine == PLANE_PRODUCT) plane_put<W, STREAM>(out + f, xy * xz * yz, add);
            else plane_put<W, STREAM>(out + f, (xy + xz + yz) * (grid.combine == PLANE_MEAN ? 1.0f / 3 : 1.0f), add);
        }
    }
}

template <int W, bool STREAM> inline void plane_blocks_forward(const PlaneGrid& grid, float* features) {
    const int64_t n = grid.n_samples, n_blocks = (n + PLANE_BLOCK - 1) / PLANE_BLOCK;
    const int passes = grid.summed ? 1 : grid.n_scales, scales = grid.summed ? grid.n_scales : 1;
    in_team(n_blocks > 1, [&] {
        #pragma omp for schedule(dynamic, 8)
        for (int64_t job = 0; job < passes * n_blocks; job++) {
            const int64_t first = job % n_blocks * PLANE_BLOCK;
            const int count = (int)std::min<int64_t>(PLANE_BLOCK, n - first);
            for (int s = 0; s < scales; s++) plane_block_forward<W, STREAM>(grid, (int)(job / n_blocks) + s, first, count, s > 0, features);
        }
        if (STREAM) stream_done();
    });
}

template <int W> inline void plane_interp_forward(PlaneGrid grid, float* features) {
    const bool large = grid.feature(grid.n_scales, 0) * (int64_t)sizeof(float) >= STREAM_BYTES && !grid.summed;
    if (W % 4 == 0 && large && (uintptr_t)features % 16 == 0) plane_blocks_forward<W, W % 4 == 0>(grid, features);
    else plane_blocks_forward<W, false>(grid, features);
}

// What the scatter reads: the gradient by what plane p says of sample first + k, F floats.
struct PlaneFactors {
    const float* start;
    int64_t of_sample, of_plane;
    float share;  // all of it, or a third
    const float* at(int plane, int64_t k) const { return start + k * of_sample + plane * of_plane; }
};

// A product's factors: the gradient by what each plane says, [samples, 3, F].
template <int W> inline void plane_block_factors(const PlaneGrid& grid, int scale, int64_t first, int count, const float* grad, float* factors) {
    const int64_t F = grid.n_features, up = grid.resolution[scale] * F;
    const bool far = plane_fetched(grid, scale);
    PlaneBlock block;
    block.place(grid, scale, first, count);
    for (int k = 0; k < count; k++) {
        if (far && k + PLANE_AHEAD < count)
            for (int p = 0; p < 3; p++) block.fetch(grid.table, p, k + PLANE_AHEAD, F, up);
        const float* g = grad + grid.feature(scale, first + k);
        for (int f = 0; f < F; f += W) {
            const auto xy = block.look<W>(grid.table, 0, k, F, up, f), xz = block.look<W>(grid.table, 1, k, F, up, f), yz = block.look<W>(grid.table, 2, k, F, up, f);
            const auto by = plane_load<W>(g + f);
            float* out = factors + k * 3 * F + f;
            plane_store<W>(out, by * xz * yz);
            plane_store<W>(out + F, by * xy * yz);
            plane_store<W>(out + 2 * F, by * xy * xz);
        }
    }
}

// Rows [low, high) of vertices of a plane take what samples [first, first + count) give them. Samples of one cell that
// follow one another, as those of a ray do, are added up before they reach memory.
template <int W> inline void plane_scatter(const PlaneGrid& grid, int scale, int plane, int low, int high, int64_t first, int64_t count, const PlaneFactors& factors, float* grad_table) {
    typedef typename PlaneVector<W>::type Vector;
    const int64_t F = grid.n_features, up = grid.resolution[scale] * F;
    const bool far = plane_fetched(grid, scale);
    PlaneBlock block;
    for (int64_t begin = 0; begin < count; begin += PLANE_BLOCK) {
        const int n = (int)std::min<int64_t>(PLANE_BLOCK, count - begin);
        block.place(grid, scale, first + begin, n, plane, plane + 1);
        const int64_t* row = block.row[plane];
        for (int k = 0, next; k < n; k = next) {
            for (next = k + 1; next < n && row[next] == row[k];) next++;
            if (far && next + PLANE_AHEAD < n) block.fetch(grad_table, plane, next + PLANE_AHEAD, F, up);
            const int lower = block.lower[plane][k];
            const bool below = lower >= low && lower < high, above = lower + 1 >= low && lower + 1 < high;
            if (!below && !above) continue;
            for (int64_t f = 0; f < F; f += W) {
                Vector sums[4] = {};
                for (int i = k; i < next; i++) {
                    const Vector v = plane_load<W>(factors.at(plane, begin + i) + f) * factors.share;
                    for (int c = 0; c < 4; c++) sums[c] += v * block.w[plane][c][i];
                }
                float* to = grad_table + row[k] + f;
                if (below) plane_store<W>(to, plane_load<W>(to) + sums[0]), plane_store<W>(to + F, plane_load<W>(to + F) + sums[1]);
                to += up;
                if (above) plane_store<W>(to, plane_load<W>(to) + sums[2]), plane_store<W>(to + F, plane_load<W>(to + F) + sums[3]);
            }
        }
    }
}

// A chunk's factors stay in the cache between the two halves of the work.
inline int64_t plane_chunk(const PlaneGrid& grid) {
    if (grid.combine != PLANE_PRODUCT) return std::max<int64_t>(grid.n_samples, 1);
    return std::max<int64_t>((1 << 18) / (3 * grid.n_features * PLANE_BLOCK), 1) * PLANE_BLOCK;
}

template <int W> inline void plane_interp_backward_table(PlaneGrid grid, const float* grad_features, float* grad_table) {
    const int64_t F = grid.n_features, n = grid.n_samples, chunk = plane_chunk(grid);
    const bool product = grid.combine == PLANE_PRODUCT;
    std::vector<float> scratch(product ? chunk * 3 * F : 0);
    in_team(true, [&] {
        const int64_t thread = omp_get_thread_num(), threads = omp_get_num_threads();
        for (int scale = 0; scale < grid.n_scales; scale++) {
            const int64_t g = grid.resolution[scale], row = grid.first_row(scale);
            const int64_t low = 3 * g * thread / threads, high = 3 * g * (thread + 1) / threads;  // of the rows of three planes
            std::fill_n(grad_table + (row + low * g) * F, (high - low) * g * F, 0.0f);
            for (int64_t first = 0; first < n; first += chunk) {
                const int64_t count = std::min(chunk, n - first);
                if (product) {
                    #pragma omp for schedule(static)
                    for (int64_t k = 0; k < count; k += PLANE_BLOCK)
                        plane_block_factors<W>(grid, scale, first + k, (int)std::min<int64_t>(PLANE_BLOCK, count - k), grad_features, scratch.data() + k * 3 * F);
                }
                PlaneFactors factors{scratch.data(), 3 * F, F, 1.0f};
                if (!product) factors = {grad_features + grid.feature(scale, first), grid.width(), grid.combine == PLANE_CONCAT ? F : 0, grid.combine == PLANE_MEAN ? 1.0f / 3 : 1.0f};
                for (int p = 0; p < 3; p++) {
                    const int begin = (int)std::max<int64_t>(low - p * g, 0), end = (int)std::min<int64_t>(high - p * g, g);
                    if (begin < end) plane_scatter<W>(grid, scale, p, begin, end, first, count, factors, grad_table);
                }
                if (product) {
                    #pragma omp barrier
                }
            }
        }
    });
}

template <int W> inline void plane_interp_backward_positions(PlaneGrid grid, const float* grad_features, float* grad_positions) {
    parallel_for(grid.n_samples, PlaneInterpBackwardPositions<W>{grid, grad_features, grad_positions});
}

}  // namespace jnerf

#include "plane_interp/turned_cpu.h"
