// Sixteen rays walked at once, where all steps have one length: RayWalk in lanes, with the same bits. A walk is a chain
// of look-ups that wait for one another; here sixteen of them wait together. A ray that ends makes room for the next.
#pragma once
#if defined(__AVX512F__)
#include <immintrin.h>
#include "ray_march/kernel.h"

namespace jnerf {

constexpr int MARCH_LANES = 16;

// Whether a march can be walked in lanes. Bytes of blocks are read by the four; numbers of bricks are 32 bits.
inline bool march_in_lanes(const RayMarch& march) {
    const int64_t bricks = march.res >> 2;
    return !(march.steps.cone > 0.f) && march.res >= 16 && march.levels * bricks * bricks * bricks < (1 << 30);
}

JNERF_FN __m512 lesser(__m512 a, __m512 b) { return _mm512_min_ps(b, a); }
JNERF_FN __m512 larger(__m512 a, __m512 b) { return _mm512_max_ps(b, a); }

JNERF_FN __m512i pcg_hash(__m512i v) {
    const __m512i state = _mm512_add_epi32(_mm512_mullo_epi32(v, _mm512_set1_epi32(747796405)), _mm512_set1_epi32((int)2891336453u));
    const __m512i shift = _mm512_add_epi32(_mm512_srli_epi32(state, 28), _mm512_set1_epi32(4));
    const __m512i word = _mm512_mullo_epi32(_mm512_xor_si512(_mm512_srlv_epi32(state, shift), state), _mm512_set1_epi32(277803737));
    return _mm512_xor_si512(_mm512_srli_epi32(word, 22), word);
}

// Rays that wait for a lane, or one vector of those that have one.
struct MarchRays {
    __m512 o[3], d[3], inv_d[3], t_first, t_out, n, found;  // found: lattice number of the first sample
    __m512i ray, count, most;                               // ray: within the block
};

constexpr int MARCH_FIELDS = sizeof(MarchRays) / sizeof(__m512);

// A block of rays. `list` takes those that have something to walk; `walk` calls
//   emit(lanes, rays, n, runs): the lanes' rays have `runs` samples from lattice point n on
//   done(lanes, rays): their walks have ended, with count, n and found.
class MarchBlock {
public:
    static constexpr int kRays = 512;

    explicit MarchBlock(const RayMarch& march) : march_(march) {}

    void clear(int64_t first) { first_ = first, size_ = 0; }
    void list(int ray, float n, int most) { ray_[size_] = ray, n_[size_] = n, most_[size_++] = most; }

    template <class Emit, class Done> void walk(const Emit& emit, const Done& done) {
        begin(done);
        MarchRays lanes;
        for (int f = 0; f < MARCH_FIELDS; f++) field(lanes, f) = _mm512_setzero_ps();
        __mmask16 active = 0;
        for (int next = 0;;) {
            const int fits = std::min(waiting_ - next, MARCH_LANES - __builtin_popcount(active));
            if (fits > 0 && (active == 0 || fits >= kWorthwhile)) {
                const __mmask16 free = _pdep_u32((1u << fits) - 1, (uint16_t)~active);
                for (int f = 0; f < MARCH_FIELDS; f++) field(lanes, f) = _mm512_mask_expand_ps(field(lanes, f), free, _mm512_loadu_ps(queue_[f] + next));
                active |= free, next += fits;
            }
            if (active == 0) return;
            const __mmask16 on = step(lanes, active, emit);
            if (on != active) done((__mmask16)(active & ~on), lanes);
            active = on;
        }
    }

private:
    static constexpr int kWorthwhile = 3;  // fewer free lanes wait for others
    const RayMarch& march_;
    int64_t first_ = 0;
    int size_ = 0, waiting_ = 0;
    alignas(64) int ray_[kRays + MARCH_LANES], most_[kRays + MARCH_LANES];
    alignas(64) float n_[kRays + MARCH_LANES];
    alignas(64) float queue_[MARCH_FIELDS][kRays + MARCH_LANES];

    static __m512& field(MarchRays& rays, int f) { return ((__m512*)&rays)[f]; }

    // What a walk begins with, of all that are listed; those that miss the box have ended already.
    template <class Done> void begin(const Done& done) {
        waiting_ = 0;
        for (int i = 0; i < size_; i += MARCH_LANES) {
            const __mmask16 have = size_ - i >= MARCH_LANES ? 0xffff : (1u << (size_ - i)) - 1;
            MarchRays rays;
            rays.ray = _mm512_maskz_loadu_epi32(have, ray_ + i);
            rays.most = _mm512_maskz_loadu_epi32(have, most_ + i);
            rays.n = rays.found = _mm512_maskz_loadu_ps(have, n_ + i);
            rays.count = _mm512_setzero_si512();
            const __mmask16 inside = enter(have, rays);
            if (inside != have) done((__mmask16)(have & ~inside), rays);
            for (int f = 0; f < MARCH_FIELDS; f++) _mm512_storeu_ps(queue_[f] + waiting_, _mm512_maskz_compress_ps(inside, field(rays, f)));
            waiting_ += __builtin_popcount(inside);
        }
    }

    // RayWalk::begin. Returns the lanes whose rays meet the box.
    __mmask16 enter(__mmask16 have, MarchRays& rays) const {
        const __m512i at = _mm512_mullo_epi32(rays.ray, _mm512_set1_epi32(3));
        const __m512 zero = _mm512_setzero_ps();
        __m512 t_in = _mm512_set1_ps(march_.near);
        rays.t_out = _mm512_set1_ps(march_.far);
        #pragma GCC unroll 3
        for (int k = 0; k < 3; k++) {
            const __m512 o = rays.o[k] = _mm512_mask_i32gather_ps(zero, have, at, march_.rays_o + 3 * first_ + k, 4);
            const __m512 d = rays.d[k] = _mm512_mask_i32gather_ps(zero, have, at, march_.rays_d + 3 * first_ + k, 4);
            const __m512 lo = _mm512_set1_ps(march_.box.lo[k]), hi = _mm512_set1_ps(march_.box.hi[k]);
            const __mmask16 along = _mm512_cmp_ps_mask(d, zero, _CMP_EQ_OQ);
            const __mmask16 outside = _mm512_cmp_ps_mask(o, lo, _CMP_LT_OQ) | _mm512_cmp_ps_mask(o, hi, _CMP_GT_OQ);
            have &= (__mmask16) ~(along & outside);
            const __m512 a = _mm512_div_ps(_mm512_sub_ps(lo, o), d), b = _mm512_div_ps(_mm512_sub_ps(hi, o), d);
            t_in = _mm512_mask_mov_ps(larger(t_in, lesser(a, b)), along, t_in);
            rays.t_out = _mm512_mask_mov_ps(lesser(rays.t_out, larger(a, b)), along, rays.t_out);
            rays.inv_d[k] = _mm512_mask_mov_ps(_mm512_div_ps(_mm512_set1_ps(1.f), _mm512_abs_ps(d)), along, _mm512_set1_ps(1e30f));
        }
        const Steps& steps = march_.steps;
        const __m512 dt = lesser(larger(_mm512_mul_ps(t_in, _mm512_set1_ps(steps.cone)), _mm512_set1_ps(steps.min_step)), _mm512_set1_ps(steps.max_step));
        rays.t_first = _mm512_fmadd_ps(dt, jitter(rays.ray), t_in);
        return have & _mm512_cmp_ps_mask(t_in, rays.t_out, _CMP_LT_OQ);
    }

    __m512 jitter(__m512i ray) const {
        if (!march_.jitter) return _mm512_set1_ps(0.5f);
        const __m512i key = _mm512_set1_epi32((int)(pcg_hash(pcg_hash(march_.seed) + march_.step) + (uint32_t)first_));
        const __m512i hash = pcg_hash(pcg_hash(_mm512_add_epi32(key, ray)));
        return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_srli_epi32(hash, 8)), _mm512_set1_ps(5.9604644775390625e-8f));
    }

    // RayWalk::step. Returns the lanes whose walks go on.
    template <class Emit> JNERF_FN __mmask16 step(MarchRays& rays, __mmask16 active, const Emit& emit) const {
        const __m512 dt = _mm512_set1_ps(march_.steps.min_step), t = _mm512_fmadd_ps(rays.n, dt, rays.t_first);
        __mmask16 on = _mm512_mask_cmplt_epi32_mask(active, rays.count, rays.most);
        on = _mm512_mask_cmp_ps_mask(on, rays.n, _mm512_set1_ps(16777216.f), _CMP_LT_OQ);
        on = _mm512_mask_cmp_ps_mask(on, t, rays.t_out, _CMP_LT_OQ);
        __m512 reach;
        const __mmask16 occupied = look_up(rays, on, t, reach);
        const __m512 steps = _mm512_div_ps(lesser(reach, _mm512_sub_ps(rays.t_out, t)), dt);
        __m512 run = _mm512_roundscale_ps(_mm512_sub_ps(steps, _mm512_set1_ps(0.01f)), _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
        run = larger(_mm512_set1_ps(1.f), lesser(run, _mm512_sub_ps(_mm512_set1_ps(1e30f), rays.n)));
        if (occupied) {
            run = _mm512_mask_mov_ps(run, occupied, lesser(run, _mm512_cvtepi32_ps(_mm512_sub_epi32(rays.most, rays.count))));
            const __m512i samples = _mm512_cvttps_epi32(run);
            rays.found = _mm512_mask_mov_ps(rays.found, _mm512_mask_cmpeq_epi32_mask(occupied, rays.count, _mm512_setzero_si512()), rays.n);
            emit(occupied, rays, samples);
            rays.count = _mm512_mask_add_epi32(rays.count, occupied, rays.count, samples);
        }
        rays.n = _mm512_mask_add_ps(rays.n, on, rays.n, run);
        return on;
    }

    // RayMarch::look_up for the lanes `on`. Returns those whose cell is occupied.
    JNERF_FN __mmask16 look_up(const MarchRays& rays, __mmask16 on, __m512 t, __m512& reach) const {
        const int res = march_.res;
        const __m512 half = _mm512_set1_ps(0.5f);
        const __m512i zero = _mm512_setzero_si512(), most = _mm512_set1_epi32(res - 1);
        __m512 p[3], q[3];
        __m512i c[3], blocks[3], bricks[3];
        #pragma GCC unroll 3
        for (int k = 0; k < 3; k++) p[k] = _mm512_sub_ps(_mm512_fmadd_ps(t, rays.d[k], rays.o[k]), half);
        const __m512i level = march_.levels == 1 ? zero : level_of(p);
        const __m512i exponent = _mm512_slli_epi32(level, 23), one = _mm512_set1_epi32(127 << 23);
        const __m512 scale = _mm512_mul_ps(_mm512_set1_ps((float)res), _mm512_castsi512_ps(_mm512_sub_epi32(one, exponent)));
        #pragma GCC unroll 3
        for (int k = 0; k < 3; k++) {
            q[k] = _mm512_fmadd_ps(p[k], scale, _mm512_set1_ps(0.5f * res));
            const __m512i cell = _mm512_cvttps_epi32(_mm512_roundscale_ps(q[k], _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC));
            c[k] = _mm512_min_epi32(_mm512_max_epi32(cell, zero), most);
            blocks[k] = _mm512_srli_epi32(c[k], 3), bricks[k] = _mm512_srli_epi32(c[k], 2);
        }
        const __m512i block = number(level, blocks, res >> 3);
        const __m512i four = _mm512_mask_i32gather_epi32(zero, on, _mm512_srli_epi32(block, 2), (const int*)march_.blocks, 4);
        const __m512i shift = _mm512_slli_epi32(_mm512_and_si512(block, _mm512_set1_epi32(3)), 3);
        const __m512i distance = _mm512_and_si512(_mm512_srlv_epi32(four, shift), _mm512_set1_epi32(255));
        __m512i around = _mm512_sub_epi32(_mm512_slli_epi32(distance, 3), _mm512_set1_epi32(8)), size = _mm512_set1_epi32(8);
        const __mmask16 near = _mm512_mask_cmpeq_epi32_mask(on, distance, zero);
        __mmask16 occupied = 0;
        if (near) {
            __mmask16 same;
            occupied = bits_of(near, number(level, bricks, res >> 2), c, same);
            size = _mm512_mask_mov_epi32(size, near, _mm512_set1_epi32(1));
            size = _mm512_mask_mov_epi32(size, near & same, _mm512_set1_epi32(4));
            around = _mm512_mask_mov_epi32(around, near, zero);
        }
        const __m512i down = _mm512_sub_epi32(zero, size);
        __m512 gap = _mm512_set1_ps(1e30f);
        #pragma GCC unroll 3
        for (int k = 0; k < 3; k++) {
            const __mmask16 up = _mm512_cmp_ps_mask(rays.d[k], _mm512_setzero_ps(), _CMP_GT_OQ);
            const __m512i low = _mm512_and_si512(c[k], down);
            const __m512i above = _mm512_min_epi32(_mm512_add_epi32(_mm512_add_epi32(low, size), around), _mm512_set1_epi32(res));
            const __m512i below = _mm512_max_epi32(_mm512_sub_epi32(low, around), zero);
            const __m512 face = _mm512_cvtepi32_ps(_mm512_mask_mov_epi32(below, up, above));
            const __m512 to_face = _mm512_mask_sub_ps(_mm512_sub_ps(q[k], face), up, face, q[k]);
            const __m512 inside = larger(_mm512_setzero_ps(), _mm512_sub_ps(to_face, _mm512_set1_ps(1e-4f)));
            gap = lesser(gap, _mm512_mul_ps(inside, rays.inv_d[k]));
        }
        reach = _mm512_mul_ps(gap, _mm512_div_ps(_mm512_castsi512_ps(_mm512_add_epi32(one, exponent)), _mm512_set1_ps((float)res)));
        return occupied;
    }

    // grid_level; p: less 0.5.
    __m512i level_of(const __m512* p) const {
        const __m512 far = larger(larger(_mm512_abs_ps(p[0]), _mm512_abs_ps(p[1])), _mm512_abs_ps(p[2]));
        const __m512i by_place = _mm512_sub_epi32(_mm512_and_si512(_mm512_srli_epi32(_mm512_castps_si512(far), 23), _mm512_set1_epi32(255)), _mm512_set1_epi32(125));
        const int by_step = std::max(exponent(2.f * march_.res * march_.steps.min_step), 0);
        return _mm512_min_epi32(_mm512_max_epi32(by_place, _mm512_set1_epi32(by_step)), _mm512_set1_epi32(march_.levels - 1));
    }

    static __m512i number(__m512i level, const __m512i* c, int side) {
        const __m512i n = _mm512_set1_epi32(side);
        const __m512i z = _mm512_add_epi32(_mm512_mullo_epi32(level, n), c[2]);
        return _mm512_add_epi32(_mm512_mullo_epi32(_mm512_add_epi32(_mm512_mullo_epi32(z, n), c[1]), n), c[0]);
    }

    // The lanes whose bit is set; same: those whose brick is empty or full.
    __mmask16 bits_of(__mmask16 lanes, __m512i brick, const __m512i* c, __mmask16& same) const {
        const __m512i three = _mm512_set1_epi32(3), full = _mm512_set1_epi64(-1);
        __m512i cell = _mm512_slli_epi32(_mm512_and_si512(c[2], three), 4);
        cell = _mm512_or_si512(cell, _mm512_slli_epi32(_mm512_and_si512(c[1], three), 2));
        cell = _mm512_or_si512(cell, _mm512_and_si512(c[0], three));
        unsigned set = 0, whole = 0;
        #pragma GCC unroll 2
        for (int h = 0; h < 2; h++) {
            const __m256i at = h ? _mm512_extracti64x4_epi64(brick, 1) : _mm512_castsi512_si256(brick);
            const __m256i bit = h ? _mm512_extracti64x4_epi64(cell, 1) : _mm512_castsi512_si256(cell);
            const __m512i word = _mm512_mask_i32gather_epi64(_mm512_setzero_si512(), (__mmask8)(lanes >> 8 * h), at, march_.bits, 8);
            set |= (unsigned)_mm512_test_epi64_mask(_mm512_srlv_epi64(word, _mm512_cvtepu32_epi64(bit)), _mm512_set1_epi64(1)) << 8 * h;
            whole |= (unsigned)(_mm512_cmpeq_epi64_mask(word, _mm512_setzero_si512()) | _mm512_cmpeq_epi64_mask(word, full)) << 8 * h;
        }
        same = (__mmask16)whole;
        return (__mmask16)set & lanes;
    }
};

// Calls each(lane) for every lane of a mask.
template <class Each> JNERF_FN void for_lanes(__mmask16 lanes, const Each& each) {
    for (unsigned left = lanes; left; left &= left - 1) each(__builtin_ctz(left));
}

}  // namespace jnerf
#endif
