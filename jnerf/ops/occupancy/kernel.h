// The occupancy grid: which cells cameras see, where to ask the field, and the bitfield that marching reads.
// Values are density x smallest step, -1 for cells that no camera sees; levels one after the other, each in the order of jnerf_grid.h.
#pragma once
#include "common/jnerf_grid.h"

namespace jnerf {

// One brick of cells: a cell is seen when any of its corners is. A camera is 24 floats: four side planes with unit
// normals pointing inwards (n, offset), the view direction as a fifth plane through the centre, the centre, padding.
struct MarkUnseen {
    const float* cameras;
    int n_cameras, res, levels;
    float* grid;

    JNERF_FN static float plane(const float* p, const float* x) { return fmaf(p[0], x[0], fmaf(p[1], x[1], fmaf(p[2], x[2], p[3]))); }

    JNERF_FN static bool sees(const float* camera, const float* x) {
        for (int i = 0; i < 4; i++)
            if (!(plane(camera + 4 * i, x) > 0.f)) return false;
        const float v[3] = {x[0] - camera[20], x[1] - camera[21], x[2] - camera[22]};
        const float distance = sqrtf(fmaf(v[0], v[0], fmaf(v[1], v[1], v[2] * v[2])));
        return plane(camera + 16, x) > 1e-4f * distance;
    }

    // `low` is the cell's lowest corner. The sphere around a cell beyond one plane leaves no corner to look at.
    JNERF_FN static bool sees_cell(const float* camera, const float* low, float side) {
        const float centre[3] = {low[0] + 0.5f * side, low[1] + 0.5f * side, low[2] + 0.5f * side};
        const float radius = 0.8661f * side;
        for (int i = 0; i < 5; i++)
            if (plane(camera + 4 * i, centre) < -radius) return false;
        for (int i = 0; i < 8; i++) {
            const float corner[3] = {low[0] + (i & 1) * side, low[1] + (i >> 1 & 1) * side, low[2] + (i >> 2) * side};
            if (sees(camera, corner)) return true;
        }
        return false;
    }

    JNERF_FN void operator()(int64_t brick) const {
        const int bricks = res / 4, per_level = bricks * bricks * bricks;
        const int level = (int)(brick / per_level), first = (int)(brick % per_level) * 64;
        const float side = exp2i(level) / res;
        int likely = 0;  // neighbours are mostly seen by the same camera
        for (int i = 0; i < 64; i++) {
            int c[3];
            cell_coords(first + i, res, c);
            float low[3];
            for (int k = 0; k < 3; k++) low[k] = fmaf((float)(c[k] - res / 2), side, 0.5f);
            bool seen = false;
            for (int n = 0; n < n_cameras && !seen; n++) {
                const int camera = likely + n < n_cameras ? likely + n : likely + n - n_cameras;
                seen = sees_cell(cameras + 24 * (int64_t)camera, low, side);
                if (seen) likely = camera;
            }
            grid[brick * 64 + i] = seen ? 0.f : -1.f;
        }
    }
};

// Where to ask the field: a cell by a full-period walk over all cells, tried again (10 times at most) while its value
// is not above the threshold, and a uniform point in it.
struct Candidates {
    static constexpr uint32_t kTries = 10;
    const float* grid;
    int res, levels;
    uint32_t seed, update, first, n;  // draws are keyed by first + i, the walk by i + update n
    float threshold;
    int* cells;
    float* positions;
    // Where in the grid candidate i looks first, and how its next tries follow.
    struct Start {
        int level;
        uint32_t walk, per_level;  // a power of two
        JNERF_FN uint32_t cell(uint32_t tries) const { return (walk + tries * 19349663u) & (per_level - 1); }
        JNERF_FN int64_t at(uint32_t tries) const { return (int64_t)level * per_level + cell(tries); }
    };

    JNERF_FN int level(uint32_t i) const { return (int)lesser(uniform(seed, update, first + i, 0) * levels, levels - 1.f); }
    JNERF_FN Start start(int64_t i) const {
        return {level((uint32_t)i), ((uint32_t)i + update * n) * 56924617u + 96925573u, (uint32_t)res * res * res};
    }

    JNERF_FN void operator()(int64_t i) const {
        const Start from = start(i);
        uint32_t j = 0;
        while (j + 1 < kTries && !(grid[from.at(j)] > threshold)) j++;
        place(i, from, j);
    }

    // Candidate i lies in the cell of try j.
    JNERF_FN void place(int64_t i, const Start& start, uint32_t j) const {
        const uint32_t key = first + (uint32_t)i;
        cells[i] = (int)start.at(j);
        int c[3];
        cell_coords((int)start.cell(j), res, c);
        const float side = exp2i(start.level) / res;
        for (int k = 0; k < 3; k++) {
            const float inside = (float)c[k] + uniform(seed, update, key, 1 + k);
            positions[3 * i + k] = fmaf(inside - 0.5f * res, side, 0.5f);
        }
    }
};

JNERF_FN float decayed(float before, float now, float decay) { return before < 0.f ? before : larger(decay * before, now); }

constexpr int kMeanChunk = 4096;  // fixed, so that the mean is the same for any number of threads

struct MeanChunk {
    const float* grid;
    int64_t cells;
    double* sums;
    JNERF_FN void operator()(int64_t chunk) const {
        const int64_t begin = chunk * kMeanChunk, end = begin + kMeanChunk < cells ? begin + kMeanChunk : cells;
        double sum = 0;
        for (int64_t i = begin; i < end; i++) sum += grid[i] > 0.f ? grid[i] : 0.f;
        sums[chunk] = sum;
    }
};

struct Threshold {  // stats = (mean density of level 0, threshold)
    const double* sums;
    int64_t chunks, cells;
    float most;
    float* stats;
    JNERF_FN void operator()(int64_t) const {
        double sum = 0;
        for (int64_t i = 0; i < chunks; i++) sum += sums[i];
        stats[0] = (float)(sum / cells);
        stats[1] = lesser(most, stats[0]);
    }
};

struct BrickBits {
    const float *grid, *stats;
    uint64_t* bits;
    JNERF_FN void operator()(int64_t brick) const {
        uint64_t word = 0;
        for (int i = 0; i < 64; i++) word |= (uint64_t)(grid[brick * 64 + i] > stats[1]) << i;
        bits[brick] = word;
    }
};

// ORs level - 1 into the central half of `level`: a cell is occupied where any of its 8 finer cells is.
struct CoarserBits {
    uint64_t* bits;
    int res, level;
    JNERF_FN void operator()(int64_t brick) const {
        const int bricks = res / 4, quarter = res / 4;
        const int64_t per_level = (int64_t)bricks * bricks * bricks;
        const uint64_t* finer = bits + (level - 1) * per_level;
        uint64_t word = 0;
        for (int i = 0; i < 64; i++) {
            int c[3];
            cell_coords((int)brick * 64 + i, res, c);
            bool central = true;
            for (int k = 0; k < 3; k++) {
                c[k] = 2 * (c[k] - quarter);
                central = central && c[k] >= 0 && c[k] < res;
            }
            if (!central) continue;
            // 0x330033: the 2 x 2 x 2 cells at the low corner of a brick
            const uint64_t children = 0x330033ull << cell_in_brick(c[0], c[1], c[2]);
            if (finer[brick_index(c[0], c[1], c[2], res)] & children) word |= 1ull << i;
        }
        bits[level * per_level + brick] |= word;
    }
};

// Blocks of 8 x 8 x 8 cells. First 0 where one holds an occupied cell, kFarthest elsewhere ...
constexpr int kFarthest = 6;

struct BlockOccupied {
    const uint64_t* bits;
    int res;
    uint8_t* blocks;
    JNERF_FN void operator()(int64_t i) const {
        const int side = res / 8, bricks = res / 4;
        const int64_t per_level = (int64_t)side * side * side, level = i / per_level, b = i % per_level;
        const int x = (int)(b % side), y = (int)(b / side % side), z = (int)(b / (side * side));
        const uint64_t* words = bits + level * bricks * bricks * bricks;
        uint64_t any = 0;
        for (int k = 0; k < 8; k++) any |= words[((2 * z + (k >> 2)) * bricks + 2 * y + (k >> 1 & 1)) * bricks + 2 * x + (k & 1)];
        blocks[i] = any != 0 ? 0 : kFarthest;
    }
};

// ... then, for distance = 1, 2 ...: how many blocks away (in the maximum norm) the nearest such block is. In place: a
// pass reads `distance - 1` and writes `distance`, so the order of the blocks does not matter.
struct BlockDistance {
    int res, distance;
    uint8_t* blocks;
    JNERF_FN void operator()(int64_t i) const {
        if (blocks[i] != kFarthest) return;
        const int side = res / 8, per_level = side * side * side, b = (int)(i % per_level);
        const uint8_t* level = blocks + (i - b);
        const int c[3] = {b % side, b / side % side, b / (side * side)};
        for (int k = 0; k < 27; k++) {
            const int x = c[0] + k % 3 - 1, y = c[1] + k / 3 % 3 - 1, z = c[2] + k / 9 - 1;
            if (x < 0 || y < 0 || z < 0 || x >= side || y >= side || z >= side) continue;
            if (level[(z * side + y) * side + x] == distance - 1) {
                blocks[i] = (uint8_t)distance;
                return;
            }
        }
    }
};

JNERF_ENTRY void build_bitfield(const float* grid, int res, int levels, float most, double* sums, float* stats, uint64_t* bits, uint8_t* blocks) {
    const int64_t cells = (int64_t)res * res * res, chunks = (cells + kMeanChunk - 1) / kMeanChunk;
    parallel_for(chunks, MeanChunk{grid, cells, sums});
    parallel_for(1, Threshold{sums, chunks, cells, most, stats});
    parallel_for(cells / 64 * levels, BrickBits{grid, stats, bits});
    for (int level = 1; level < levels; level++) parallel_for(cells / 64, CoarserBits{bits, res, level});
    const int64_t n_blocks = cells / 512 * levels;
    parallel_for(n_blocks, BlockOccupied{bits, res, blocks});
    for (int distance = 1; distance < kFarthest; distance++) parallel_for(n_blocks, BlockDistance{res, distance, blocks});
}

}  // namespace jnerf
