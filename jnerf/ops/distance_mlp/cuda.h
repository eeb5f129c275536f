// On CUDA a slab is many samples, and each product or function of its elements a kernel of its own, launched from here one
// behind the other. Products are plain float: what is differentiated twice keeps its digits.
#pragma once
#include "distance_mlp/schedule.h"
#include "mlp/cuda/product.h"

#ifndef JNERF_DISTANCE_SLAB
#define JNERF_DISTANCE_SLAB 16384  // samples: enough blocks for every multiprocessor, within some 700 MB
#endif

namespace jnerf {

constexpr int DISTANCE_PART = 256;    // columns of a sum over samples

template <class Kernel> struct DistanceEach {
    Kernel kernel;
    int columns;
    JNERF_FN void operator()(int64_t i) const { kernel((int)(i / columns), (int)(i % columns)); }
};

// Part `i / rows` of the sum of a row.
struct DistanceRowPart {
    const float* from;
    int rows, ld, columns;
    float* parts;  // [parts, rows]
    JNERF_FN void operator()(int64_t i) const {
        const int begin = (int)(i / rows) * DISTANCE_PART, end = begin + DISTANCE_PART < columns ? begin + DISTANCE_PART : columns;
        const float* row = from + i % rows * ld;
        float sum = 0.0f;
        for (int c = begin; c < end; c++) sum += row[c];
        parts[i] = sum;
    }
};

struct DistanceZero {
    float* to;
    JNERF_FN void operator()(int64_t i) const { to[i] = 0.0f; }
};

struct DistanceDevice {
    const MlpShape& mlp;
    const float* params;
    float* grad_params;
    int columns;
    float *memory = nullptr, *slices = nullptr;  // null while sizes are counted
    int64_t taken = 0, parts;

    DistanceDevice(const MlpShape& mlp, const float* params, float* grad_params, int columns) : mlp(mlp), params(params), grad_params(grad_params), columns(columns) {
        parts = blocks_of(columns, DISTANCE_PART);
    }
    // Of the slices of one layer's gradients.
    int64_t n_slices() const {
        int64_t most = 0;
        for (int l = 0; l < mlp.n_layers; l++) most = std::max<int64_t>(most, (int64_t)(mlp.inputs(l) + 1) * mlp.width[l + 1]);
        return most * parts;
    }
    const float* weights(int l) const { return params + mlp.weight[l]; }
    float* array(int rows) {
        float* found = memory ? memory + taken : nullptr;
        taken += (int64_t)rows * columns;
        return found;
    }
    template <class Kernel> void each(int rows, const Kernel& kernel) { parallel_for((int64_t)rows * columns, DistanceEach<Kernel>{kernel, columns}); }
    void product(int l, int rows, const float* b, bool biased, float* c) {
        const int in = mlp.inputs(l);
        plain_product({rows, columns, in, in, weights(l), b, biased ? params + mlp.bias[l] : nullptr, in, 1, columns, 1, c, columns, 0});
    }
    void turned(int l, int rows, const float* b, int ld, float* c) {
        const int in = mlp.inputs(l);
        plain_product({in, columns, rows, rows, weights(l), b, nullptr, 1, in, ld, 1, c, columns, 0});
    }
    void weight_grads(int l, int rows, const float* zq, const float* u, const float* pbar) {
        const int in = mlp.inputs(l);
        const int64_t size = (int64_t)rows * in;
        for (int half = 0; half < (pbar ? 2 : 1); half++) {
            const float *a = zq + half * columns, *b = half ? pbar : u;
            plain_product({rows, in, columns, DISTANCE_PART, a, b, nullptr, 2 * columns, 1, 1, columns, slices, in, size}, (int)parts);
            parallel_for(size, AddSlices{slices, size, parts, grad_params + mlp.weight[l]});
        }
        row_sums(zq, rows, 2 * columns, grad_params + mlp.bias[l]);
    }
    void first_row(int l, const float* pbar) { row_sums(pbar, mlp.inputs(l), columns, grad_params + mlp.weight[l]); }

private:
    void row_sums(const float* from, int rows, int ld, float* to) {
        parallel_for(parts * rows, DistanceRowPart{from, rows, ld, columns, slices});
        parallel_for(rows, AddSlices{slices, rows, parts, to});
    }
};

// Calls run(device, slab, first sample, samples) for slabs of all samples.
template <class Run>
inline void distance_slabs(const DistanceShape& shape, int64_t n, const float* params, float* grad_params, bool derived, const Run& run) {
    if (n <= 0) return;
    const bool backward = grad_params != nullptr;
    DistanceDevice device(shape.mlp, params, grad_params, (int)std::min<int64_t>(n, JNERF_DISTANCE_SLAB));
    { DistanceSlab<DistanceDevice> sizes(device, shape, derived, backward); }
    CudaScratch<float> memory(device.taken, "distance_mlp"), slices(backward ? device.n_slices() : 1, "gradients of distance_mlp");
    device.memory = memory.data, device.slices = slices.data, device.taken = 0;
    DistanceSlab<DistanceDevice> slab(device, shape, derived, backward);
    in_blocks(n, device.columns, [&](int64_t begin, int64_t count) { run(device, slab, begin, count); });
}

JNERF_ENTRY void distance_forward(const DistanceShape& shape, const DistanceInput& in, const float* params, float* distance, float* values, float* by_x, float* by_features) {
    const bool derived = by_x != nullptr;
    distance_slabs(shape, in.n_samples, params, nullptr, derived, [&](DistanceDevice& device, DistanceSlab<DistanceDevice>& slab, int64_t begin, int64_t n) {
        slab.forward(in, begin, n);
        slab.values(begin, n, values, distance);
        if (!derived) return;
        slab.derivative();
        device.each(shape.mlp.width[0], DistanceStore{shape, in, begin, n, slab.wide, slab.columns, by_x, by_features});
    });
}

JNERF_ENTRY void distance_backward(const DistanceShape& shape, const DistanceInput& in, const float* params, const float* grad_distance, const float* grad_values,
                              const float* grad_by_x, const float* grad_by_features, float* grad_params, float* grad_features) {
    const bool second = grad_by_x || grad_by_features;
    parallel_for(shape.mlp.n_params, DistanceZero{grad_params});
    distance_slabs(shape, in.n_samples, params, grad_params, second, [&](DistanceDevice&, DistanceSlab<DistanceDevice>& slab, int64_t begin, int64_t n) {
        slab.forward(in, begin, n);
        if (second) slab.derivative();
        slab.backward(in, begin, n, second, grad_values, grad_distance, grad_by_x, grad_by_features, grad_features);
    });
}

}  // namespace jnerf
