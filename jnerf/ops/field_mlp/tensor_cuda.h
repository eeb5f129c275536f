// The field on tensor cores: trunk and head of a tile one after the other, all in shared memory (mlp/tensor.h).
#pragma once
#include "field_mlp/kernel.h"
#include "mlp/cuda/tensor.h"

namespace jnerf {

JNERF_FN float field_sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

struct TensorField {
    TensorNet trunk, head;
    int geometry, extra;
    ScaledActivation density;

    explicit TensorField(const FieldMlpShape& shape)
        : trunk(shape.trunk), head(shape.head), geometry(shape.geometry()), extra(shape.head.width[0] - shape.geometry()), density(shape.density) {}

    // Halves taken. The trunk's output goes straight to the head's input.
    int place(int tile) {
        const int at = head.place_weights(trunk.place_weights(0));
        return head.place_activations(trunk.place_activations(at, tile), tile);
    }
};

// Both networks for a warp's 16 samples; the head's sums before the sigmoid go to see_color(row, channel, value), the
// trunk's first output to see_density(row, value).
template <class T, class Density, class Color>
__device__ inline void tensor_field(const TensorField& field, const FieldMlpInput& input, int64_t first, uint16_t* shared, const Density& see_density,
                                    const Color& see_color) {
    const int width = field.trunk.shape.width[0], in_stride = tensor_stride(width), lane = lane_id(), geometry = field.geometry;
    const int head_width = field.head.shape.width[0], stride = tensor_stride(head_width);
    tensor_load_input<T>(input.trunk_input(), first, width, shared + field.trunk.act[0] + warp_id() * TENSOR_ROWS * in_stride);
    uint16_t* rows = shared + field.head.act[0] + warp_id() * TENSOR_ROWS * stride;
    const int others = tensor_pad(head_width) - geometry;
    for (int i = lane; i < TENSOR_ROWS * others; i += 32) {
        const int s = i / others, c = i % others;
        const bool known = first + s < input.n_samples && c < field.extra;
        rows[s * stride + geometry + c] = T::from(known ? input.extra[(int64_t)input.ray_indices[first + s] * field.extra + c] : 0.0f);
    }
    const int last = field.trunk.shape.n_layers - 1, last_head = field.head.shape.n_layers - 1;
    tensor_hidden_layers<T>(field.trunk, last, shared);
    tensor_layer<T>(field.trunk, last, shared, [=](int row, int column, float v, float w) {
        if (column == 0) see_density(row, v);
        if (column < geometry) rows[row * stride + column] = T::from(v);
        if (column + 1 < geometry) rows[row * stride + column + 1] = T::from(w);
    });
    tensor_hidden_layers<T>(field.head, last_head, shared);
    tensor_layer<T>(field.head, last_head, shared, [=](int row, int column, float v, float w) {
        if (column < FIELD_COLORS) see_color(row, column, v);
        if (column + 1 < FIELD_COLORS) see_color(row, column + 1, w);
    });
    __syncwarp();
}

template <class T>
__global__ void field_tensor_forward_kernel(TensorField field, FieldMlpInput input, const float* trunk, const float* head, float* sigmas, float* rgbs, int tile) {
    JNERF_SHARED(uint16_t, shared);
    tensor_load_weights<T>(field.trunk, trunk, shared);
    tensor_load_weights<T>(field.head, head, shared);
    __syncthreads();
    for (int64_t begin = (int64_t)blockIdx.x * tile; begin < input.n_samples; begin += (int64_t)gridDim.x * tile) {
        const int64_t first = begin + warp_id() * TENSOR_ROWS;
        tensor_field<T>(
            field, input, first, shared,
            [=](int row, float v) {
                if (first + row < input.n_samples) sigmas[first + row] = field.density.value(v);
            },
            [=](int row, int channel, float v) {
                if (first + row < input.n_samples) rgbs[(first + row) * FIELD_COLORS + channel] = field_sigmoid(v);
            });
    }
}

struct FieldGrads {
    const float *sigmas, *rgbs;  // [S], [S, 3]
    float* x;                    // like the input, or null
};

// Shared memory: halves of both networks, from float `rows_at` on one float4 per sample (the head's gradients, and the
// trunk's first output), and the sums as in mlp_tensor_backward_kernel: the trunk's, then the head's.
template <class T>
__global__ void field_tensor_backward_kernel(TensorField field, FieldMlpInput input, const float* trunk, const float* head, FieldGrads grads,
                                             float* partial, int tile, int rows_at, int shared_sums) {
    JNERF_SHARED(uint16_t, shared);
    const int64_t n_params = field.trunk.shape.n_params + field.head.shape.n_params;
    float(*rows)[4] = (float(*)[4])((float*)shared + rows_at);
    float* own = partial + blockIdx.x * n_params;
    float* sums = shared_sums < 0 ? own : (float*)shared + shared_sums;
    tensor_load_weights<T>(field.trunk, trunk, shared);
    tensor_load_weights<T>(field.head, head, shared);
    for (int64_t i = threadIdx.x; i < n_params; i += blockDim.x) sums[i] = 0.0f;
    __syncthreads();
    const int last = field.head.shape.n_layers, out = tensor_pad(field.head.shape.width[last]), out_stride = tensor_stride(field.head.shape.width[last]);
    const int geometry = field.geometry, columns = tensor_pad(geometry), stride = tensor_stride(field.head.shape.width[0]);
    uint16_t *out_grads = shared + field.head.act[last], *middle = shared + field.head.act[0];
    for (int64_t begin = (int64_t)blockIdx.x * tile; begin < input.n_samples; begin += (int64_t)gridDim.x * tile) {
        const int64_t first = begin + warp_id() * TENSOR_ROWS;
        const int own_row = warp_id() * TENSOR_ROWS;
        tensor_field<T>(
            field, input, first, shared, [=](int row, float v) { rows[own_row + row][3] = v; },
            [=](int row, int channel, float v) {
                const float c = field_sigmoid(v);
                rows[own_row + row][channel] = first + row < input.n_samples ? grads.rgbs[(first + row) * FIELD_COLORS + channel] * c * (1.0f - c) : 0.0f;
            });
        __syncthreads();
        float most = 0.0f;
        for (int i = threadIdx.x; i < tile * FIELD_COLORS; i += blockDim.x) most = larger(most, fabsf(rows[i / FIELD_COLORS][i % FIELD_COLORS]));
        float scale = tile_scale(most), unscale = 1.0f / scale;
        for (int i = threadIdx.x; i < tile * out; i += blockDim.x) {
            const int s = i / out, c = i % out;
            out_grads[s * out_stride + c] = T::from(c < FIELD_COLORS ? rows[s][c] * scale : 0.0f);
        }
        tensor_backward<T>(field.head, tile, out_grads, out_stride, unscale, true, shared, sums + field.trunk.shape.n_params, [=](int row, int column, float v, float w) {
            uint16_t* place = middle + (own_row + row) * stride + column;
            if (column < geometry) place[0] = T::from(v);
            if (column + 1 < geometry) place[1] = T::from(w);
        });
        // The density's gradient joins, at a scale that suits both.
        const auto joined = [=](int s, int c) {
            if (begin + s >= input.n_samples || c >= geometry) return 0.0f;
            const float v = T::to(middle[s * stride + c]) * unscale;
            if (c > 0) return v;
            return v + grads.sigmas[begin + s] * field.density.slope(rows[s][3]);
        };
        most = 0.0f;
        for (int i = threadIdx.x; i < tile * columns; i += blockDim.x) most = larger(most, fabsf(joined(i / columns, i % columns)));
        scale = tile_scale(most);
        for (int i = threadIdx.x; i < tile * columns; i += blockDim.x) middle[i / columns * stride + i % columns] = T::from(joined(i / columns, i % columns) * scale);
        const float trunk_unscale = 1.0f / scale;
        const MlpInput trunk_input = input.trunk_input();
        tensor_backward<T>(field.trunk, tile, middle, stride, trunk_unscale, grads.x != nullptr, shared, sums, [=](int row, int column, float v, float w) {
            if (first + row >= input.n_samples) return;
            const MlpInputGrad grad{grads.x, nullptr};
            if (column < trunk_input.x_width()) grad.store(trunk_input, first + row, column, v * trunk_unscale);
            if (column + 1 < trunk_input.x_width()) grad.store(trunk_input, first + row, column + 1, w * trunk_unscale);
        });
    }
    for (int64_t i = threadIdx.x; shared_sums >= 0 && i < n_params; i += blockDim.x) own[i] = sums[i];
}

// Both return false where the networks do not fit.
template <class T> inline bool field_tensor_forward(const FieldMlpShape& shape, const FieldMlpInput& input, const float* trunk, const float* head, float* sigmas, float* rgbs) {
    TensorField field(shape);
    const TensorPlan plan(0, [&](int tile) { return field.place(tile); });
    if (plan.tile == 0) return false;
    const unsigned blocks = tensor_blocks(field_tensor_forward_kernel<T>, input.n_samples, plan);
    launch(field_tensor_forward_kernel<T>, blocks, 2 * plan.tile, plan.bytes, field, input, trunk, head, sigmas, rgbs, plan.tile);
    return true;
}

template <class T>
inline bool field_tensor_backward(const FieldMlpShape& shape, const FieldMlpInput& input, const float* trunk, const float* head, FieldGrads grads,
                                  float* grad_trunk, float* grad_head) {
    TensorField field(shape);
    const int64_t n_trunk = shape.trunk.n_params, n_params = n_trunk + shape.head.n_params;
    int rows_at = 0;
    const TensorPlan plan(n_params, [&](int tile) {
        rows_at = (field.place(tile) + 7) / 8 * 4;  // in floats
        return 2 * (rows_at + 4 * tile);
    });
    if (plan.tile == 0) return false;
    const unsigned blocks = tensor_blocks(field_tensor_backward_kernel<T>, input.n_samples, plan);
    const CudaScratch<float> partial(blocks * n_params, "gradients of field_mlp");
    launch(field_tensor_backward_kernel<T>, blocks, 2 * plan.tile, plan.bytes, field, input, trunk, head, grads, partial.data, plan.tile, rows_at, plan.sums);
    parallel_for(n_trunk, MlpSumBlocks{partial.data, grad_trunk, n_params, (int)blocks});
    parallel_for(n_params - n_trunk, MlpSumBlocks{partial.data + n_trunk, grad_head, n_params, (int)blocks});
    return true;
}

}  // namespace jnerf
