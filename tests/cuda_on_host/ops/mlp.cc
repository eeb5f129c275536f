#define JNERF_LAYERS_BYTES 1  // the smallest blocks: tests have more samples than one
#include "mlp/cuda.h"
#include "play.h"
using namespace jnerf;

extern "C" void mlp(const int* widths, int64_t n_widths, int64_t n_out, int64_t precision, int64_t biased, int64_t skip, const float* x, const float* extra, int64_t n, int64_t groups,
                    int64_t features, int64_t extra_width, const float* params, float* out) {
    const MlpShape shape(widths, (int)n_widths, (int)n_out, biased != 0, (MlpPrecision)precision, (int)skip);
    mlp_forward(shape, {x, extra, n, (int)groups, (int)features, (int)extra_width}, params, out);
}

extern "C" void mlp_grad(const int* widths, int64_t n_widths, int64_t n_out, int64_t precision, int64_t biased, int64_t skip, const float* x, const float* extra, int64_t n, int64_t groups,
                         int64_t features, int64_t extra_width, const float* params, const float* grad_out, float* grad_x, float* grad_extra, float* grad_params) {
    const MlpShape shape(widths, (int)n_widths, (int)n_out, biased != 0, (MlpPrecision)precision, (int)skip);
    mlp_backward(shape, {x, extra, n, (int)groups, (int)features, (int)extra_width}, params, grad_out, {grad_x, grad_extra}, grad_params);
}

// Samples of a tile in the backward pass on the device that is played, negative when the sums stay in main memory.
extern "C" int64_t tile_of(const int* widths, int64_t n_widths) {
    TensorNet net(MlpShape(widths, (int)n_widths, 1, false));
    const TensorPlan plan(net.shape.n_params, [&](int tile) { return net.place_activations(net.place_weights(0), tile); });
    return plan.sums < 0 ? -plan.tile : plan.tile;
}

// Whether the device has cuBLAS.
extern "C" void has_cublas(int64_t has) { cuda_on_host::machine().device.cublas = has != 0; }

// Whether layers find it then.
extern "C" int finds_cublas(int64_t has) {
    has_cublas(has);
    return cublas_found();
}
