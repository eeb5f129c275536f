// Sixteen rays at once where the machine and the march allow it, else one after the other.
#pragma once
#include "ray_march/kernel.h"
#include "ray_march/lanes.h"

namespace jnerf {

#if defined(__AVX512F__)

// Blocks of rays for each thread: start(ray, n) tells from which lattice point on a ray is walked, and for how many samples.
template <class Start, class Emit, class Done> inline void march_lanes(int64_t n, const RayMarch& march, const Start& start, const Emit& emit, const Done& done) {
    in_team(n > MarchBlock::kRays, [&] {
        MarchBlock block(march);
        #pragma omp for schedule(dynamic, 1)
        for (int64_t first = 0; first < n; first += MarchBlock::kRays) {
            block.clear(first);
            for (int64_t ray = first; ray < std::min(n, first + MarchBlock::kRays); ray++) {
                float from = 0.f;
                const int most = start(ray, from);
                if (most > 0) block.list((int)(ray - first), from, most);
            }
            block.walk([&](__mmask16 lanes, const MarchRays& rays, __m512i runs) { emit(first, lanes, rays, runs); },
                       [&](__mmask16 lanes, const MarchRays& rays) { done(first, lanes, rays); });
        }
    });
}

inline void march_nothing(int64_t, __mmask16, const MarchRays&, __m512i) {}

// Writes the samples of the lanes' runs as RayMarchWrite does.
struct MarchLanesWrite {
    const RayMarchWrite& to;
    void operator()(int64_t first, __mmask16 lanes, const MarchRays& rays, __m512i runs) const {
        alignas(64) int ray[MARCH_LANES], count[MARCH_LANES], run[MARCH_LANES];
        alignas(64) float n[MARCH_LANES], t_first[MARCH_LANES];
        _mm512_store_si512(ray, rays.ray), _mm512_store_si512(count, rays.count), _mm512_store_si512(run, runs);
        _mm512_store_ps(n, rays.n), _mm512_store_ps(t_first, rays.t_first);
        for_lanes(lanes, [&](int k) {
            const int64_t at = first + ray[k], row = to.packed_info[2 * at] + count[k];
            for (int i = 0; i < run[k]; i += MARCH_LANES) write(at, row + i, std::min(run[k] - i, MARCH_LANES), n[k] + i, t_first[k]);
        });
    }

private:
    void write(int64_t ray, int64_t row, int samples, float n, float t_first) const {
        const __mmask16 have = (1u << samples) - 1;
        const __m512 iota = _mm512_set_ps(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        const __m512 dt = _mm512_set1_ps(to.march.steps.min_step), half = _mm512_set1_ps(0.5f);
        const __m512 t = _mm512_fmadd_ps(_mm512_add_ps(_mm512_set1_ps(n), iota), dt, _mm512_set1_ps(t_first));
        const __m512 start = _mm512_fnmadd_ps(half, dt, t), end = _mm512_fmadd_ps(half, dt, t);
        _mm512_mask_storeu_ps(to.t_starts + row, have, start);
        _mm512_mask_storeu_ps(to.t_ends + row, have, end);
        _mm512_mask_storeu_epi32(to.ray_indices + row, have, _mm512_set1_epi32((int)ray));
        if (to.positions) write_positions(ray, row, samples, _mm512_mul_ps(half, _mm512_add_ps(start, end)));
    }

    // [samples, 3]: lane j of vector p is axis (16 p + j) % 3 of sample (16 p + j) / 3.
    void write_positions(int64_t ray, int64_t row, int samples, __m512 middle) const {
        const __m512i lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        const float *o = to.march.rays_o + 3 * ray, *d = to.march.rays_d + 3 * ray;
        for (int begin = 0; begin < 3 * samples; begin += MARCH_LANES) {
            const __m512i at = _mm512_add_epi32(lane, _mm512_set1_epi32(begin));
            const __m512i sample = _mm512_srli_epi32(_mm512_mullo_epi32(at, _mm512_set1_epi32(171)), 9);  // at / 3 below 256
            const __m512i axis = _mm512_sub_epi32(at, _mm512_mullo_epi32(sample, _mm512_set1_epi32(3)));
            const __m512 from = _mm512_permutexvar_ps(axis, _mm512_maskz_loadu_ps(7, o)), along = _mm512_permutexvar_ps(axis, _mm512_maskz_loadu_ps(7, d));
            const int left = 3 * samples - begin;
            const __mmask16 have = left >= MARCH_LANES ? 0xffff : (1u << left) - 1;
            _mm512_mask_storeu_ps(to.positions + 3 * row + begin, have, _mm512_fmadd_ps(_mm512_permutexvar_ps(sample, middle), along, from));
        }
    }
};

#endif

inline void ray_march_count(int64_t n, const RayMarchCount& kernel, int64_t capacity, int* totals) {
#if defined(__AVX512F__)
    if (march_in_lanes(kernel.march)) {
        const auto start = [&](int64_t ray, float&) {
            kernel.first[ray] = 0.f, kernel.packed_info[2 * ray + 1] = 0;
            return kernel.march.max_steps;
        };
        march_lanes(n, kernel.march, start, march_nothing, [&](int64_t first, __mmask16 lanes, const MarchRays& rays) {
            alignas(64) int ray[MARCH_LANES], count[MARCH_LANES];
            alignas(64) float found[MARCH_LANES];
            _mm512_store_si512(ray, rays.ray), _mm512_store_si512(count, rays.count), _mm512_store_ps(found, rays.found);
            for_lanes(lanes, [&](int k) { kernel.packed_info[2 * (first + ray[k]) + 1] = count[k], kernel.first[first + ray[k]] = found[k]; });
        });
    } else
#endif
        parallel_for(n, kernel);
    pack_counts(n, capacity, kernel.packed_info, totals);
}

inline void ray_march_write(int64_t n, const RayMarchWrite& kernel) {
#if defined(__AVX512F__)
    if (march_in_lanes(kernel.march)) {
        const auto start = [&](int64_t ray, float& from) { return from = kernel.first[ray], kernel.packed_info[2 * ray + 1]; };
        march_lanes(n, kernel.march, start, MarchLanesWrite{kernel}, [](int64_t, __mmask16, const MarchRays&) {});
        return;
    }
#endif
    parallel_for(n, kernel);
}

}  // namespace jnerf
