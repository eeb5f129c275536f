// The first rows of an array are its first bytes.
#pragma once
#include <cstring>
#include "common/jnerf_common.h"

namespace jnerf {

inline void leading_rows(const void* from, void* to, int64_t bytes) {
#ifdef __CUDACC__
    cuda_check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, 0), "copy of rows");
#else
    memcpy(to, from, bytes);
#endif
}

}  // namespace jnerf
