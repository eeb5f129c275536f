// On the CPU a slab is a tile of samples of one thread; products are those of the MLP's float panels. Gradients of the
// weights are summed as the MLP's are: the same bits for any number of threads.
#pragma once
#include "distance_mlp/schedule.h"
#include "mlp/cpu.h"

namespace jnerf {

struct DistanceWeights {
    const float* params;
    Buffer<float> turned[MLP_MAX_LAYERS];  // W^T

    DistanceWeights(const MlpShape& mlp, const float* params, bool turns) : params(params) {
        for (int l = 0; turns && l < mlp.n_layers; l++) {
            const int in = mlp.inputs(l), out = mlp.width[l + 1];
            const float* w = params + mlp.weight[l];
            Buffer<float>& to = turned[l];
            to.resize((size_t)in * out);
            share_out(in, to.size() >= 16384, [&](int64_t i) {
                for (int o = 0; o < out; o++) to[(size_t)i * out + o] = w[(size_t)o * in + i];
            });
        }
    }
};

struct DistanceTile {
    static constexpr int columns = MLP_TILE;
    const MlpShape& mlp;
    const DistanceWeights& operands;
    float* sums = nullptr;  // where gradients of the weights are added up
    std::vector<Buffer<float>> arrays;
    Buffer<float> samples;  // [2 MLP_TILE, padded inputs]: the right operand of weight_grads
    size_t offset[MLP_MAX_LAYERS + 1];  // of a layer in sums: [out, pad(inputs)], then the bias

    DistanceTile(const MlpShape& mlp, const DistanceWeights& operands) : mlp(mlp), operands(operands) {
        int widest = 0;
        offset[0] = 0;
        for (int l = 0; l < mlp.n_layers; l++) {
            widest = std::max(widest, pad(l));
            offset[l + 1] = offset[l] + (size_t)mlp.width[l + 1] * pad(l) + round_up(mlp.width[l + 1], 16);
        }
        samples.resize((size_t)2 * MLP_TILE * widest);
    }
    size_t n_sums() const { return offset[mlp.n_layers]; }
    int pad(int l) const { return round_up(mlp.inputs(l), MLP_PAD); }
    const float* weights(int l) const { return operands.params + mlp.weight[l]; }

    float* array(int rows) {
        arrays.emplace_back((size_t)round_up(rows, MLP_PAD) * columns);
        return arrays.back().data();
    }
    template <class Kernel> void each(int rows, const Kernel& given) {
        const Kernel kernel = given;
        for (int c = 0; c < rows; c++) {
            #pragma GCC ivdep
            for (int column = 0; column < columns; column++) kernel(c, column);
        }
    }
    void product(int l, int rows, const float* b, bool biased, float* c) {
        multiply(weights(l), mlp.inputs(l), rows, mlp.inputs(l), b, columns, biased ? operands.params + mlp.bias[l] : nullptr, c);
    }
    void turned(int l, int rows, const float* b, int ld, float* c) { multiply(operands.turned[l].data(), mlp.width[l + 1], mlp.inputs(l), rows, b, ld, nullptr, c); }

    void weight_grads(int l, int rows, const float* zq, const float* u, const float* pbar) {
        const int in = mlp.inputs(l), k = pbar ? 2 * columns : columns;
        for (int half = 0; half < (pbar ? 2 : 1); half++)
            for (int i = 0; i < in; i += 16)
                for (int s = 0; s < columns; s += 16)
                    transpose16((const uint32_t*)(half ? pbar : u) + (size_t)i * columns + s, columns, (uint32_t*)&samples[(size_t)(half * columns + s) * pad(l) + i], pad(l));
        float* to = sums + offset[l];
        const Product product{rows, pad(l), k, (const uint32_t*)zq, 2 * columns, (const uint32_t*)samples.data(), pad(l)};
        Fp32<false>::product(product, StartSums{to, pad(l)}, StoreSums{to, pad(l)});
        float* bias = to + (size_t)mlp.width[l + 1] * pad(l);
        for (int o = 0; o < rows; o++) bias[o] += Fp32<false>::row_sum(zq + (size_t)o * 2 * columns);
    }
    void first_row(int l, const float* pbar) {
        for (int i = 0; i < mlp.inputs(l); i++) sums[offset[l] + i] += Fp32<false>::row_sum(pbar + (size_t)i * columns);
    }
    void unpack(const float* all, float* grad_params) const {
        for (int l = 0; l < mlp.n_layers; l++) {
            const int in = mlp.inputs(l), out = mlp.width[l + 1];
            for (int o = 0; o < out; o++) std::copy_n(all + offset[l] + (size_t)o * pad(l), in, grad_params + mlp.weight[l] + (int64_t)o * in);
            std::copy_n(all + offset[l] + (size_t)out * pad(l), out, grad_params + mlp.bias[l]);
        }
    }

private:
    static void multiply(const float* a, int lda, int rows, int k, const float* b, int ldb, const float* bias, float* c) {
        const Product product{rows, columns, k, (const uint32_t*)a, lda, (const uint32_t*)b, ldb};
        if (bias) Fp32<false>::product(product, StartBias{bias}, StoreSums{c, columns});
        else Fp32<false>::product(product, StartZero{}, StoreSums{c, columns});
    }
};

// by_x [S, 3] and by_features: null where the derivative is not wanted; values: null where only the distance is.
inline void distance_forward(const DistanceShape& shape, const DistanceInput& in, const float* params, float* distance, float* values, float* by_x, float* by_features) {
    const bool derived = by_x != nullptr;
    const DistanceWeights weights(shape.mlp, params, derived);
    for_tiles(in.n_samples, [&] {
        auto tile = std::make_shared<DistanceTile>(shape.mlp, weights);
        return [&, tile, slab = DistanceSlab<DistanceTile>(*tile, shape, derived, false)](int64_t begin, int n) mutable {
            slab.forward(in, begin, n);
            slab.values(begin, n, values, distance);
            if (!derived) return;
            slab.derivative();
            tile->each(shape.mlp.width[0], DistanceStore{shape, in, begin, n, slab.wide, tile->columns, by_x, by_features});
        };
    });
}

// Gradients that nobody gives are null; so is grad_features where nobody wants it.
inline void distance_backward(const DistanceShape& shape, const DistanceInput& in, const float* params, const float* grad_distance, const float* grad_values,
                              const float* grad_by_x, const float* grad_by_features, float* grad_params, float* grad_features) {
    const bool second = grad_by_x || grad_by_features;
    const DistanceWeights weights(shape.mlp, params, true);
    const DistanceTile layout(shape.mlp, weights);
    const Buffer<float>& sums = sum_tiles(in.n_samples, layout.n_sums(), [&] {
        auto tile = std::make_shared<DistanceTile>(shape.mlp, weights);
        return [&, tile, slab = DistanceSlab<DistanceTile>(*tile, shape, second, true)](int64_t begin, int n, float* to) mutable {
            tile->sums = to;
            slab.forward(in, begin, n);
            if (second) slab.derivative();
            slab.backward(in, begin, n, second, grad_values, grad_distance, grad_by_x, grad_by_features, grad_features);
        };
    });
    layout.unpack(sums.data(), grad_params);
}

}  // namespace jnerf
