// Ops of low-rank grids.
#include "cell_mask/cuda.h"
#include "factor_interp/cuda.h"
#include "heavy_samples/cuda.h"
#include "play.h"
using namespace jnerf;

// Looks, and both gradients. `tables` holds all tables one behind the other, as `grad_tables` does.
template <class Kind>
static void both(int64_t n, int64_t summed, const int* sizes, const int* widths, const float* x, const float* tables, float* out, const float* grad, float* grad_x, float* grad_tables) {
    Factors<Kind> factors{{sizes[0], sizes[1], sizes[2]}};
    FactorGrad<Kind> push{factors, x, grad, (int)summed};
    for (int m = 0; m < Kind::kModes; m++) push.factors.width[m] = factors.width[m] = widths[m];
    int64_t at = 0;
    for (int k = 0; k < Kind::kTables; k++)
        for (int m = 0; m < Kind::kModes; m++) {
            push.factors.table[m][k] = factors.table[m][k] = tables + at;
            push.out[m][k] = grad_tables + at;
            at += factors.vertices(m, k) * widths[m];
        }
    factor_look(n, FactorLook<Kind>{factors, x, out, (int)summed});
    factor_push(n, push);
    factor_pull(n, FactorPull<Kind>{factors, x, grad, grad_x, (int)summed});
}

extern "C" void vm(int64_t n, int64_t summed, const int* sizes, const int* widths, const float* x, const float* tables, float* out, const float* grad, float* grad_x, float* grad_tables) {
    both<PlaneLine>(n, summed, sizes, widths, x, tables, out, grad, grad_x, grad_tables);
}
extern "C" void cp(int64_t n, int64_t summed, const int* sizes, const int* widths, const float* x, const float* tables, float* out, const float* grad, float* grad_x, float* grad_tables) {
    both<ThreeLines>(n, summed, sizes, widths, x, tables, out, grad, grad_x, grad_tables);
}
extern "C" void mask(int64_t n, const int* sizes, const float* x, const uint8_t* bits, float* out) { cell_mask(n, {x, bits, {sizes[0], sizes[1], sizes[2]}, out}); }

extern "C" void heavy(int64_t rays, const float* sigmas, const float* t_starts, const float* t_ends, const int* packed_info, float least, int* packed, int* totals, int* rows) {
    const RayWeights weights{sigmas, t_starts, t_ends, packed_info, least};
    heavy_count(rays, {weights, packed}, totals);
    heavy_write(rays, {weights, packed, rows});
}
