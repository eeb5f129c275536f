// Adam, four entries a thread. Of a table most entries have no gradient: four zeros cost one load.
#pragma once
#include "adam/kernel.h"
#include "common/numbers/quads.h"
#include "half_copy/quads.h"

namespace jnerf {

struct AdamDenseQuads : AdamDense {
    __device__ void quad(int64_t i) const {
        const float4 g = ((const float4*)grads)[i];
        float4 p = ((float4*)params)[i], mi = ((float4*)m)[i], vi = ((float4*)v)[i];
        update(g.x, p.x, mi.x, vi.x), update(g.y, p.y, mi.y, vi.y), update(g.z, p.z, mi.z, vi.z), update(g.w, p.w, mi.w, vi.w);
        ((float4*)params)[i] = p, ((float4*)m)[i] = mi, ((float4*)v)[i] = vi;
    }
};

__device__ __forceinline__ void copy_quad(NoCopy, int64_t, float4) {}
template <class Stored> __device__ __forceinline__ void copy_quad(HalfCopyOf<Stored> copy, int64_t i, float4 p) { store_quad(p, copy.stored + 4 * i); }
inline bool aligned_copy(NoCopy) { return true; }
template <class Stored> inline bool aligned_copy(HalfCopyOf<Stored> copy) { return aligned_quads(copy.stored); }

// Where an update touches a quad, the copy gets all of it: of the others it holds the same already.
template <class Copy> struct AdamSparseQuads : AdamSparse<Copy> {
    typedef AdamSparse<Copy> Base;
    using Base::grads, Base::params, Base::m, Base::v, Base::counts, Base::update;
    __device__ void quad(int64_t i) const {
        const float4 g = ((const float4*)grads)[i];
        if (g.x == 0 && g.y == 0 && g.z == 0 && g.w == 0) return;
        float4 p = ((float4*)params)[i], mi = ((float4*)m)[i], vi = ((float4*)v)[i];
        int4 t = ((int4*)counts)[i];
        update(g.x, p.x, mi.x, vi.x, t.x), update(g.y, p.y, mi.y, vi.y, t.y), update(g.z, p.z, mi.z, vi.z, t.z), update(g.w, p.w, mi.w, vi.w, t.w);
        ((float4*)params)[i] = p, ((float4*)m)[i] = mi, ((float4*)v)[i] = vi, ((int4*)counts)[i] = t;
        copy_quad(this->copy, i, p);
    }
};

JNERF_ENTRY void adam_dense(int64_t n, AdamRule rule, float decay, const float* grads, float* params, float* m, float* v) {
    parallel_quads<AdamDense>("adam", n, AdamDenseQuads{{rule, decay, grads, params, m, v}}, aligned_quads(grads, params, m, v));
}

template <class Copy = NoCopy> inline void adam_sparse(int64_t n, AdamRule rule, const float* grads, const float* table, int last, float* params, float* m, float* v, int* counts, Copy copy = {}) {
    const bool aligned = aligned_quads(grads, params, m, v, counts) && aligned_copy(copy);
    parallel_quads<AdamSparse<Copy>>("adam", n, AdamSparseQuads<Copy>{{rule, grads, table, last, params, m, v, counts, copy}}, aligned);
}

}  // namespace jnerf
