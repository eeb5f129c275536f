// Goes through an octree along rays. From the root the walk goes down to the node that holds the present cell: a leaf,
// or a place where a branch is missing, which may be large. It leaves the node through a face and goes down again. Cells
// are integers and move only forward along each axis, so that rounding can neither skip a node that the ray crosses
// for long nor stop the walk.
#pragma once
#include "common/jnerf_pack.h"
#include "common/rays/box.h"
#include "octree_interp/kernel.h"

namespace jnerf {

struct OctreeMarch {
    const float *rays_o, *rays_d;
    const int* nodes;
    int depth, first_leaf;  // level of the leaves, and the first node of it
    Box box;                // of the tree, field units
    float near, far;
    int per_leaf;           // intervals in each leaf; 0: steps of `length` along the ray
    float length;
    int max_steps;
    uint32_t seed, step;
    bool jitter;
};

struct OctreeRay {
    const OctreeMarch& march;
    float o[3], d[3];  // in the unit cube; d is not a unit vector, t is in field units
    float t_in, t_out;
    JNERF_FN OctreeRay(const OctreeMarch& m, int64_t ray, bool& hits) : march(m) {
        const float *ro = m.rays_o + 3 * ray, *rd = m.rays_d + 3 * ray;
        hits = ray_box(m.box, ro, rd, m.near, m.far, t_in, t_out);
        for (int k = 0; k < 3; k++) {
            const float inverse = 1.f / (m.box.hi[k] - m.box.lo[k]);
            o[k] = (ro[k] - m.box.lo[k]) * inverse;
            d[k] = rd[k] * inverse;
        }
    }
    JNERF_FN int cell(int k, float t) const {
        const float n = (float)(1 << march.depth), at = fmaf(t, d[k], o[k]) * n;
        return (int)(at > 0 ? (at < n - 1 ? at : n - 1) : 0);
    }
    // Calls leaf(t0, t1, number) for the leaves along the ray, in order, until it returns false.
    template <class Leaf> JNERF_FN void walk(const Leaf& leaf) const {
        const int depth = march.depth, n = 1 << depth;
        const float edge = 1.f / n;
        int at[3];
        for (int k = 0; k < 3; k++) at[k] = cell(k, t_in);
        float t = t_in;
        while (true) {
            int node = 0, level = 0;
            while (node >= 0 && level < depth) {
                level++;
                const int shift = depth - level;
                node = octree_child(march.nodes, node, (at[0] >> shift & 1) | (at[1] >> shift & 1) << 1 | (at[2] >> shift & 1) << 2);
            }
            const int size = 1 << (depth - level);
            float exit = 1e30f;
            int axis = 0, low[3];
            for (int k = 0; k < 3; k++) {
                low[k] = at[k] & -size;
                if (d[k] == 0.f) continue;
                const float face = (d[k] > 0 ? low[k] + size : low[k]) * edge, to = (face - o[k]) / d[k];
                if (to < exit) exit = to, axis = k;
            }
            exit = larger(exit, t);
            const float end = lesser(exit, t_out);
            if (node >= 0 && end > t && !leaf(t, end, node - march.first_leaf)) return;
            if (!(exit < t_out)) return;
            for (int k = 0; k < 3; k++) {
                if (k == axis) at[k] = d[k] > 0 ? low[k] + size : low[k] - 1;
                else {
                    int next = cell(k, exit);
                    next = next < low[k] ? low[k] : (next > low[k] + size - 1 ? low[k] + size - 1 : next);
                    at[k] = d[k] >= 0 ? (next > at[k] ? next : at[k]) : (next < at[k] ? next : at[k]);
                }
            }
            if (at[axis] < 0 || at[axis] >= n) return;
            t = exit;
        }
    }
};

// Where samples of a ray go; null pointers: they are only counted.
struct OctreePlaces {
    float *t_starts, *t_ends;
    int *ray_indices, *leaves;
};

// Takes the leaves along one ray and makes samples of them.
struct OctreeSampling {
    const OctreeMarch& march;
    OctreePlaces to;
    int ray, most;
    float t_in;
    // What changes while leaves are taken in.
    struct Progress {
        int count;
        float next;   // number of the next point on the ray's lattice
    }* progress;
    JNERF_FN void put(float start, float end, int leaf) const {
        const int at = progress->count++;
        if (!to.t_starts) return;
        to.t_starts[at] = start, to.t_ends[at] = end;
        to.ray_indices[at] = ray, to.leaves[at] = leaf;
    }
    JNERF_FN bool operator()(float t0, float t1, int leaf) const {
        if (march.per_leaf > 0) {
            const float width = (t1 - t0) / march.per_leaf;
            float start = t0;
            for (int i = 0; i < march.per_leaf && progress->count < most; i++) {
                const float u = march.jitter ? uniform(march.seed, march.step, (uint32_t)ray, (uint32_t)progress->count) : 0.5f;
                const float end = i + 1 == march.per_leaf ? t1 : fmaf((float)(i + 1) + (u - 0.5f), width, t0);
                put(start, end, leaf);
                start = end;
            }
            return progress->count < most;
        }
        const float u = march.jitter ? uniform(march.seed, march.step, (uint32_t)ray, 0) : 0.5f;
        // the lattice t_in + (n + u) length; a point belongs to the leaf [t0, t1) that it lies in
        const float behind = ceilf((t0 - t_in) / march.length - u) - 1;
        float n = larger(progress->next, behind);
        while (fmaf(n + u, march.length, t_in) < t0) n += 1;
        for (; progress->count < most; n += 1) {
            const float t = fmaf(n + u, march.length, t_in);
            if (!(t < t1)) break;
            put(t - 0.5f * march.length, t + 0.5f * march.length, leaf);
        }
        progress->next = n;
        return progress->count < most;
    }
};

struct OctreeMarchCount {
    OctreeMarch march;
    int* packed_info;
    JNERF_FN void operator()(int64_t ray) const {
        bool hits;
        const OctreeRay along(march, ray, hits);
        OctreeSampling::Progress progress{0, 0.f};
        if (hits) along.walk(OctreeSampling{march, {nullptr, nullptr, nullptr, nullptr}, (int)ray, march.max_steps, along.t_in, &progress});
        packed_info[2 * ray + 1] = progress.count;
    }
};

struct OctreeMarchWrite {
    OctreeMarch march;
    const int* packed_info;
    OctreePlaces to;
    JNERF_FN void operator()(int64_t ray) const {
        const int64_t row = packed_info[2 * ray], count = packed_info[2 * ray + 1];
        if (count == 0) return;
        bool hits;
        const OctreeRay along(march, ray, hits);
        OctreeSampling::Progress progress{0, 0.f};
        const OctreePlaces places{to.t_starts + row, to.t_ends + row, to.ray_indices + row, to.leaves + row};
        along.walk(OctreeSampling{march, places, (int)ray, (int)count, along.t_in, &progress});
    }
};

inline void octree_march_count(int64_t n, const OctreeMarch& march, int64_t capacity, int* packed_info, int* totals) {
    parallel_for(n, OctreeMarchCount{march, packed_info});
    pack_counts(n, capacity, packed_info, totals);
}

inline void octree_march_write(int64_t n, const OctreeMarch& march, const int* packed_info, const OctreePlaces& to) { parallel_for(n, OctreeMarchWrite{march, packed_info, to}); }

}  // namespace jnerf
