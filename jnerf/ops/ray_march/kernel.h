// Marching through a multi-level occupancy bitfield.
// A sample is every point of the ray's lattice (lattice.h), up to max_steps of them, whose cell is occupied; its
// interval is [t - dt/2, t + dt/2]. A look-up answers for a stretch of the ray that surely stays in the same cell, brick
// or block, never for a point outside it, so that the samples do not depend on how empty space is jumped over.
#pragma once
#include "common/jnerf_grid.h"
#include "common/jnerf_pack.h"
#include "common/rays/box.h"
#include "ray_march/lattice.h"

namespace jnerf {

struct RayMarch {
    const float *rays_o, *rays_d;
    const uint64_t* bits;     // one word per brick
    const uint8_t* blocks;    // one byte per block of 8 x 8 x 8 cells: distance to the nearest that is not empty
    Box box;
    float near, far;
    Steps steps;
    int res, levels, max_steps;
    uint32_t seed, step;
    bool jitter;

    // Is the cell of p occupied, and how far along the ray does the same answer surely hold?
    JNERF_FN bool look_up(const float* p, const float* d, const float* inv_d, int level, float& reach) const {
        const float scale = res * exp2i(-level);
        float q[3];
        int c[3];
        for (int k = 0; k < 3; k++) {
            q[k] = fmaf(p[k] - 0.5f, scale, 0.5f * res);
            const int cell = (int)floorf(q[k]);
            c[k] = cell < 0 ? 0 : (cell > res - 1 ? res - 1 : cell);
        }
        const int blocks_per_side = res >> 3;
        const int block = ((level * blocks_per_side + (c[2] >> 3)) * blocks_per_side + (c[1] >> 3)) * blocks_per_side + (c[0] >> 3);
        const int distance = blocks[block];
        int size = 8, around = 8 * (distance - 1);  // empty cells beyond each face of the block
        bool occupied = false;
        if (distance == 0) {
            const int bricks = res >> 2;
            const uint64_t word = bits[(int64_t)level * bricks * bricks * bricks + brick_index(c[0], c[1], c[2], res)];
            occupied = (word >> cell_in_brick(c[0], c[1], c[2])) & 1;
            size = word == 0 || word == ~0ull ? 4 : 1;
            around = 0;
        }
        float gap = 1e30f;
        for (int k = 0; k < 3; k++) {
            const int low = c[k] & -size;
            // Not beyond the level itself: outside it coarser levels answer. Inside it finer ones do, but they are empty too.
            const int face = d[k] > 0.f ? (low + size + around < res ? low + size + around : res) : (low - around > 0 ? low - around : 0);
            const float to_face = d[k] > 0.f ? face - q[k] : q[k] - face;
            gap = lesser(gap, larger(0.f, to_face - 1e-4f) * inv_d[k]);  // 1e-4 cell: more than p and q are rounded by
        }
        reach = gap * (exp2i(level) / res);  // a power of two: exact
        return occupied;
    }

    template <class Emit> JNERF_FN int walk(int64_t ray, float& n, int most, const Emit& emit) const;
};

// A walk along one ray from lattice point n on, which ends where a next walk goes on.
struct RayWalk {
    const float *o, *d;
    Lattice lattice;
    float inv_d[3], t_out, n;
    int count, most;

    // False if there is nothing to walk.
    JNERF_FN bool begin(const RayMarch& march, int64_t ray, float first, int samples) {
        o = march.rays_o + 3 * ray, d = march.rays_d + 3 * ray;
        n = first, count = 0, most = samples;
        float t_in;
        if (most <= 0 || !ray_box(march.box, o, d, march.near, march.far, t_in, t_out)) return false;
        lattice = Lattice(march.steps, t_in, march.jitter ? uniform(march.seed, march.step, (uint32_t)ray, 0) : 0.5f);
        for (int k = 0; k < 3; k++) inv_d[k] = d[k] == 0.f ? 1e30f : 1.f / fabsf(d[k]);
        return true;
    }

    // One look-up further; false at the end of the walk. Calls emit(count, lattice, n, k) for a run of k samples
    // n .. n + k - 1, all of them before lattice point `limit`: beyond 2^24, n + 1 is n.
    template <class Emit> JNERF_FN bool step(const RayMarch& march, const Emit& emit, float limit = 16777216.f) {
        if (!(count < most && n < limit)) return false;
        float t, dt;
        lattice.at(n, t, dt);
        if (!(t < t_out)) return false;
        const float p[3] = {fmaf(t, d[0], o[0]), fmaf(t, d[1], o[1]), fmaf(t, d[2], o[2])};
        float reach;
        const bool occupied = march.look_up(p, d, inv_d, grid_level(p, dt, march.res, march.levels), reach);
        float run = lattice.run(n, t, dt, lesser(reach, t_out - t), march.res);
        if (occupied) {
            run = lesser(run, lesser((float)(most - count), limit - n));
            emit(count, lattice, n, (int)run);
            count += (int)run;
        }
        n += run;
        return true;
    }
};

// Walks one ray from lattice point n on, and leaves n where a next walk goes on. Returns the samples found: fewer than
// `most` only at the ray's end.
template <class Emit> JNERF_FN int RayMarch::walk(int64_t ray, float& n, int most, const Emit& emit) const {
    RayWalk walk;
    if (!walk.begin(*this, ray, n, most)) return 0;
    while (walk.step(*this, emit)) {}
    n = walk.n;
    return walk.count;
}

// Keeps the lattice number of the first sample of a walk.
struct RayMarchFirst {
    float* slot;
    JNERF_FN void operator()(int count, const Lattice&, float n, int) const {
        if (count == 0) *slot = n;
    }
};

struct RayMarchCount {
    RayMarch march;
    int* packed_info;  // [R, 2]
    float* first;      // lattice number of each ray's first sample
    JNERF_FN void operator()(int64_t ray) const {
        float n = 0.f;
        first[ray] = 0.f;
        packed_info[2 * ray + 1] = march.walk(ray, n, march.max_steps, RayMarchFirst{first + ray});
    }
};

struct RayMarchWrite {
    RayMarch march;
    const int* packed_info;
    const float* first;
    float *t_starts, *t_ends;
    int* ray_indices;
    float* positions = nullptr;  // of the samples, like ray_points; null: nobody needs them
    bool whole = true;           // what is written goes to the rays' ends; else there may be more behind
    struct Write {
        float *t_starts, *t_ends;
        int *ray_indices, ray;
        const float *o, *d;
        float* positions;
        JNERF_FN void operator()(int count, const Lattice& lattice, float n, int run) const {
            for (int i = 0; i < run; i++) {
                float t, dt;
                lattice.at(n + i, t, dt);
                t_starts[count + i] = t - 0.5f * dt;
                t_ends[count + i] = t + 0.5f * dt;
                ray_indices[count + i] = ray;
                if (!positions) continue;
                const float middle = 0.5f * (t_starts[count + i] + t_ends[count + i]);
                for (int k = 0; k < 3; k++) positions[3 * (count + i) + k] = o[k] + middle * d[k];
            }
        }
    };
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t row = packed_info[2 * ray], count = packed_info[2 * ray + 1];
        if (count == 0) return;
        float n = first[ray];
        march.walk(ray, n, (int)count, to(ray, row));
    }
    JNERF_FN Write to(int64_t ray, int64_t row) const {
        return {t_starts + row, t_ends + row, ray_indices + row, (int)ray, march.rays_o + 3 * ray, march.rays_d + 3 * ray, positions ? positions + 3 * row : nullptr};
    }
};

}  // namespace jnerf
