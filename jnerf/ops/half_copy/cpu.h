#pragma once
#include "half_copy/blocks.h"
#include "half_copy/kernel.h"

namespace jnerf {

template <class Stored> inline void round_to_stored(int64_t n, const float* values, Stored* stored) {
    const int64_t whole = n / STORED_BLOCK;
    in_team(whole > 1024, [&] {
        #pragma omp for schedule(static)
        for (int64_t block = 0; block < whole; block++) store_block(values + block * STORED_BLOCK, stored + block * STORED_BLOCK);
    });
    const RoundToStored<Stored> entry{values, stored};
    for (int64_t i = whole * STORED_BLOCK; i < n; i++) entry(i);
}

}  // namespace jnerf
