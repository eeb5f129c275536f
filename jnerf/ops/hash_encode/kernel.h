// Multiresolution hash grid (Mueller et al. 2022, "Instant Neural Graphics Primitives", section 3).
// Level l has scale_l = N_min b^l - 1 and res_l = ceil(scale_l) + 1 vertices a side; a point x in [0,1]^D lies at
// p = x scale_l + 0.5, in the cell floor(p). Positions outside [0, 1] are clamped. Centred levels (Barron et al. 2023,
// "Zip-NeRF") have scale_l = N_l = res_l cells with a vertex in the middle of each: p = x N_l - 0.5, clamped to the outermost
// vertices. A level whose vertices fit its table is indexed densely, others by the
// spatial hash (equation 4: primes 1, 2654435761, 805459861); both modulo the rows of the level.
// Features leave level-major, [L, S, F]. Symbols: S samples, L levels, F features per level, D dimensions. Tables are [rows of all levels, F].
#pragma once
#include "common/numbers/stored.h"

namespace jnerf {

// How one level is laid out. `mask` is rows - 1 where rows is a power of two, else 0.
struct HashLevel {
    float scale;
    uint32_t offset, rows, resolution, mask;
    bool dense;
    float shift, least, most;  // p = x scale + shift, x in [least, most]
};

// meta: int32 [L, 4] = (first row, rows, resolution, dense + 2 centred); scales: float [L].
JNERF_FN HashLevel hash_level(const int* meta, const float* scales, int level) {
    const int* m = meta + 4 * level;
    const uint32_t rows = (uint32_t)m[1];
    const bool centred = (m[3] & 2) != 0;
    const float scale = scales[level], edge = centred ? 0.5f / scale : 0.0f;
    return HashLevel{scale, (uint32_t)m[0], rows, (uint32_t)m[2], (rows & (rows - 1)) == 0 ? rows - 1 : 0, (m[3] & 1) != 0,
                     centred ? -0.5f : 0.5f, edge, 1.0f - edge};
}

JNERF_FN uint32_t wrap_row(const HashLevel& level, uint32_t index) {
    return level.mask ? index & level.mask : index % level.rows;
}

// Rows of the 2^D corners of a cell, bit d of a corner being its upper vertex along axis d.
template <int D> JNERF_FN void hash_rows(const HashLevel& level, const uint32_t* cell, uint32_t* row) {
    if (level.dense) {
        uint32_t stride[D], low = 0, across = 0;
        for (int d = 0; d < D; d++) {
            stride[d] = d ? stride[d - 1] * level.resolution : 1;
            low += cell[d] * stride[d];
            across += stride[d];
        }
        const bool inside = low + across < level.rows;  // all but the outermost cells: no division
        for (int c = 0; c < (1 << D); c++) {
            uint32_t index = low;
            for (int d = 0; d < D; d++) index += c >> d & 1 ? stride[d] : 0;
            row[c] = level.offset + (inside ? index : wrap_row(level, index));
        }
    } else {
        const uint32_t primes[3] = {1u, 2654435761u, 805459861u};
        uint32_t part[D];
        for (int d = 0; d < D; d++) part[d] = cell[d] * primes[d];
        for (int c = 0; c < (1 << D); c++) {
            uint32_t index = 0;
            for (int d = 0; d < D; d++) index ^= part[d] + (c >> d & 1 ? primes[d] : 0);
            row[c] = level.offset + wrap_row(level, index);
        }
    }
}

// Position in the cell along one axis: `cell` and the weight of the upper vertex with its two derivatives by x.
JNERF_FN void hash_axis(const HashLevel& level, float x, bool smoothstep, uint32_t& cell, float& weight, float& slope, float& curve) {
    const bool flat = level.shift < 0.0f && (x < level.least || x > level.most);
    x = x < level.least ? level.least : x > level.most ? level.most : x;  // NaN stays NaN
    const float p = x * level.scale + level.shift;
    cell = (uint32_t)(int32_t)p;
    const float t = p - (float)cell;
    weight = smoothstep ? t * t * (3.0f - 2.0f * t) : t;
    slope = flat ? 0.0f : level.scale * (smoothstep ? 6.0f * t * (1.0f - t) : 1.0f);
    curve = smoothstep && !flat ? level.scale * level.scale * (6.0f - 12.0f * t) : 0.0f;
}

// All that one (sample, level) pair needs: its cell, rows and weights of the cell's 2^D corners.
template <int D> struct HashCorners {
    uint32_t cell[D], row[1 << D];
    float weight[1 << D], upper[D], slope[D], curve[D];
    JNERF_FN HashCorners(const HashLevel& level, const float* x, bool smoothstep) {
        for (int d = 0; d < D; d++) hash_axis(level, x[d], smoothstep, cell[d], upper[d], slope[d], curve[d]);
        for (int c = 0; c < (1 << D); c++) {
            weight[c] = 1.0f;
            for (int d = 0; d < D; d++) weight[c] *= (c >> d) & 1 ? upper[d] : 1.0f - upper[d];
        }
        hash_rows<D>(level, cell, row);
    }
    // Derivative of the weight of corner c by axis d.
    JNERF_FN float weight_slope(int c, int d) const {
        float w = (c >> d) & 1 ? slope[d] : -slope[d];
        for (int e = 0; e < D; e++)
            if (e != d) w *= (c >> e) & 1 ? upper[e] : 1.0f - upper[e];
        return w;
    }
    // Second derivative of the weight of corner c by the axes d and e.
    JNERF_FN float weight_curve(int c, int d, int e) const {
        float w = d != e ? ((c >> d ^ c >> e) & 1 ? -slope[d] * slope[e] : slope[d] * slope[e]) : (c >> d) & 1 ? curve[d] : -curve[d];
        for (int f = 0; f < D; f++)
            if (f != d && f != e) w *= (c >> f) & 1 ? upper[f] : 1.0f - upper[f];
        return w;
    }
    // Weights become their derivatives along a direction.
    JNERF_FN void turn(const float* direction) {
        for (int c = 0; c < (1 << D); c++) {
            weight[c] = 0.0f;
            for (int d = 0; d < D; d++) weight[c] += direction[d] * weight_slope(c, d);
        }
    }
};

// `directions` [S, D] is of the derivatives of weights along them, and else null. Stored: of the table's numbers, float or
// one of common/numbers/stored.h.
template <class Stored> struct HashGridOf {
    const float* positions;
    const Stored* table;
    const float* scales;
    const int* meta;
    int64_t n_samples;
    int n_levels;
    bool smoothstep;
    const float* directions = nullptr;
};
typedef HashGridOf<float> HashGrid;

}  // namespace jnerf
