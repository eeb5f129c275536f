// Row by row.
#pragma once
#include "columns/kernel.h"

namespace jnerf {

struct ColumnsRow : Columns {
    void operator()(int64_t i) const { row(i); }
};

inline void copy_columns(int64_t rows, const Columns& kernel) { parallel_for(rows, ColumnsRow{kernel}); }

}  // namespace jnerf
