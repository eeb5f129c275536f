// How the cells of the occupancy grid lie in memory, and where they lie in space.
// Level l covers 0.5 +- 2^l / 2 with res^3 cells. Cells are stored in bricks of 4 x 4 x 4 (x fastest, bricks too),
// so that one 64-bit word of the bitfield is one brick and a single load tells that 64 cells are empty.
#pragma once
#include <cstring>
#include "common/numbers/exp.h"

namespace jnerf {

JNERF_FN int brick_index(int x, int y, int z, int res) {
    const int bricks = res >> 2;
    return ((z >> 2) * bricks + (y >> 2)) * bricks + (x >> 2);
}

JNERF_FN int cell_in_brick(int x, int y, int z) { return ((z & 3) << 4) | ((y & 3) << 2) | (x & 3); }

// The e of x = m 2^e with m in [0.5, 1), for x >= 0; very negative for 0.
JNERF_FN int exponent(float x) {
    int bits;
    memcpy(&bits, &x, 4);
    return ((bits >> 23) & 255) - 126;
}

JNERF_FN void cell_coords(int cell, int res, int* xyz) {  // res is a power of two
    const int shift = exponent((float)res) - 3, mask = (1 << shift) - 1, brick = cell >> 6;
    xyz[0] = ((brick & mask) << 2) | (cell & 3);
    xyz[1] = ((brick >> shift & mask) << 2) | ((cell >> 2) & 3);
    xyz[2] = ((brick >> 2 * shift) << 2) | ((cell >> 4) & 3);
}

// The level that a step of length dt at p looks at: the finest that holds p and whose cells are at least dt/2 wide.
JNERF_FN int grid_level(const float* p, float dt, int res, int levels) {
    if (levels == 1) return 0;
    const float far = larger(larger(fabsf(p[0] - 0.5f), fabsf(p[1] - 0.5f)), fabsf(p[2] - 0.5f));
    int level = exponent(far) + 1;
    const int by_step = exponent(2.f * res * dt);
    level = level > by_step ? level : by_step;
    level = level > 0 ? level : 0;
    return level < levels - 1 ? level : levels - 1;
}

}  // namespace jnerf
