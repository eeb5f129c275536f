// Ops of a sparse voxel grid, and its optimiser.
#include "rmsprop/cuda.h"
#include "play.h"
#include "voxel_grid/cuda.h"
#include "voxel_variation/cuda.h"
using namespace jnerf;

static VoxelLinks links_of(const int* links, const int* shape) { return {links, {shape[2], shape[1], shape[0]}}; }

extern "C" void field(int64_t n, const int* links, const int* shape, const float* x, const float* d, const int* rays, const float* density, const float* sh, float* sigmas, float* rgbs,
                      const float* grad_sigmas, const float* grad_rgbs, const int* planes, int64_t rows, float* grad_density, float* grad_sh) {
    const VoxelLinks grid = links_of(links, shape);
    voxel_field(n, {grid, x, d, rays, density, sh, sigmas, rgbs});
    voxel_field_backward(n, {grid, x, d, rays, sigmas, rgbs, grad_sigmas, grad_rgbs}, planes, rows, grad_density, grad_sh);
}
extern "C" void field_rays(int64_t n, const int* links, const int* shape, const float* x, const float* d, const int* rays, const float* density, const float* sh, const float* sigmas,
                           const float* rgbs, const float* grad_sigmas, const float* grad_rgbs, float* grad_x, float* grad_d) {
    voxel_field_rays_backward(n, {{links_of(links, shape), x, d, rays, sigmas, rgbs, grad_sigmas, grad_rgbs}, density, sh, grad_x, grad_d});
}
extern "C" void voxels(int64_t n, const int* links, const int* shape, int64_t width, const float* x, const float* values, float* out) {
    voxel_interp(n, {links_of(links, shape), (int)width, x, values, out});
}
extern "C" void variation(const int* links, const int* cells, const int* shape, int64_t rows, int64_t first, int64_t count, int64_t width, const float* values, float* out,
                          float* grad_values) {
    const VoxelNeighbours grid{links, cells, {shape[2], shape[1], shape[0]}, rows, first, count, {shape[2] / 256.0f, shape[1] / 256.0f, shape[0] / 256.0f}};
    voxel_variation({grid, (int)width, values}, 1.0f / count, out);
    voxel_variation_backward({grid, (int)width, values, 1.0f / count, grad_values});
}
extern "C" void rmsprop(int64_t n, int64_t width, float rate, float beta, float rest, float eps, const float* grads, float* params, float* v) {
    rmsprop_rows(n, {{rate, beta, rest, eps}, (int)width, grads, params, v});
}
