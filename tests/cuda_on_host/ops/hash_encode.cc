#include "hash_encode/cuda.h"
#include "play.h"
using namespace jnerf;

template <int D, int F> void all(HashGrid grid, const float* grad_out, float* out, float* grad_table, int64_t rows, float* grad_positions) {
    hash_encode_forward<D, F>(grid, out);
    hash_encode_table_grad<D, F>(grid, grad_out, grad_table, rows);
    hash_encode_position_grad<D, F>(grid, grad_out, grad_positions);
}

extern "C" void hash_encode(int64_t dims, int64_t features, const float* positions, const float* table, const float* scales, const int* meta, int64_t n, int64_t levels,
                            int64_t smoothstep, const float* grad_out, float* out, float* grad_table, int64_t rows, float* grad_positions) {
    const HashGrid grid{positions, table, scales, meta, n, (int)levels, smoothstep != 0};
    const auto run = [&](auto call) { call(grid, grad_out, out, grad_table, rows, grad_positions); };
    switch (10 * dims + features) {
        case 21: return run(all<2, 1>);
        case 22: return run(all<2, 2>);
        case 24: return run(all<2, 4>);
        case 28: return run(all<2, 8>);
        case 31: return run(all<3, 1>);
        case 32: return run(all<3, 2>);
        case 34: return run(all<3, 4>);
        case 38: return run(all<3, 8>);
    }
    cuda_on_host::fail("no such grid");
}
