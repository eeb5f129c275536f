// Products of tables over one or two axes (TensoRF, Chen et al. 2022, https://arxiv.org/abs/2203.09517, equations 4 and 5):
// a mode has as many components as its tables have features; a component is the product of its tables' values, each
// interpolated between vertices. Vertex 0 of an axis lies at coordinate 0, the last one at 1. Features come last, so
// that a vector of components is one load.
#pragma once
#include "common/jnerf_common.h"
#include "grid_interp/kernel.h"

namespace jnerf {

// Three modes of a plane and the line across it: (x, y | z), (x, z | y), (y, z | x).
struct PlaneLine {
    static constexpr int kModes = 3, kTables = 2;
    JNERF_FN static constexpr int dims(int table) { return table == 0 ? 2 : 1; }
    JNERF_FN static constexpr int axis(int mode, int table, int d) {
        return table == 1 ? 2 - mode : d == 0 ? (mode == 2 ? 1 : 0) : (mode == 0 ? 1 : 2);
    }
};

// One mode of three lines.
struct ThreeLines {
    static constexpr int kModes = 1, kTables = 3;
    JNERF_FN static constexpr int dims(int) { return 1; }
    JNERF_FN static constexpr int axis(int, int table, int) { return table; }
};

// Where a position lies along each axis. Outside of [0, 1] it is moved to the face, without a slope.
struct FactorPlace {
    int cell[3];
    float w[3][2], slope[3];
    JNERF_FN FactorPlace(const int* size, const float* x) {
        for (int d = 0; d < 3; d++) {
            const float last = (float)(size[d] - 1), at = x[d] * last;
            cell[d] = grid_cell(at, size[d]);
            float t = at - cell[d];
            t = t < 0 ? 0 : t > 1 ? 1 : t;  // keeps NaN
            slope[d] = x[d] < 0 || x[d] > 1 ? 0.0f : last;
            w[d][0] = 1 - t, w[d][1] = t;
        }
    }
};

template <class Kind> struct Factors {
    int size[3];              // vertices along x, y, z
    int width[Kind::kModes];  // components of each mode
    const float* table[Kind::kModes][Kind::kTables];
    JNERF_FN int total() const {
        int sum = 0;
        for (int m = 0; m < Kind::kModes; m++) sum += width[m];
        return sum;
    }
    JNERF_FN int64_t vertices(int mode, int table) const {
        int64_t product = 1;
        for (int d = 0; d < Kind::dims(table); d++) product *= size[Kind::axis(mode, table, d)];
        return product;
    }
};

// The vertices around a position in the tables of one mode: where their features begin, and their weights.
template <class Kind> struct ModeCorners {
    int64_t at[Kind::kTables][4];
    float w[Kind::kTables][4];
    JNERF_FN ModeCorners(const Factors<Kind>& factors, const FactorPlace& place, int mode) {
        for (int k = 0; k < Kind::kTables; k++)
            for (int corner = 0; corner < 1 << Kind::dims(k); corner++) {
                int64_t index = 0, stride = 1;
                w[k][corner] = 1;
                for (int d = 0; d < Kind::dims(k); d++) {
                    const int axis = Kind::axis(mode, k, d), up = corner >> d & 1;
                    index += (place.cell[axis] + up) * stride;
                    stride *= factors.size[axis];
                    w[k][corner] *= place.w[axis][up];
                }
                at[k][corner] = index * factors.width[mode];
            }
    }
};

// W components of one mode from `first` on.
template <class Kind, int W> struct ModeChunk {
    float value[Kind::kTables][W];  // what each table says
    JNERF_FN ModeChunk(const Factors<Kind>& factors, const ModeCorners<Kind>& corners, int mode, int first) {
        for (int k = 0; k < Kind::kTables; k++) {
            for (int j = 0; j < W; j++) value[k][j] = 0;
            for (int corner = 0; corner < 1 << Kind::dims(k); corner++) {
                const float w = corners.w[k][corner], *features = factors.table[mode][k] + corners.at[k][corner] + first;
                for (int j = 0; j < W; j++) value[k][j] = fmaf(w, features[j], value[k][j]);
            }
        }
    }
    // Product of all tables but `without`.
    JNERF_FN float product(int j, int without = -1) const {
        float out = 1;
        for (int k = 0; k < Kind::kTables; k++)
            if (k != without) out *= value[k][j];
        return out;
    }
};

// visit.template chunk<W>(mode, first, offset) for all components, in runs of 16, 8, 4 and 1; `offset` counts those before.
template <class Kind, class Visit> JNERF_FN void each_chunk(const Factors<Kind>& factors, int mode, int offset, Visit& visit) {
    const int width = factors.width[mode];
    int first = 0;
    for (; first + 16 <= width; first += 16) visit.template chunk<16>(mode, first, offset + first);
    for (; first + 8 <= width; first += 8) visit.template chunk<8>(mode, first, offset + first);
    for (; first + 4 <= width; first += 4) visit.template chunk<4>(mode, first, offset + first);
    for (; first < width; first++) visit.template chunk<1>(mode, first, offset + first);
}

// All components of a sample, as a row or summed.
template <class Kind> struct FactorLook {
    Factors<Kind> factors;
    const float* positions;
    float* out;  // [S] or [S, total]
    int summed;

    struct Sample {
        const Factors<Kind>& factors;
        const FactorPlace place;
        float* row;
        float sum[16] = {};
        const ModeCorners<Kind>* corners = nullptr;
        JNERF_FN Sample(const Factors<Kind>& f, const float* x, float* to) : factors(f), place(f.size, x), row(to) {}
        template <int W> JNERF_FN void chunk(int mode, int first, int offset) {
            const ModeChunk<Kind, W> found(factors, *corners, mode, first);
            for (int j = 0; j < W; j++) {
                const float value = found.product(j);
                if (row) row[offset + j] = value;
                else sum[j] += value;
            }
        }
    };

    JNERF_FN void operator()(int64_t i) const {
        Sample sample(factors, positions + 3 * i, summed ? nullptr : out + i * factors.total());
        int offset = 0;
        for (int mode = 0; mode < Kind::kModes; mode++) {
            const ModeCorners<Kind> corners(factors, sample.place, mode);
            sample.corners = &corners;
            each_chunk(factors, mode, offset, sample);
            offset += factors.width[mode];
        }
        if (!summed) return;
        for (int half = 8; half > 0; half >>= 1)
            for (int j = 0; j < half; j++) sample.sum[j] += sample.sum[j + half];
        out[i] = sample.sum[0];
    }
};

// The gradient of a sample's position.
template <class Kind> struct FactorPull {
    Factors<Kind> factors;
    const float *positions, *grad;  // grad [S] or [S, total]
    float* grad_positions;
    int summed;

    struct Sample {
        const Factors<Kind>& factors;
        const FactorPlace place;
        const float* grad;
        int summed;
        float pulled[3] = {};
        const ModeCorners<Kind>* corners = nullptr;
        JNERF_FN Sample(const Factors<Kind>& f, const float* x, const float* g, int s) : factors(f), place(f.size, x), grad(g), summed(s) {}
        template <int W> JNERF_FN void chunk(int mode, int first, int offset) {
            const ModeChunk<Kind, W> found(factors, *corners, mode, first);
            for (int k = 0; k < Kind::kTables; k++) {
                float wanted[W];
                for (int j = 0; j < W; j++) wanted[j] = (summed ? grad[0] : grad[offset + j]) * found.product(j, k);
                for (int corner = 0; corner < 1 << Kind::dims(k); corner++) {
                    const float* features = factors.table[mode][k] + corners->at[k][corner] + first;
                    float dot = 0;
                    for (int j = 0; j < W; j++) dot = fmaf(wanted[j], features[j], dot);
                    for (int d = 0; d < Kind::dims(k); d++) add(mode, k, d, corner, dot);
                }
            }
        }
        // The weight of a corner, differentiated along axis d of its table.
        JNERF_FN void add(int mode, int k, int d, int corner, float dot) {
            const int axis = Kind::axis(mode, k, d);
            float slope = (corner >> d & 1) ? place.slope[axis] : -place.slope[axis];
            for (int e = 0; e < Kind::dims(k); e++)
                if (e != d) slope *= place.w[Kind::axis(mode, k, e)][corner >> e & 1];
            pulled[axis] += slope * dot;
        }
    };

    JNERF_FN void operator()(int64_t i) const {
        Sample sample(factors, positions + 3 * i, grad + i * (summed ? 1 : factors.total()), summed);
        int offset = 0;
        for (int mode = 0; mode < Kind::kModes; mode++) {
            const ModeCorners<Kind> corners(factors, sample.place, mode);
            sample.corners = &corners;
            each_chunk(factors, mode, offset, sample);
            offset += factors.width[mode];
        }
        for (int d = 0; d < 3; d++) grad_positions[3 * i + d] = sample.pulled[d];
    }
};

// What the gradient of the tables needs. `out` are the tables' gradients, laid out as the tables are.
template <class Kind> struct FactorGrad {
    Factors<Kind> factors;
    const float *positions, *grad;
    int summed;
    float* out[Kind::kModes][Kind::kTables];
    JNERF_FN const float* of(int64_t i) const { return grad + i * (summed ? 1 : factors.total()); }
};

}  // namespace jnerf
