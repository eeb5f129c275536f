// A field's MLPs forward and backward on the CPU, its arrays on the heap, for AddressSanitizer.
#include <cstdio>
#include "field_mlp/cpu.h"
using namespace jnerf;

static std::vector<float> numbers(size_t n) {
    std::vector<float> found(n);
    for (size_t i = 0; i < n; i++) found[i] = (float)((i * 2654435761u >> 8) % 1000) / 1000.0f - 0.5f;
    return found;
}

static void run(MlpPrecision precision, int64_t n) {
    const int trunk_widths[] = {8, 64, 16}, head_widths[] = {20, 64, 64, 16};
    const MlpShape trunk(trunk_widths, 3, 16, false, precision), head(head_widths, 4, FIELD_COLORS, false, precision);
    const FieldMlpShape shape{trunk, head, ScaledActivation{Activation::exponential, 1.0f, 0.0f}, 0};
    const auto x = numbers(8 * n), extra = numbers(4 * 5), a = numbers(trunk.n_params), b = numbers(head.n_params), grads = numbers(4 * n);
    std::vector<int> rays(n);
    for (int64_t i = 0; i < n; i++) rays[i] = (int)(i % 5);
    const FieldMlpInput input{x.data(), extra.data(), rays.data(), n, 4, 2, 4};
    std::vector<float> sigmas(n), rgbs(3 * n), grad_x(8 * n), grad_trunk(trunk.n_params), grad_head(head.n_params);
    field_mlp_forward(shape, input, a.data(), b.data(), sigmas.data(), rgbs.data());
    field_mlp_backward(shape, input, a.data(), b.data(), grads.data(), grads.data() + n, grad_x.data(), grad_trunk.data(), grad_head.data());
    printf("%g %g\n", rgbs[0], grad_trunk[0]);
}

int main() {
    for (const MlpPrecision precision : {MlpPrecision::fp32, MlpPrecision::bf16})
        for (const int64_t n : {1, 70}) run(precision, n);
}
