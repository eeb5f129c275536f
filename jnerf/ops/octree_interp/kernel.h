// Features of an octree: at every level a position takes what is interpolated between the eight corners of its voxel.
// With rows r_c and weights w_c(x), features are sum_c w_c r_c; their gradient by x, given v by the features, is
// n_d = sum_c (v . r_c) dw_c/dx_d. For losses of n the weight's derivative along g = d loss / d n takes the place of the
// weight ("turned"): d loss / d v = sum_c W_c r_c and d loss / d r_c = W_c v with W_c = sum_d g_d dw_c/dx_d.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct OctreeNodes {
    const int* nodes;    // (first child, mask of children) of each node above the leaves
    const int* corners;  // rows of the eight corners of each voxel from level `base` on
    int base, last;      // levels that are looked up
    int64_t first;       // the node that the first row of `corners` is of
    JNERF_FN int levels() const { return last - base + 1; }
};

JNERF_FN int octree_bits(unsigned mask) {
#ifdef __CUDA_ARCH__
    return __popc(mask);
#else
    return __builtin_popcount(mask);
#endif
}

// Child c of a node, or -1.
JNERF_FN int octree_child(const int* nodes, int node, int c) {
    const unsigned mask = (unsigned)nodes[2 * (int64_t)node + 1];
    return mask >> c & 1 ? nodes[2 * (int64_t)node] + octree_bits(mask & ((1u << c) - 1)) : -1;
}

// The weights of a voxel's corners.
struct OctreeWeights {
    float w[3][2], scale;
    JNERF_FN OctreeWeights(const float* x, const int* finest, int below, int level) : scale((float)(1 << level)) {
        for (int k = 0; k < 3; k++) {
            const float t = x[k] * scale - (float)(finest[k] >> below);
            w[k][0] = 1 - t, w[k][1] = t;
        }
    }
    JNERF_FN float weight(int c) const { return w[0][c & 1] * w[1][c >> 1 & 1] * w[2][c >> 2]; }
    JNERF_FN float slope(int c, int axis) const {
        float product = c >> axis & 1 ? scale : -scale;
        for (int k = 0; k < 3; k++) product *= k == axis ? 1.0f : w[k][c >> k & 1];
        return product;
    }
    // Derivative of slope(c, d) along e: linear weights have no curvature along one axis.
    JNERF_FN float curve(int c, int d, int e) const {
        if (d == e) return 0.0f;
        const int rest = 3 - d - e;
        return (c >> d & 1 ? scale : -scale) * (c >> e & 1 ? scale : -scale) * w[rest][c >> rest & 1];
    }
    // weight(c), or its derivative along `direction`.
    JNERF_FN float along(int c, const float* direction) const {
        if (!direction) return weight(c);
        return direction[0] * slope(c, 0) + direction[1] * slope(c, 1) + direction[2] * slope(c, 2);
    }
};

// Goes down the tree at one position: while (at.next()) ... the voxels of the levels with features, as far as they exist.
struct OctreeDescent {
    const OctreeNodes& tree;
    int finest[3];   // the position's cell in units of level `last`
    int node, level;
    JNERF_FN OctreeDescent(const OctreeNodes& of, const float* x) : tree(of), node(-1), level(-1) {
        const int n = 1 << tree.last;
        bool inside = true;  // false for NaN
        for (int k = 0; k < 3; k++) inside = inside && x[k] >= 0.f && x[k] <= 1.f;
        if (!inside) {
            level = tree.last;
            return;
        }
        for (int k = 0; k < 3; k++) {
            const int cell = (int)(x[k] * (float)n);
            finest[k] = cell < n ? cell : n - 1;
        }
    }
    JNERF_FN bool next() {
        do {
            if (level == tree.last) return false;
            if (level < 0) node = 0;
            else {
                const int shift = tree.last - level - 1;
                node = octree_child(tree.nodes, node, (finest[0] >> shift & 1) | (finest[1] >> shift & 1) << 1 | (finest[2] >> shift & 1) << 2);
            }
            level++;
            if (node < 0) {
                level = tree.last;
                return false;
            }
        } while (level < tree.base);
        return true;
    }
    JNERF_FN int lod() const { return level - tree.base; }
    JNERF_FN int64_t voxel() const { return node - tree.first; }
    JNERF_FN OctreeWeights weights(const float* x) const { return OctreeWeights(x, finest, tree.last - level, level); }
};

// Arrays of S samples: what comes in and goes out is [S, F], or [L, S, F] where levels stay apart.
struct OctreeSamples {
    OctreeNodes tree;
    int64_t n;
    bool apart;
    const float *positions, *table;
    const float* directions;  // [S, 3]; null: weights are not turned
    JNERF_FN int64_t row(int lod, int64_t i) const { return apart ? lod * n + i : i; }
    JNERF_FN const float* direction(int64_t i) const { return directions ? directions + 3 * i : nullptr; }
};

template <int F> struct OctreeFeatures {
    OctreeSamples s;
    float* features;
    JNERF_FN void operator()(int64_t i) const {
        const float* x = s.positions + 3 * i;
        float sum[F] = {};
        OctreeDescent at(s.tree, x);
        int done = 0;
        while (at.next()) {
            const OctreeWeights weights = at.weights(x);
            const int* rows = s.tree.corners + 8 * at.voxel();
            for (int c = 0; c < 8; c++) {
                const float w = weights.along(c, s.direction(i)), *row = s.table + (int64_t)rows[c] * F;
                for (int f = 0; f < F; f++) sum[f] += w * row[f];
            }
            if (!s.apart) continue;
            for (int f = 0; f < F; f++) features[s.row(at.lod(), i) * F + f] = sum[f], sum[f] = 0;
            done = at.lod() + 1;
        }
        if (!s.apart) {
            for (int f = 0; f < F; f++) features[i * F + f] = sum[f];
            return;
        }
        for (; done < s.tree.levels(); done++)
            for (int f = 0; f < F; f++) features[s.row(done, i) * F + f] = 0;
    }
};

// Gradient by position, given that by the features.
template <int F> struct OctreePull {
    OctreeSamples s;
    const float* grad;
    float* gradient;
    JNERF_FN void operator()(int64_t i) const {
        const float* x = s.positions + 3 * i;
        float sum[3] = {};
        OctreeDescent at(s.tree, x);
        while (at.next()) {
            const OctreeWeights weights = at.weights(x);
            const int* rows = s.tree.corners + 8 * at.voxel();
            const float* g = grad + s.row(at.lod(), i) * F;
            for (int c = 0; c < 8; c++) {
                const float* row = s.table + (int64_t)rows[c] * F;
                float dot = 0;
                for (int f = 0; f < F; f++) dot += g[f] * row[f];
                for (int k = 0; k < 3; k++) sum[k] += weights.slope(c, k) * dot;
            }
        }
        for (int k = 0; k < 3; k++) gradient[3 * i + k] = sum[k];
    }
};

// Gradient by position of a loss of the result of OctreePull, whose gradient are the directions; v is its `grad`.
template <int F> struct OctreeCurvature {
    OctreeSamples s;
    const float* v;
    float* grad_positions;
    JNERF_FN void operator()(int64_t i) const {
        const float *x = s.positions + 3 * i, *g = s.direction(i);
        float sum[3] = {};
        OctreeDescent at(s.tree, x);
        while (at.next()) {
            const OctreeWeights weights = at.weights(x);
            const int* rows = s.tree.corners + 8 * at.voxel();
            const float* value = v + s.row(at.lod(), i) * F;
            for (int c = 0; c < 8; c++) {
                const float* row = s.table + (int64_t)rows[c] * F;
                float dot = 0;
                for (int f = 0; f < F; f++) dot += value[f] * row[f];
                for (int e = 0; e < 3; e++)
                    for (int d = 0; d < 3; d++) sum[e] += dot * g[d] * weights.curve(c, d, e);
            }
        }
        for (int k = 0; k < 3; k++) grad_positions[3 * i + k] = sum[k];
    }
};

// The voxel of each sample at every level, as rows of `corners`, [S, L]; -1 where there is none.
struct OctreeLocate {
    OctreeSamples s;
    int* voxels;
    JNERF_FN void operator()(int64_t i) const {
        int* out = voxels + i * s.tree.levels();
        for (int l = 0; l < s.tree.levels(); l++) out[l] = -1;
        OctreeDescent at(s.tree, s.positions + 3 * i);
        while (at.next()) out[at.lod()] = (int)at.voxel();
    }
};

// The values of samples that a leaf holds, 0 of others; gradients by the values go the same way.
struct OctreeKeep {
    OctreeSamples s;
    const float* values;
    float* kept;
    JNERF_FN void operator()(int64_t i) const {
        OctreeDescent at(s.tree, s.positions + 3 * i);
        bool leaf = false;
        while (at.next()) leaf = at.level == s.tree.last;
        kept[i] = leaf ? values[i] : 0.0f;
    }
};

inline void octree_keep(const OctreeSamples& s, const float* values, float* kept) { parallel_for(s.n, OctreeKeep{s, values, kept}); }

inline void octree_locate(const OctreeSamples& s, int* voxels) { parallel_for(s.n, OctreeLocate{s, voxels}); }

template <int F> inline void octree_features(OctreeSamples s, float* features) { parallel_for(s.n, OctreeFeatures<F>{s, features}); }

template <int F> inline void octree_pull(OctreeSamples s, const float* grad, float* gradient) { parallel_for(s.n, OctreePull<F>{s, grad, gradient}); }

template <int F> inline void octree_curvature(OctreeSamples s, const float* v, float* grad_positions) { parallel_for(s.n, OctreeCurvature<F>{s, v, grad_positions}); }

// The weights of a voxel that `octree_locate` found; the position is in it.
JNERF_FN OctreeWeights octree_weights(const OctreeSamples& s, const float* x, int lod) {
    const int n = 1 << s.tree.last;
    int finest[3];
    for (int k = 0; k < 3; k++) {
        const int cell = (int)(x[k] * (float)n);
        finest[k] = cell < n ? cell : n - 1;
    }
    const int level = s.tree.base + lod;
    return OctreeWeights(x, finest, s.tree.last - level, level);
}

}  // namespace jnerf
