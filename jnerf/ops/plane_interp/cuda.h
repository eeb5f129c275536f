// Tri-planes on CUDA: a thread has W features of one sample on one scale, so that the threads of a warp read rows whole.
#pragma once
#include "hash_encode/rows_cuda.h"
#include "plane_interp/kernel.h"
#include "plane_interp/turned.h"

namespace jnerf {

// Which sample, scale and features thread `index` has: features first, then samples, then scales.
template <int W> struct PlaneJob {
    int scale, f;
    int64_t i;
    JNERF_FN PlaneJob(const PlaneGrid& grid, int64_t index) {
        const int chunks = grid.n_features / W;
        f = (int)(index % chunks) * W;
        i = index / chunks % grid.n_samples;
        scale = (int)(index / chunks / grid.n_samples);
    }
};

template <int W> struct PlaneInterpForward {
    PlaneGrid grid;
    float* features;
    JNERF_FN void operator()(int64_t index) const {
        const PlaneJob<W> job(grid, index);
        const int F = grid.n_features, width = grid.combine == PLANE_CONCAT ? 3 : 1;
        float sum[3][W] = {};
        for (int s = 0; s < (grid.summed ? grid.n_scales : 1); s++) {
            float values[3][W];
            for (int p = 0; p < 3; p++) {
                const PlaneCell cell(grid, job.scale + s, p, grid.positions + 3 * job.i);
                cell.template look<W>(F, job.f, cell.w, values[p]);
            }
            for (int l = 0; l < W; l++) {
                if (grid.combine == PLANE_CONCAT)
                    for (int p = 0; p < 3; p++) sum[p][l] += values[p][l];
                else if (grid.combine == PLANE_PRODUCT) sum[0][l] += values[0][l] * values[1][l] * values[2][l];
                else sum[0][l] += (values[0][l] + values[1][l] + values[2][l]) * (grid.combine == PLANE_MEAN ? 1.0f / 3 : 1.0f);
            }
        }
        float* out = features + grid.feature(job.scale, job.i) + job.f;
        for (int p = 0; p < width; p++)
            for (int l = 0; l < W; l++) out[p * F + l] = sum[p][l];
    }
};

template <int W> inline void plane_interp_forward(PlaneGrid grid, float* features) {
    parallel_for((grid.summed ? 1 : grid.n_scales) * grid.n_samples * (grid.n_features / W), PlaneInterpForward<W>{grid, features});
}

template <int W> struct PlaneInterpBackwardTable {
    PlaneGrid grid;
    const float* grad_features;
    float* grad_table;
    __device__ void operator()(int64_t index) const {
        const PlaneJob<W> job(grid, index);
        const int F = grid.n_features;
        const float *x = grid.positions + 3 * job.i, *grad = grad_features + grid.feature(job.scale, job.i);
        const PlaneCell cells[3] = {{grid, job.scale, 0, x}, {grid, job.scale, 1, x}, {grid, job.scale, 2, x}};
        float values[3][W] = {};
        if (grid.combine == PLANE_PRODUCT)
            for (int p = 0; p < 3; p++) cells[p].template look<W>(F, job.f, cells[p].w, values[p]);
        for (int p = 0; p < 3; p++) {
            float factor[W];
            plane_factor<W>(grid, p, values, grad, job.f, factor);
            for (int c = 0; c < 4; c++) {
                float share[W];
                for (int l = 0; l < W; l++) share[l] = cells[p].w[c] * factor[l];
                add_row<W>(grad_table + (cells[p].rows - grid.table) + cells[p].offset(c, F) + job.f, share);
            }
        }
    }
};

inline void plane_clear(const PlaneGrid& grid, float* grad_table) {
    clear_memory(grad_table, grid.first_row(grid.n_scales) * grid.n_features);
}

template <int W> inline void plane_interp_backward_table(PlaneGrid grid, const float* grad_features, float* grad_table) {
    plane_clear(grid, grad_table);
    parallel_for(grid.n_scales * grid.n_samples * (grid.n_features / W), PlaneInterpBackwardTable<W>{grid, grad_features, grad_table});
}

template <int W> inline void plane_interp_backward_positions(PlaneGrid grid, const float* grad_features, float* grad_positions) {
    parallel_for(grid.n_samples, PlaneInterpBackwardPositions<W>{grid, grad_features, grad_positions});
}

template <int W> inline void plane_turned_features(PlaneGrid grid, const float* directions, float* out) {
    parallel_for(grid.n_samples, PlaneTurnedFeatures<W>{grid, directions, out});
}

// Called from functions of host and device alike, on the device alone.
template <int W> struct PlaneAtomicAdd {
    float* table;
    JNERF_FN void operator()(int64_t at, const float (&v)[W]) const {
#ifdef __CUDA_ARCH__
        add_row<W>(table + at, v);
#endif
    }
};

template <int W> struct PlaneTurnedTable {
    PlaneGrid grid;
    const float *directions, *grad_features;
    float* grad_table;
    __device__ void operator()(int64_t index) const {
        const int64_t i = index / (3 * grid.n_scales);
        const int scale = (int)(index / 3 % grid.n_scales), plane = (int)(index % 3);
        plane_turned_rows<W>(grid, scale, plane, i, directions + 3 * i, grad_features + grid.feature(scale, i), PlaneAtomicAdd<W>{grad_table});
    }
};

template <int W> inline void plane_turned_table(PlaneGrid grid, const float* directions, const float* grad_features, float* grad_table) {
    plane_clear(grid, grad_table);
    parallel_for(grid.n_samples * 3 * grid.n_scales, PlaneTurnedTable<W>{grid, directions, grad_features, grad_table});
}

}  // namespace jnerf
