// Number by number, so that neighbouring threads touch neighbouring numbers.
#pragma once
#include "columns/kernel.h"

namespace jnerf {

struct ColumnsNumber : Columns {
    __device__ void operator()(int64_t i) const { number(i); }
};

inline void copy_columns(int64_t rows, const Columns& kernel) { parallel_for(rows * kernel.count, ColumnsNumber{kernel}); }

}  // namespace jnerf
