// Ops of octrees: features at corners, rays through the tree, codebooks.
#include "codebook/cuda.h"
#include "octree_interp/cuda.h"
#include "octree_march/cuda.h"
#include "play.h"
using namespace jnerf;

// sizes: base, last, first node with corners, whether levels are apart
static OctreeSamples samples_of(int64_t n, const int* nodes, const int* corners, const int* sizes, const float* x, const float* table, const float* directions) {
    return {{nodes, corners, sizes[0], sizes[1], sizes[2]}, n, sizes[3] != 0, x, table, directions};
}

extern "C" void features(int64_t n, const int* nodes, const int* corners, const int* sizes, const float* x, const float* table, const float* directions, const float* grad, int64_t rows,
                         float* out, int* voxels, float* grad_table) {
    const OctreeSamples s = samples_of(n, nodes, corners, sizes, x, table, directions);
    octree_features<5>(s, out);
    octree_locate(s, voxels);
    octree_table_grad<5>(s, voxels, nullptr, grad, grad_table, rows);
}
extern "C" void keep(int64_t n, const int* nodes, const int* corners, const int* sizes, const float* x, const float* values, float* kept) {
    octree_keep(samples_of(n, nodes, corners, sizes, x, nullptr, nullptr), values, kept);
}
extern "C" void gradients(int64_t n, const int* nodes, const int* corners, const int* sizes, const float* x, const float* table, const float* directions, const float* grad, float* pulled, float* curved) {
    octree_pull<5>(samples_of(n, nodes, corners, sizes, x, table, nullptr), grad, pulled);
    octree_curvature<5>(samples_of(n, nodes, corners, sizes, x, table, directions), grad, curved);
}
// sizes: depth, first leaf, intervals per leaf, whether there is jitter
extern "C" void march(int64_t n, const float* o, const float* d, const int* nodes, const int* sizes, float length, int* packed, int* totals, float* starts, float* ends, int* rays, int* leaves) {
    const OctreeMarch march{o, d, nodes, sizes[0], sizes[1], {{0, 0, 0}, {1, 1, 1}}, 0.0f, 9.0f, sizes[2], length, 1024, 3, 5, sizes[3] != 0};
    octree_march_count(n, march, 2147483647, packed, totals);
    if (starts) octree_march_write(n, march, packed, {starts, ends, rays, leaves});
}
extern "C" void codebook(int64_t n, const float* logits, const float* books, const int* starts, int64_t levels, int64_t keys, int64_t width, const float* grad, float* values, int* chosen, float* grad_logits,
                         float* grad_books) {
    const Codebooks all{logits, books, starts, (int)levels, (int)keys, (int)width};
    codebook_values(n, all, values);
    codebook_keys(n, all, chosen);
    codebook_backward(n, all, (int)levels, grad, grad_logits, grad_books);
}
