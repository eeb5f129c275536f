// Adam, four entries a thread. Of a table most entries have no gradient: four zeros cost one load.
#pragma once
#include "adam/kernel.h"
#include "adam/quads.h"

namespace jnerf {

struct AdamDenseQuads : AdamDense {
    __device__ void quad(int64_t i) const {
        const float4 g = ((const float4*)grads)[i];
        float4 p = ((float4*)params)[i], mi = ((float4*)m)[i], vi = ((float4*)v)[i];
        update(g.x, p.x, mi.x, vi.x), update(g.y, p.y, mi.y, vi.y), update(g.z, p.z, mi.z, vi.z), update(g.w, p.w, mi.w, vi.w);
        ((float4*)params)[i] = p, ((float4*)m)[i] = mi, ((float4*)v)[i] = vi;
    }
};

struct AdamSparseQuads : AdamSparse {
    __device__ void quad(int64_t i) const {
        const float4 g = ((const float4*)grads)[i];
        if (g.x == 0 && g.y == 0 && g.z == 0 && g.w == 0) return;
        float4 p = ((float4*)params)[i], mi = ((float4*)m)[i], vi = ((float4*)v)[i];
        int4 t = ((int4*)counts)[i];
        update(g.x, p.x, mi.x, vi.x, t.x), update(g.y, p.y, mi.y, vi.y, t.y), update(g.z, p.z, mi.z, vi.z, t.z), update(g.w, p.w, mi.w, vi.w, t.w);
        ((float4*)params)[i] = p, ((float4*)m)[i] = mi, ((float4*)v)[i] = vi, ((int4*)counts)[i] = t;
    }
};

JNERF_ENTRY void adam_dense(int64_t n, AdamRule rule, float decay, const float* grads, float* params, float* m, float* v) {
    parallel_quads<AdamDense>("adam", n, AdamDenseQuads{{rule, decay, grads, params, m, v}}, aligned_quads(grads, params, m, v));
}

JNERF_ENTRY void adam_sparse(int64_t n, AdamRule rule, const float* grads, const float* table, int last, float* params, float* m, float* v, int* counts) {
    parallel_quads<AdamSparse>("adam", n, AdamSparseQuads{{rule, grads, table, last, params, m, v, counts}}, aligned_quads(grads, params, m, v, counts));
}

}  // namespace jnerf
