// What nvcc makes of functions under --use_fast_math, which Jittor asks for: the hardware's approximations, with the
// errors that the CUDA programming guide gives ("Intrinsic functions"). Kernels call functions without std::, so that
// these are found first.
#pragma once
#include <cmath>

namespace cuda_on_host {

// A value with an absolute error of up to 2^-22.
inline float coarse(float v) { return std::nearbyint(v * 4194304.0f) * 2.38418579e-7f; }
inline float fast_log2(float x) {
    const float v = ::log2f(x);
    return x > 0.5f && x < 2.0f ? coarse(v) : v;
}
inline float of_a_turn(float x) { return x * 0.159154943f; }  // rounded: a large angle loses its digits here

}  // namespace cuda_on_host

namespace jnerf {

inline float exp2f(float x) { return ::exp2f(x); }
inline float expf(float x) { return ::exp2f(x * 1.44269504f); }
inline float log2f(float x) { return cuda_on_host::fast_log2(x); }
inline float logf(float x) { return cuda_on_host::fast_log2(x) * 0.693147182f; }
inline float powf(float x, float y) { return ::exp2f(y * cuda_on_host::fast_log2(x)); }
inline float sinf(float x) { return cuda_on_host::coarse((float)std::sin(6.283185307179586 * cuda_on_host::of_a_turn(x))); }
inline float cosf(float x) { return cuda_on_host::coarse((float)std::cos(6.283185307179586 * cuda_on_host::of_a_turn(x))); }

}  // namespace jnerf
