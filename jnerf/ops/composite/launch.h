// Rays, then the padding behind them. Included behind `composite_rays` of a device.
#pragma once
#include "composite/kernel.h"

namespace jnerf {

JNERF_ENTRY void composite_forward(int64_t n_rays, int64_t n, const CompositeForward& kernel) {
    composite_rays(n_rays, kernel);
    behind_rays(kernel.in.packed_info, n_rays, n, CompositePadding{kernel.weights, kernel.trans});
}

JNERF_ENTRY void composite_backward(int64_t n_rays, int64_t n, const CompositeBackward& kernel) {
    composite_rays(n_rays, kernel);
    behind_rays(kernel.in.packed_info, n_rays, n, CompositePaddingGrad{kernel.grad_sigmas, kernel.grad_rgbs});
}

}  // namespace jnerf
