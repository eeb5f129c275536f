// Which of the engines multiplies.
#pragma once
#include "mlp/bf16.h"

namespace jnerf {

// Calls with the engine that is asked for; by itself the fastest. Without bf16 instructions, bf16 rounds the operands and
// multiplies floats: the same numbers to the rounding of sums, no faster than float.
template <class Call> inline void with_precision(MlpPrecision precision, const Call& call) {
#if defined(JNERF_BF16)
    if (precision == MlpPrecision::fp32) call(Fp32<false>());
    else call(Bf16());
#else
    if (precision == MlpPrecision::bf16) call(Fp32<true>());
    else call(Fp32<false>());
#endif
}

}  // namespace jnerf
