// A small multilayer perceptron: x_{l+1} = relu(W_l x_l + b_l), the last layer linear. Hidden activations never reach
// main memory; the backward pass computes them again.
// Weights are one flat array: for each layer W_l [out, in] row-major, then b_l [out] when there are biases.
// One layer, `skip`, may take the network's input again, behind what the layer before gives.
// The first layer's input is the concatenation of `x` and `extra`. `x` may come grouped, [G, S, F] (as the hash grid
// leaves it): channel g F + f of sample s is x[(g S + s) F + f]; row-major [S, C] is the case G = 1.
#pragma once
#include <string>
#include "common/jnerf_common.h"

namespace jnerf {

constexpr int MLP_MAX_LAYERS = 16;

// Widths of layers as ops hand them over (`packed` in op.py): three to a number, 17 bits each, the first one lowest, and 0
// behind the last. `data` are numbers by name, 0 where there is none.
struct MlpWidths {
    int n = 0, width[MLP_MAX_LAYERS + 1];
    template <class Data> MlpWidths(Data& data, char name) {
        for (int i = 0; i <= MLP_MAX_LAYERS; i++) {
            const int found = (int)((int64_t)data[std::string{name, (char)('a' + i / 3)}] >> i % 3 * 17 & 0x1FFFF);
            if (found == 0) break;
            width[n++] = found;
        }
    }
};

// In what the operands of the products are rounded; sums, weights and all that an op takes and returns are fp32.
// automatic: what the device multiplies fastest.
enum class MlpPrecision { automatic, fp32, bf16, fp16 };

struct MlpShape {
    int n_layers, n_out;  // n_out: columns of the output that are used; the last layer may be wider (padded)
    int skip;             // -1: none; else in 1 .. n_layers - 1
    int width[MLP_MAX_LAYERS + 1];  // the input's, then of what each layer gives
    int64_t weight[MLP_MAX_LAYERS], bias[MLP_MAX_LAYERS], n_params;  // first element of W_l, b_l (-1: none)
    MlpPrecision precision;

    // widths: [n_layers + 1], on the host.
    MlpShape(const int* widths, int n_widths, int n_out, bool biased, MlpPrecision precision = MlpPrecision::automatic, int skip = -1)
        : n_layers(n_widths - 1), n_out(n_out), skip(skip), n_params(0), precision(precision) {
        for (int l = 0; l <= n_layers; l++) width[l] = widths[l];
        for (int l = 0; l < n_layers; l++) {
            weight[l] = n_params;
            n_params += (int64_t)inputs(l) * width[l + 1];
            bias[l] = biased ? n_params : -1;
            if (biased) n_params += width[l + 1];
        }
    }
    template <class Data> static MlpShape of(Data& data) {
        const MlpWidths widths(data, 'w');
        return MlpShape(widths.width, widths.n, (int)data["n_out"], data["biased"] != 0, (MlpPrecision)(int)data["precision"], (int)data["skip"]);
    }
    JNERF_FN int inputs(int l) const { return width[l] + (l == skip ? width[0] : 0); }  // of layer l
};

struct MlpInput {
    const float *x, *extra;
    int64_t n_samples;
    int groups, features, extra_width;
    JNERF_FN int x_width() const { return groups * features; }
    JNERF_FN float load(int64_t sample, int channel) const {
        if (channel >= x_width()) return extra[sample * extra_width + channel - x_width()];
        return x[(channel / features * n_samples + sample) * features + channel % features];
    }
    template <class Data> static MlpInput of(Data& data, const float* x, const float* extra) {
        return {x, extra, (int64_t)data["n"], (int)data["groups"], (int)data["features"], (int)data["extra"]};
    }
};

// Gradients to the inputs; a null pointer means that nobody needs it.
struct MlpInputGrad {
    float *x, *extra;
    JNERF_FN void store(const MlpInput& input, int64_t sample, int channel, float value) const {
        if (channel >= input.x_width()) {
            if (extra) extra[sample * input.extra_width + channel - input.x_width()] = value;
        } else if (x) {
            x[(channel / input.features * input.n_samples + sample) * input.features + channel % input.features] = value;
        }
    }
};

}  // namespace jnerf
