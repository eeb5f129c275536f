// Ops of tri-planes, and the dot products of their explicit decoder.
#include "plane_interp/cuda.h"
#include "play.h"
#include "plane_variation/cuda.h"
#include "ray_dots/cuda.h"
using namespace jnerf;

static PlaneGrid grid_of(int64_t n, const int* shape, const int* sizes, const float* x, const float* table) {
    PlaneGrid grid{n, shape[0], shape[1], shape[2], shape[3] != 0, {}, x, table};
    for (int s = 0; s < shape[0]; s++) grid.resolution[s] = sizes[s];
    return grid;
}

template <int W> static void planes(const PlaneGrid& grid, const float* grad, const float* directions, float* out, float* grad_x, float* grad_table, float* turned, float* turned_table) {
    plane_interp_forward<W>(grid, out);
    plane_interp_backward_positions<W>(grid, grad, grad_x);
    plane_interp_backward_table<W>(grid, grad, grad_table);
    plane_turned_features<W>(grid, directions, turned);
    plane_turned_table<W>(grid, directions, grad, turned_table);
}
extern "C" void interp(int64_t n, const int* shape, const int* sizes, const float* x, const float* table, const float* grad, const float* directions, float* out, float* grad_x,
                       float* grad_table, float* turned, float* turned_table) {
    const PlaneGrid grid = grid_of(n, shape, sizes, x, table);
    if (shape[1] % 4 == 0) planes<4>(grid, grad, directions, out, grad_x, grad_table, turned, turned_table);
    else planes<1>(grid, grad, directions, out, grad_x, grad_table, turned, turned_table);
}
extern "C" void variation(int64_t g, int64_t F, const float* table, const float* grad, float* out, float* grad_table) {
    const PlaneRows rows{g, F, table};
    plane_variation_start(out);
    plane_variation_forward(rows, out);
    plane_variation_backward(rows, grad, grad_table);
}
extern "C" void dots(const int* shape, int64_t n_rays, const float* features, const float* vectors, const int* rays, const int* packed, const float* grad, float* out, float* grad_features,
                     float* grad_vectors) {
    const RayDotsInput input{shape[0], shape[1], shape[2], shape[3], features, vectors, rays};
    ray_dots({input, out});
    ray_dots_backward_features({input, grad, grad_features});
    ray_dots_backward_vectors(n_rays, {input, packed, grad, grad_vectors});
}
