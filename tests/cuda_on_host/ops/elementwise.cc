// Ops whose CUDA path is one call per element.
#include "adam/cuda.h"
#include "ema/cuda.h"
#include "frequency_encode/cuda.h"
#include "frustum_gaussians/cuda.h"
#include "grid_interp/cuda.h"
#include "integrated_encode/cuda.h"
#include "mesh_distance/cuda.h"
#include "occupancy/cuda.h"
#include "play.h"
#include "project_gaussians/cuda.h"
#include "sh_encode/cuda.h"
#include "touched_rows/cuda.h"
#include "visual_hull/cuda.h"
using namespace jnerf;

static AdamRule rule_of(const float* r) { return {r[0], r[1], r[2], r[3], r[4], r[5]}; }

extern "C" void dense(int64_t n, const float* rule, float decay, const float* grads, float* params, float* m, float* v) { adam_dense(n, rule_of(rule), decay, grads, params, m, v); }
extern "C" void sparse(int64_t n, const float* rule, const float* grads, const float* table, int64_t last, float* params, float* m, float* v, int* counts) {
    adam_sparse(n, rule_of(rule), grads, table, (int)last, params, m, v, counts);
}
extern "C" void marked_rows(int64_t n_rows, int64_t width, const float* table, int* words) { mark_rows(table, n_rows, (int)width, words); }
extern "C" void packed_rows(int64_t n_words, int64_t width, const int* words, const int* firsts, const float* table, float* rows) {
    move_rows<true>(n_words, words, firsts, (int)width, table, rows);
}
extern "C" void unpacked_rows(int64_t n_words, int64_t width, const int* words, const int* firsts, const float* rows, float* table) {
    move_rows<false>(n_words, words, firsts, (int)width, rows, table);
}
extern "C" void average(int64_t n, float decay, float rest, const float* values, float* averages) { ema(n, decay, rest, values, averages); }

extern "C" void frequency(int64_t n, int64_t dims, int64_t count, int64_t include, float scale, float offset, const float* x, const float* frequencies, const float* weights, float* values,
                          const float* grad_values, float* grad_x) {
    const FrequencyShape shape{(int)dims, (int)count, (int)include, scale, offset};
    frequency_encode(n, shape, x, frequencies, weights, values);
    frequency_encode_backward(n, shape, frequencies, values, grad_values, grad_x);
}

extern "C" void integrated(int64_t n, int64_t dims, int64_t count, float scale, float offset, const float* means, const float* variances, float* values) {
    integrated_encode(n, {{(int)dims, (int)count, 0, scale, offset}, means, variances, values});
}

extern "C" void integrated_backward(int64_t n, int64_t dims, int64_t count, float scale, float offset, const float* values, const float* grad, float* grad_means, float* grad_variances) {
    integrated_encode_backward(n * dims, {{(int)dims, (int)count, 0, scale, offset}, values, grad, grad_means, grad_variances});
}

extern "C" void gaussians(int64_t n, const float* o, const float* d, const float* radii, const float* starts, const float* ends, const int* rays, float* means, float* variances) {
    frustum_gaussians(n, {o, d, radii, starts, ends, rays, means, variances});
}

extern "C" void gaussians_backward(int64_t n_rays, const float* d, const float* radii, const float* starts, const float* ends, const int* packed, const float* grad_means,
                                   const float* grad_variances, float* grad_o, float* grad_d) {
    frustum_gaussians_backward(n_rays, {d, radii, starts, ends, packed, grad_means, grad_variances, grad_o, grad_d});
}

static ProjectionSpace space_of(const float* middle, const float* inverse, int64_t norm) {
    return {{middle[0], middle[1], middle[2]}, {inverse[0], inverse[1], inverse[2]}, (ContractionNorm)norm};
}
extern "C" void projected(int64_t n, const float* middle, const float* inverse, int64_t norm, int64_t count, const float* o, const float* d, const float* radii, const float* starts,
                          const float* ends, const int* rays, const float* directions, float* means, float* variances) {
    project_gaussians(n, {space_of(middle, inverse, norm), (int)count, o, d, radii, starts, ends, rays, directions, means, variances});
}
extern "C" void projected_backward(int64_t n_rays, const float* middle, const float* inverse, int64_t norm, int64_t count, const float* o, const float* d, const float* radii,
                                   const float* starts, const float* ends, const int* packed, const float* directions, const float* grad_means, const float* grad_variances,
                                   float* grad_o, float* grad_d) {
    project_gaussians_backward(n_rays, {space_of(middle, inverse, norm), (int)count, o, d, radii, starts, ends, packed, directions, grad_means, grad_variances, grad_o, grad_d});
}

extern "C" void interp(int64_t n, const int* sizes, int64_t smooth, const float* positions, const float* grid, float* values, const float* grad_values, float* grad_positions, float* grad_grid) {
    const auto shape = grid_shape<3>(sizes, (double)smooth);
    grid_interp<3>(n, shape, positions, grid, values);
    grid_interp_backward_positions<3>(n, shape, positions, grid, grad_values, grad_positions);
    grid_interp_backward_grid<3>(n, shape, positions, grad_values, grad_grid);
}

extern "C" void sh(int64_t n, const float* directions, float* values, const float* grad_values, float* grad_directions) {
    sh_encode<4>(n, directions, values);
    sh_encode_backward<4>(n, directions, grad_values, grad_directions);
}

extern "C" void update(const float* grid, int64_t n_cells, const int* cells, const float* sigmas, int64_t n, float step, float decay, float* out) {
    update_grid(grid, n_cells, cells, sigmas, n, step, decay, out);
}
extern "C" void choose(const float* grid, int64_t res, int64_t levels, int64_t seed, int64_t update, int64_t first, int64_t n, float threshold, int* cells, float* positions) {
    candidates(n, {grid, (int)res, (int)levels, (uint32_t)seed, (uint32_t)update, (uint32_t)first, (uint32_t)n, threshold, cells, positions});
}
extern "C" void bitfield(const float* grid, int64_t res, int64_t levels, float most, double* sums, float* stats, uint8_t* bits, uint8_t* blocks) {
    build_bitfield(grid, (int)res, (int)levels, most, sums, stats, (uint64_t*)bits, blocks);
}
extern "C" void hull(const float* grid, const float* cameras, const int* counts, int64_t n_cameras, int64_t rows, int64_t cols, int64_t res, int64_t levels, int64_t least, float block, float* out) {
    carve(res * res * res * levels, {grid, cameras, counts, (int)n_cameras, (int)rows, (int)cols, (int)res, (int)levels, (int)least, block, out});
}
extern "C" void mesh(int64_t n, const float* boxes, const float* areas, const float* triangles, const int* numbers, const float* normals, int64_t depth, const float* points, int64_t side,
                     float reach, float* distances, float* nearest, int* faces) {
    const MeshArrays arrays{boxes, areas, triangles, numbers, normals, (int)depth};
    mesh_distance(n, {arrays, points, nullptr, 0, (int)side, reach, distances, nearest, faces});
}
