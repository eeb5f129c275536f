// Rows and the gradient of the tables: one thread for each component of a sample, so that neighbours read, write and add
// what lies next to one another.
#pragma once
#include "factor_interp/kernel.h"

namespace jnerf {

struct FactorComponent {
    int64_t sample;
    int mode, first, offset;
    template <class Kind> __device__ FactorComponent(const Factors<Kind>& factors, int64_t at) : sample(at / factors.total()), mode(0), first((int)(at % factors.total())), offset(first) {
        while (first >= factors.width[mode]) first -= factors.width[mode++];
    }
};

template <class Kind> struct FactorRowsEach {
    FactorLook<Kind> look;
    __device__ void operator()(int64_t at) const {
        const FactorComponent own(look.factors, at);
        const FactorPlace place(look.factors.size, look.positions + 3 * own.sample);
        const ModeCorners<Kind> corners(look.factors, place, own.mode);
        look.out[at] = ModeChunk<Kind, 1>(look.factors, corners, own.mode, own.first).product(0);
    }
};

template <class Kind> inline void factor_look(int64_t n, FactorLook<Kind> kernel) {
    if (kernel.summed) parallel_for(n, kernel);
    else parallel_for(n * kernel.factors.total(), FactorRowsEach<Kind>{kernel});
}

template <class Kind> inline void factor_pull(int64_t n, FactorPull<Kind> kernel) { parallel_for(n, kernel); }

template <class Kind> struct FactorPushEach {
    FactorGrad<Kind> kernel;
    __device__ void operator()(int64_t at) const {
        const FactorComponent own(kernel.factors, at);
        const float wanted = kernel.of(own.sample)[kernel.summed ? 0 : own.offset];
        if (wanted == 0) return;
        const FactorPlace place(kernel.factors.size, kernel.positions + 3 * own.sample);
        const ModeCorners<Kind> corners(kernel.factors, place, own.mode);
        const ModeChunk<Kind, 1> found(kernel.factors, corners, own.mode, own.first);
        for (int k = 0; k < Kind::kTables; k++)
            for (int corner = 0; corner < 1 << Kind::dims(k); corner++)
                atomicAdd(kernel.out[own.mode][k] + corners.at[k][corner] + own.first, corners.w[k][corner] * wanted * found.product(0, k));
    }
};

template <class Kind> inline void factor_push(int64_t n, const FactorGrad<Kind>& kernel) {
    for (int mode = 0; mode < Kind::kModes; mode++)
        for (int k = 0; k < Kind::kTables; k++)
            clear_memory(kernel.out[mode][k], kernel.factors.vertices(mode, k) * kernel.factors.width[mode]);
    parallel_for(n * kernel.factors.total(), FactorPushEach<Kind>{kernel});
}

}  // namespace jnerf
