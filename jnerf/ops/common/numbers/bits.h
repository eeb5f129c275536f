// A float's bits as a number, and back.
#pragma once
#include <cstring>
#include "common/jnerf_common.h"

namespace jnerf {

JNERF_FN uint32_t bits_of(float number) {
#ifdef __CUDA_ARCH__
    return __float_as_uint(number);  // of memory that memcpy takes for unaligned, bytes would be loaded one by one
#else
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
#endif
}

JNERF_FN float float_of(uint32_t bits) {
#ifdef __CUDA_ARCH__
    return __uint_as_float(bits);
#else
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
#endif
}

}  // namespace jnerf
