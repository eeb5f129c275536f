#include "hash_encode/cuda.h"
#include "hash_encode_gradient/cuda.h"
#include "play.h"
using namespace jnerf;

template <int D, int F> struct Encode {
    static void run(HashGrid grid, const float* grad_out, float* out, float* grad_table, int64_t rows, float* grad_positions) {
        hash_encode_forward<D, F>(grid, out);
        hash_encode_table_grad<D, F>(grid, grad_out, grad_table, rows);
        hash_encode_position_grad<D, F>(grid, grad_out, grad_positions);
    }
};

template <int D, int F> struct HalfGrad {
    static void run(HashGrid grid, const float* grad_out, float* grad_table, int64_t rows) { hash_encode_table_grad_half<D, F>(grid, grad_out, grad_table, rows); }
};

template <int D, int F> struct Gradient {
    static void run(HashGrid grid, const float* directions, const float* v, float* gradient, float* grad_v, float* grad_table, int64_t rows, float* grad_positions) {
        hash_gradient_forward<D, F>(grid, v, gradient);
        grid.directions = directions;
        hash_gradient_value_grad<D, F>(grid, grad_v);
        hash_gradient_table_grad<D, F>(grid, v, grad_table, rows);
        hash_gradient_position_grad<D, F>(grid, v, grad_positions);
    }
};

template <template <int, int> class Op, class... Arguments> void choose(int64_t dims, int64_t features, Arguments... arguments) {
    switch (10 * dims + features) {
        case 21: return Op<2, 1>::run(arguments...);
        case 22: return Op<2, 2>::run(arguments...);
        case 24: return Op<2, 4>::run(arguments...);
        case 28: return Op<2, 8>::run(arguments...);
        case 31: return Op<3, 1>::run(arguments...);
        case 32: return Op<3, 2>::run(arguments...);
        case 34: return Op<3, 4>::run(arguments...);
        case 38: return Op<3, 8>::run(arguments...);
    }
    cuda_on_host::fail("no such grid");
}

extern "C" void hash_encode(int64_t dims, int64_t features, const float* positions, const float* table, const float* scales, const int* meta, int64_t n, int64_t levels,
                            int64_t smoothstep, const float* grad_out, float* out, float* grad_table, int64_t rows, float* grad_positions) {
    const HashGrid grid{positions, table, scales, meta, n, (int)levels, smoothstep != 0};
    choose<Encode>(dims, features, grid, grad_out, out, grad_table, rows, grad_positions);
}

extern "C" void hash_encode_half(int64_t dims, int64_t features, const float* positions, const float* table, const float* scales, const int* meta, int64_t n, int64_t levels,
                                 int64_t smoothstep, const float* grad_out, float* grad_table, int64_t rows) {
    choose<HalfGrad>(dims, features, HashGrid{positions, table, scales, meta, n, (int)levels, smoothstep != 0}, grad_out, grad_table, rows);
}

extern "C" void hash_encode_gradient(int64_t dims, int64_t features, const float* positions, const float* table, const float* scales, const int* meta, int64_t n,
                                     int64_t levels, int64_t smoothstep, const float* directions, const float* v, float* gradient, float* grad_v, float* grad_table,
                                     int64_t rows, float* grad_positions) {
    const HashGrid grid{positions, table, scales, meta, n, (int)levels, smoothstep != 0};
    choose<Gradient>(dims, features, grid, directions, v, gradient, grad_v, grad_table, rows, grad_positions);
}
