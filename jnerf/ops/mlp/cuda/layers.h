// An MLP that the fused kernels do not take (wide, with biases, with a skip connection), a layer at a time: products by
// cuBLAS, operands in bf16 and sums in float, or all in float; between them one kernel of ours for each layer. Arrays are
// [samples, channels], rows padded to ALIGN elements. Blocks of samples bound the memory, and the backward pass computes
// activations again, as the CPU does. Sums have a fixed order: no atomics.
#pragma once
#include "mlp/cuda/cublas.h"
#include "mlp/cuda/mma.h"
#include "mlp/cuda/plain.h"
#include "mlp/cuda/product.h"

#ifndef JNERF_LAYERS_BYTES
#define JNERF_LAYERS_BYTES (256ll << 20)  // of a block of samples
#endif

namespace jnerf {

constexpr int LAYERS_ALIGN = 8;    // elements: rows of bf16 begin at 16 bytes, as tensor cores want them
constexpr int LAYERS_PART = 256;   // rows of a part of a bias's gradient
constexpr int64_t LAYERS_ROWS = 1 << 20;  // of a block at most: sizes of cuBLAS and of grids have 32 bits and less

struct LayersFloat {
    typedef float Item;
    static constexpr bool kBf16 = false;
    JNERF_FN static float from(float v) { return v; }
    JNERF_FN static float to(float v) { return v; }
};
struct LayersBf16 {
    typedef uint16_t Item;
    static constexpr bool kBf16 = true;
    __device__ __forceinline__ static uint16_t from(float v) { return Bf16::from(v); }
    __device__ __forceinline__ static float to(uint16_t v) { return Bf16::to(v); }
};

JNERF_FN int layers_pad(int width) { return (width + LAYERS_ALIGN - 1) / LAYERS_ALIGN * LAYERS_ALIGN; }

// Layer l's weights as operands, rows padded with zeros.
template <class T> struct LayersPack {
    const float* w;
    int in, ld;
    typename T::Item* to;
    __device__ __forceinline__ void operator()(int64_t i) const {
        const int c = (int)(i % ld);
        to[i] = T::from(c < in ? w[i / ld * in + c] : 0.0f);
    }
};

// The network's input to the first layer, and once more behind `width` channels where a layer takes it again.
template <class T, class Input> struct LayersLoad {
    Input input;
    int64_t begin;
    int width, ld, again_at, again_ld;
    typename T::Item *to, *again;  // again: null without
    __device__ __forceinline__ void operator()(int64_t i) const {
        const int64_t row = i / width;
        const int c = (int)(i % width);
        const typename T::Item v = T::from(input.load(begin + row, c));
        to[row * ld + c] = v;
        if (again) again[row * again_ld + again_at + c] = v;
    }
};

template <class T> struct LayersRelu {
    const float *sums, *bias;  // bias: null without
    int width, ld;
    typename T::Item* to;
    __device__ __forceinline__ void operator()(int64_t i) const {
        const int c = (int)(i % width);
        const float v = sums[i] + (bias ? bias[c] : 0.0f);
        to[i / width * ld + c] = T::from(v < 0.0f ? 0.0f : v);
    }
};

struct LayersOut {
    const float *sums, *bias;
    int width;
    float* out;
    JNERF_FN void operator()(int64_t i) const { out[i] = sums[i] + (bias ? bias[i % width] : 0.0f); }
};

template <class T> struct LayersOutGrad {
    const float* grad_out;
    int width, ld;
    typename T::Item* to;
    __device__ __forceinline__ void operator()(int64_t i) const { to[i / width * ld + i % width] = T::from(grad_out[i]); }
};

// The gradient of a layer's input through the ReLU before it; what belongs to the network's input goes to `again`.
template <class T> struct LayersMask {
    const float* grads;           // [rows, inputs]
    const typename T::Item* act;  // the layer's input, rows of act_ld
    int inputs, act_ld, width, ld;
    typename T::Item* to;
    float* again;  // [rows, inputs - width]
    __device__ __forceinline__ void operator()(int64_t i) const {
        const int64_t row = i / inputs;
        const int c = (int)(i % inputs);
        if (c < width) to[row * ld + c] = T::from(T::to(act[row * act_ld + c]) > 0.0f ? grads[i] : 0.0f);
        else again[row * (inputs - width) + c - width] = grads[i];
    }
};

template <class Input, class InputGrad> struct LayersStore {
    Input input;
    InputGrad to;
    int64_t begin;
    const float *grads, *again;  // again: null without
    int width;
    JNERF_FN void operator()(int64_t i) const { to.store(input, begin + i / width, (int)(i % width), grads[i] + (again ? again[i] : 0.0f)); }
};

// A part of the sum of each column.
template <class T> struct LayersBiasPart {
    const typename T::Item* grads;
    int width, ld;
    int64_t rows;
    float* parts;  // [parts, width]
    __device__ __forceinline__ void operator()(int64_t i) const {
        const int64_t begin = i / width * LAYERS_PART, end = begin + LAYERS_PART < rows ? begin + LAYERS_PART : rows;
        float sum = 0.0f;
        for (int64_t r = begin; r < end; r++) sum += T::to(grads[r * ld + i % width]);
        parts[i] = sum;
    }
};

// C [rows, columns] = A B + beta C, row-major; A [rows, k], or [k, rows] when turned, B [k, columns], or [columns, k].
template <class Item> inline void layers_product(int rows, int columns, int64_t k, const Item* a, int lda, bool turn_a, const Item* b, int ldb, bool turn_b, float* c, float beta) {
    if (rows == 0 || columns == 0) return;
    if (cublas_found()) {  // which sees the transposes: C^T = B^T A^T
        cublas_gemm({turn_b, turn_a, sizeof(Item) == 2, columns, rows, (int)k, b, ldb, a, lda, beta, c, columns});
        return;
    }
    const PlainProduct product{rows, columns, (int)k, (int)k, (const float*)a, (const float*)b, nullptr, turn_a ? 1 : lda, turn_a ? lda : 1, turn_b ? 1 : ldb, turn_b ? ldb : 1, c, columns, 0, beta != 0.0f};
    plain_product(product);
}

// Memory of a block of samples, and what is done with it.
template <class T> struct Layers {
    typedef typename T::Item Item;
    const MlpShape& shape;
    const float* params;
    const int last;
    int widest = 0;
    int64_t rows, act_at[MLP_MAX_LAYERS], weight_at[MLP_MAX_LAYERS], n_items = 0, n_floats = 0;
    bool backward;

    Layers(const MlpShape& shape, const float* params, int64_t n, bool backward) : shape(shape), params(params), last(shape.n_layers - 1), backward(backward) {
        int64_t per_row = 0;
        for (int l = 0; l <= last; l++) {
            act_at[l] = per_row;
            per_row += layers_pad(shape.inputs(l));
            widest = std::max({widest, shape.inputs(l), outputs(l)});
        }
        int64_t n_weights = 0;
        for (int l = 0; l <= last; l++) {
            weight_at[l] = n_weights;
            n_weights += (int64_t)outputs(l) * layers_pad(shape.inputs(l));
        }
        const int64_t grads = backward ? 2 * layers_pad(widest) : 0, floats = widest + (backward ? shape.width[0] : 0);
        const int64_t bytes = (per_row + grads) * sizeof(Item) + floats * sizeof(float);
        rows = std::min({n, LAYERS_ROWS, std::max<int64_t>(LAYERS_PART, JNERF_LAYERS_BYTES / bytes / LAYERS_PART * LAYERS_PART)});
        n_items = (n_weights + 7) / 8 * 8;
        for (int l = 0; l <= last; l++) act_at[l] = n_items + act_at[l] * rows;
        grad_at = n_items + per_row * rows;
        n_items += (per_row + grads) * rows;
        again_at = (int64_t)widest * rows;
        parts_at = again_at + (backward ? shape.width[0] * rows : 0);
        n_floats = parts_at + (backward ? (rows + LAYERS_PART - 1) / LAYERS_PART * widest : 0);
    }
    int64_t grad_at, again_at, parts_at;

    int outputs(int l) const { return l == last ? shape.n_out : shape.width[l + 1]; }
    int ld(int l) const { return layers_pad(shape.inputs(l)); }
    const float* bias(int l) const { return shape.bias[l] < 0 ? nullptr : params + shape.bias[l]; }

    void pack(Item* items) const {
        for (int l = 0; l <= last; l++)
            parallel_for((int64_t)outputs(l) * ld(l), LayersPack<T>{params + shape.weight[l], shape.inputs(l), ld(l), items + weight_at[l]});
    }
    // Up to the inputs of the last layer.
    template <class Input> void hidden(const Input& input, int64_t begin, int64_t n, Item* items, float* sums) const {
        const int in = shape.width[0], skip = shape.skip;
        parallel_for(n * in, LayersLoad<T, Input>{input, begin, in, ld(0), skip < 0 ? 0 : shape.width[skip], skip < 0 ? 0 : ld(skip), items + act_at[0], skip < 0 ? nullptr : items + act_at[skip]});
        for (int l = 0; l < last; l++) {
            product(l, n, items, sums);
            parallel_for(n * outputs(l), LayersRelu<T>{sums, bias(l), outputs(l), ld(l + 1), items + act_at[l + 1]});
        }
    }
    void product(int l, int64_t n, const Item* items, float* sums) const {
        layers_product<Item>((int)n, outputs(l), shape.inputs(l), items + act_at[l], ld(l), false, items + weight_at[l], ld(l), true, sums, 0.0f);
    }
    // All of it, to out [n, n_out].
    template <class Input> void forward(const Input& input, int64_t begin, int64_t n, Item* items, float* sums, float* out) const {
        hidden(input, begin, n, items, sums);
        product(last, n, items, sums);
        parallel_for(n * shape.n_out, LayersOut{sums, bias(last), shape.n_out, out});
    }
    // From grad_out [n, n_out] of a block down to its inputs; grad_params holds the sums of the blocks before.
    template <class Input, class InputGrad>
    void gradients(const Input& input, const InputGrad& grad_in, bool wanted, int64_t begin, int64_t n, const float* grad_out, Item* items, float* floats, float* grad_params) const {
        Item* grads = items + grad_at;
        Item* next = grads + layers_pad(widest) * rows;
        const int64_t parts = (n + LAYERS_PART - 1) / LAYERS_PART;
        parallel_for(n * shape.n_out, LayersOutGrad<T>{grad_out, shape.n_out, layers_pad(shape.n_out), grads});
        for (int l = last; l >= 0; l--) {
            const int in = shape.inputs(l), out = outputs(l), g_ld = layers_pad(out);
            layers_product<Item>(out, in, n, grads, g_ld, true, items + act_at[l], ld(l), false, grad_params + shape.weight[l], 1.0f);
            if (shape.bias[l] >= 0) {
                parallel_for(parts * out, LayersBiasPart<T>{grads, out, g_ld, n, floats + parts_at});
                parallel_for(out, AddSlices{floats + parts_at, out, parts, grad_params + shape.bias[l]});
            }
            if (l == 0 && !wanted) return;
            layers_product<Item>((int)n, in, out, grads, g_ld, false, items + weight_at[l], ld(l), false, floats, 0.0f);
            if (l == 0) break;
            parallel_for(n * in, LayersMask<T>{floats, items + act_at[l], in, ld(l), shape.width[l], layers_pad(shape.width[l]), next, floats + again_at});
            std::swap(grads, next);
        }
        parallel_for(n * shape.width[0], LayersStore<Input, InputGrad>{input, grad_in, begin, floats, shape.skip < 0 ? nullptr : floats + again_at, shape.width[0]});
    }
};

template <class T, class Input> inline void mlp_layers_forward_in(const MlpShape& shape, const Input& input, const float* params, float* out) {
    const Layers<T> layers(shape, params, input.n_samples, false);
    const CudaScratch<typename T::Item> items(layers.n_items, "layers of an MLP");
    const CudaScratch<float> sums(layers.n_floats, "layers of an MLP");
    layers.pack(items.data);
    in_blocks(input.n_samples, layers.rows, [&](int64_t begin, int64_t n) {
        layers.forward(input, begin, n, items.data, sums.data, out + begin * shape.n_out);
    });
}

template <class T, class Input, class InputGrad>
inline void mlp_layers_backward_in(const MlpShape& shape, const Input& input, const float* params, const float* grad_out, const InputGrad& grad_in, bool wanted, float* grad_params) {
    clear_memory(grad_params, shape.n_params);
    if (input.n_samples <= 0) return;
    const Layers<T> layers(shape, params, input.n_samples, true);
    const CudaScratch<typename T::Item> items(layers.n_items, "layers of an MLP");
    const CudaScratch<float> floats(layers.n_floats, "layers of an MLP");
    layers.pack(items.data);
    in_blocks(input.n_samples, layers.rows, [&](int64_t begin, int64_t n) {
        layers.hidden(input, begin, n, items.data, floats.data);
        layers.gradients(input, grad_in, wanted, begin, n, grad_out + begin * shape.n_out, items.data, floats.data, grad_params);
    });
}

// Whether an MLP goes so: the fused kernels do not take it.
inline bool goes_by_layers(const MlpShape& shape) {
    bool narrow = true;
    for (int l = 0; l <= shape.n_layers; l++) narrow = narrow && shape.width[l] <= 128;
    return !narrow || shape.skip >= 0 || shape.bias[0] >= 0 || mlp_floats(shape) * 4 > MLP_SHARED;
}

// bf16 needs no scale of the gradients; fp16 would.
inline bool layers_in_bf16(const MlpShape& shape) { return shape.precision != MlpPrecision::fp32 && cuda_device().arch >= 80 && cublas_found(); }

// Input, InputGrad: as mlp_plain_forward and mlp_plain_backward take them; for what these take too.
template <class Input> inline void mlp_layers_forward(const MlpShape& shape, const Input& input, const float* params, float* out) {
    if (!goes_by_layers(shape)) return mlp_plain_forward(shape, input, params, out);
    if (input.n_samples <= 0) return;
    if (layers_in_bf16(shape)) mlp_layers_forward_in<LayersBf16>(shape, input, params, out);
    else mlp_layers_forward_in<LayersFloat>(shape, input, params, out);
}

template <class Input, class InputGrad>
inline void mlp_layers_backward(const MlpShape& shape, const Input& input, const float* params, const float* grad_out, const InputGrad& grad_in, bool wanted, float* grad_params) {
    if (!goes_by_layers(shape)) return mlp_plain_backward(shape, input, params, grad_out, grad_in, grad_params);
    if (layers_in_bf16(shape)) mlp_layers_backward_in<LayersBf16>(shape, input, params, grad_out, grad_in, wanted, grad_params);
    else mlp_layers_backward_in<LayersFloat>(shape, input, params, grad_out, grad_in, wanted, grad_params);
}

}  // namespace jnerf
