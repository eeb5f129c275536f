// What is computed of a slab of samples, in which order; see kernel.h. An `Engine` has
//   columns, array(rows): floats [rows, columns];
//   product(layer, rows, b, biased, c): c [rows, columns] = W b (+ bias), the first rows of it;
//   turned(layer, rows, b, ld, c): c [inputs, columns] = W^T b of the first rows of W;
//   weight_grads(layer, rows, zq, u, pbar): gradients of W and bias from zbar u^T (+ q pbar^T), zbar and q side by side;
//   first_row(layer, pbar): adds the sums of pbar's rows to W's first row;
//   each(rows, kernel): kernel(channel, column) for all of them.
#pragma once
#include "distance_mlp/kernel.h"

namespace jnerf {

template <class Engine> struct DistanceSlab {
    Engine& e;
    const DistanceShape& shape;
    const MlpShape& mlp;
    const int last, columns;
    float *u[MLP_MAX_LAYERS], *slope[MLP_MAX_LAYERS], *zq[MLP_MAX_LAYERS], *pbar[MLP_MAX_LAYERS];
    float *out, *wide, *behind;

    // derived: with the derivative by the input; backward: also for gradients.
    DistanceSlab(Engine& e, const DistanceShape& shape, bool derived, bool backward) : e(e), shape(shape), mlp(shape.mlp), last(shape.mlp.n_layers - 1), columns(e.columns) {
        int widest = mlp.n_out;
        for (int l = 0; l <= last; l++) {
            const int in = mlp.inputs(l), rows = l == last ? mlp.n_out : mlp.width[l + 1];
            u[l] = e.array(in);
            slope[l] = l < last ? e.array(rows) : nullptr;
            zq[l] = backward || (derived && l < last) ? e.array(2 * rows) : nullptr;
            pbar[l] = backward && derived ? e.array(in) : nullptr;
            widest = std::max({widest, in, rows});
        }
        out = backward ? nullptr : e.array(mlp.n_out);
        wide = e.array(widest);
        behind = e.array(mlp.width[0]);
    }

    void forward(const DistanceInput& in, int64_t begin, int64_t n) {
        e.each(mlp.width[0], DistanceLoad{shape, in, begin, n, u[0], columns});
        for (int l = 0; l < last; l++) {
            const int rows = mlp.width[l + 1];
            const float factor = l + 1 == mlp.skip ? DISTANCE_SKIP : 1.0f;
            e.product(l, rows, u[l], true, u[l + 1]);
            if (shape.beta > 0) e.each(rows, DistanceActivate{u[l + 1], slope[l], columns, shape.beta, factor});
            else e.each(rows, DistanceRelu{u[l + 1], slope[l], columns, factor});
            append(u, l + 1, rows);
        }
    }

    void values(int64_t begin, int64_t n, float* values, float* distance) {
        e.product(last, mlp.n_out, u[last], true, out);
        e.each(mlp.n_out, DistanceOut{begin, n, out, columns, mlp.n_out, shape.radius, values, distance});
    }

    // The derivative by the input, [width 0, columns], in `wide`.
    void derivative() {
        e.each(mlp.width[last], DistanceFirstQ{q(last - 1), 2 * columns, e.weights(last), slope[last - 1], columns});
        for (int l = last - 1; l >= 0; l--) {
            e.turned(l, mlp.width[l + 1], q(l), 2 * columns, wide);
            down(l, l > 0 ? q(l - 1) : nullptr, false);
        }
    }

    // Behind forward and, if there are gradients of the derivative (second), derivative.
    void backward(const DistanceInput& in, int64_t begin, int64_t n, bool second, const float* grad_values, const float* grad_distance,
                  const float* grad_by_x, const float* grad_by_features, float* grad_features) {
        if (second) {
            e.each(mlp.width[0], DistanceLoadGrad{shape, in, begin, n, pbar[0], columns, grad_by_x, grad_by_features});
            for (int l = 0; l < last; l++) {
                const int rows = mlp.width[l + 1];
                e.product(l, rows, pbar[l], false, pbar[l + 1]);
                e.each(rows, DistanceUp{pbar[l + 1], slope[l], q(l), zq[l], columns, 2 * columns, shape.beta, l + 1 == mlp.skip ? DISTANCE_SKIP : 1.0f});
                append(pbar, l + 1, rows);
            }
            e.first_row(last, pbar[last]);
        }
        e.each(mlp.n_out, DistanceOutGrad{begin, n, zq[last], columns, 2 * columns, mlp.n_out, shape.radius, grad_values, grad_distance});
        for (int l = last; l >= 0; l--) {
            const int rows = l == last ? mlp.n_out : mlp.width[l + 1];
            e.weight_grads(l, rows, zq[l], u[l], second && l < last ? pbar[l] : nullptr);
            if (l == 0 && !grad_features) return;
            e.turned(l, rows, zq[l], 2 * columns, wide);
            down(l, l > 0 ? zq[l - 1] : nullptr, second);
        }
        e.each(mlp.width[0], DistanceStore{shape, in, begin, n, wide, columns, nullptr, grad_features});
    }

private:
    float* q(int l) { return zq[l] + columns; }

    // The network's input once more, where a layer takes it.
    void append(float* const* arrays, int l, int rows) {
        if (l == mlp.skip) e.each(mlp.width[0], DistanceCopy{arrays[l] + (int64_t)rows * columns, arrays[0], columns, DISTANCE_SKIP, false});
    }

    // A derivative by the inputs of layer l, in `wide`, becomes that by what the layer before sums up, `to`; of the first
    // layer it stays in `wide`, with what came by the skip.
    void down(int l, float* to, bool adds) {
        const bool skips = l == mlp.skip;
        if (l > 0) e.each(mlp.width[l], DistanceDown{to, wide, slope[l - 1], columns, 2 * columns, skips ? DISTANCE_SKIP : 1.0f, adds});
        if (skips) e.each(mlp.width[0], DistanceCopy{behind, wide + (int64_t)mlp.width[l] * columns, columns, DISTANCE_SKIP, false});
        if (l == 0 && mlp.skip > 0) e.each(mlp.width[0], DistanceCopy{wide, behind, columns, 1.0f, true});
    }
};

}  // namespace jnerf
