// Surfaces: the MLP of distances with its derivative, weight normalisation, densities, samples, losses, colours' inputs.
#define JNERF_DISTANCE_SLAB 280  // tests have more samples than one slab
#include "add_scaled/cuda.h"
#include "distance_mlp/cuda.h"
#include "frequency_encode/cuda.h"
#include "normed_weights/cuda.h"
#include "play.h"
#include "surface_density/cuda.h"
#include "surface_inputs/cuda.h"
#include "surface_losses/cuda.h"
#include "surface_rounds/cuda.h"
using namespace jnerf;

static DistanceShape shape_of(const int* widths, int64_t n_widths, int64_t n_out, int64_t skip, float beta, int64_t x_first) {
    return {MlpShape(widths, (int)n_widths, (int)n_out, true, MlpPrecision::fp32, (int)skip), beta, x_first != 0, {0.1f, 0.2f, 0.3f}, 1.5f, 0.7f};
}

extern "C" void distances(const int* widths, int64_t n_widths, int64_t n_out, int64_t skip, float beta, int64_t x_first, const float* positions, const float* features, int64_t n,
                          int64_t groups, int64_t per_group, const float* params, float* sdf, float* values, float* by_x, float* by_features) {
    distance_forward(shape_of(widths, n_widths, n_out, skip, beta, x_first), {positions, features, n, (int)groups, (int)per_group}, params, sdf, values, by_x, by_features);
}

extern "C" void distance_grads(const int* widths, int64_t n_widths, int64_t n_out, int64_t skip, float beta, int64_t x_first, const float* positions, const float* features, int64_t n,
                               int64_t groups, int64_t per_group, const float* params, const float* sdf, const float* values, const float* by_x, const float* by_features,
                               float* grad_params, float* grad_features) {
    distance_backward(shape_of(widths, n_widths, n_out, skip, beta, x_first), {positions, features, n, (int)groups, (int)per_group}, params, sdf, values, by_x, by_features, grad_params,
                      grad_features);
}

extern "C" void normed(int64_t out, int64_t in, const float* v, const float* g, const float* b, float* params, const float* grad, float* grad_v, float* grad_g, float* grad_b) {
    NormedLayers layers;
    layers.add(out, in, v, g, b);
    layers.add(out, in, v, nullptr, b);
    parallel_for(layers.first[2], NormedForward{layers, params});
    NormedGrads grads;
    grads.add(grad_v, grad_g, grad_b);
    grads.add(grad_v + out * in, nullptr, grad_b + out);
    parallel_for(layers.first[2], NormedBackward{layers, grads, grad});
}

extern "C" void densities(int64_t n, const float* sdf, const float* normals, const float* starts, const float* ends, const float* rays_d, const int* rays, const float* s, float annealed,
                          float* sigmas, float* along, const float* grad, float* grad_sdf, float* grad_normals, float* each, float* grad_s) {
    const SurfaceDensity in{sdf, normals, starts, ends, rays_d, rays, s, annealed};
    parallel_for(n, SurfaceDensityForward{in, sigmas});
    parallel_for(n, DensityAlong{sdf, starts, ends, rays, s, along, n});
    surface_density_backward(n, {in, grad, grad_sdf, grad_normals, each}, grad_s);
}

extern "C" void colour_inputs(int64_t n, const float* positions, const float* normals, const float* values, int64_t n_values, const float* of_ray, const int* rays, int64_t n_ray,
                              float* out, const float* grad, float* grad_normals, float* grad_values) {
    const int inner = (int)n_values - 1, width = 6 + inner + (int)n_ray;
    const SurfaceInputs in{positions, normals, values, of_ray, rays, (int)n_values, 1, (int)n_ray, 0, 3, 6, 6 + inner, width, {0.1f, 0.2f, 0.3f}, 1.5f, true};
    surface_inputs(n, in, out);
    surface_inputs_backward(n, in, grad, grad_normals, grad_values);
}

extern "C" void eikonal(int64_t n, const float* gradients, const float* inside, float* values, float* counts, float* sums, float* loss, float* gradient) {
    surface_loss(n, EikonalError{gradients, inside, nullptr, gradient}, 3.0f, 1.0f, 1e-5f, values, counts, sums, loss);
}

extern "C" void rounds(int64_t n, const float* rays_o, const float* rays_d, int64_t k, float* edges, float* places, const float* sdf, int64_t m, float* weights, float* drawn,
                       float* new_places, const float* new_sdf, float* merged, float* merged_sdf, float* starts, float* ends, float* middles, int* rays, int* packed) {
    const SurfaceRays all{rays_o, rays_d, {{0.5f, 0.5f, 0.5f}, 0.5f}};
    parallel_for(n, SurfaceEven{all, (int)k - 1, 7, 3, true, edges, places});
    parallel_for(n, SurfaceDraw{all, edges, sdf, (int)k, (int)m, 64.0f, -1e3f, 1e-5f, weights, drawn, new_places});
    parallel_for(n, SurfaceMerge{edges, sdf, drawn, new_sdf, (int)k, (int)m, merged, merged_sdf});
    parallel_for(n, SurfaceIntervals{all, edges, drawn, (int)k, (int)m, 0, 1e3f, 7, 3, true, starts, ends, middles, rays, packed});
}

extern "C" void pushed(int64_t n, const float* frequencies, int64_t k, const float* values, const float* v, float* out) {
    const FrequencyShape shape{3, (int)k, 1, 2.0f, -1.0f};
    parallel_for(n * shape.width(), FrequencyEncodePush{shape, frequencies, values, v, out});
}

extern "C" void add_scaled(int64_t n, const float* rows, const float* factors, const float* add, float* out) { parallel_for(n * 3, AddScaled{rows, factors, add, 3, out}); }
