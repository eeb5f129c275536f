// Cells of the unit cube as bits: rows along x, eight to a byte from the highest bit on, as numpy.packbits writes them.
#pragma once
#include "common/jnerf_common.h"

namespace jnerf {

struct CellMask {
    const float* positions;  // [S, 3]
    const uint8_t* bits;     // [Nz, Ny, ceil(Nx / 8)]
    int size[3];             // cells along x, y, z
    float* out;
    JNERF_FN void operator()(int64_t i) const {
        int cell[3];
        for (int d = 0; d < 3; d++) {
            const float x = positions[3 * i + d];
            if (!(x >= 0 && x <= 1)) {
                out[i] = 0;
                return;
            }
            const int at = (int)(x * size[d]);
            cell[d] = at < size[d] ? at : size[d] - 1;
        }
        const int64_t row = ((int64_t)cell[2] * size[1] + cell[1]) * ((size[0] + 7) >> 3);
        out[i] = (float)(bits[row + (cell[0] >> 3)] >> (7 - (cell[0] & 7)) & 1);
    }
};

inline void cell_mask(int64_t n, const CellMask& kernel) { parallel_for(n, kernel); }

}  // namespace jnerf
