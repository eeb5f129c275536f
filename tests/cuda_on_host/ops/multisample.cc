// Points with a width: where they lie in a cone, what a hash grid says of them, how large its levels are.
#include "cone_points/cuda.h"
#include "level_squares/cuda.h"
#include "multisample_encode/cuda.h"
#include "play.h"
using namespace jnerf;

template <int F> static void run(const Multisample& in, const float* grad, float* out, float* grad_table, int64_t rows, float* grad_points) {
    multisample_forward<F>(in, out);
    multisample_table_grad<F>(in, grad, grad_table, rows);
    multisample_point_grad<F>(in, grad, grad_points);
}
extern "C" void multisample(const int* shape, const float* points, const float* widths, const float* table, const float* scales, const int* meta, const float* sizes, float factor,
                            const float* grad, float* out, float* grad_table, int64_t rows, float* grad_points) {
    const Multisample in{{points, table, scales, meta, shape[1], shape[2], false}, widths, sizes, shape[0], factor};
    switch (shape[3]) {
        case 1: return run<1>(in, grad, out, grad_table, rows, grad_points);
        case 2: return run<2>(in, grad, out, grad_table, rows, grad_points);
        case 4: return run<4>(in, grad, out, grad_table, rows, grad_points);
    }
    cuda_on_host::fail("no such grid");
}
extern "C" void squares(int64_t levels, int64_t features, int64_t floats, const float* table, const int* meta, const float* grad, float* out, float* grad_table) {
    level_squares(table, meta, levels, features, out);
    level_squares_backward(floats, LevelSquaresGrad{table, grad, meta, (int)levels, (int)features, grad_table});
}
// numbers: middle, inverse of half edges, width; sizes: kind, random, seed, step, draw
extern "C" void cone(int64_t n, int64_t n_rays, const float* o, const float* d, const float* radii, const float* t0, const float* t1, const int* rays, const int* packed,
                     const float* v, const int* k, const float* grad, float* points, float* widths, float* grad_o, float* grad_d) {
    const ConeSpace space{k[0], {v[0], v[1], v[2]}, {v[3], v[4], v[5]}, v[6]};
    const ConePieces in{o, d, radii, t0, t1, rays, packed, n, space, k[1] != 0, (uint32_t)k[2], (uint32_t)k[3], (uint32_t)k[4]};
    cone_points({in, points, widths});
    cone_points_backward(n_rays, {in, grad, grad_o, grad_d});
}
