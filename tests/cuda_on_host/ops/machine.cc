// Kernels that test the machine itself.
#include "mlp/cuda/mma.h"
#include "play.h"
using namespace jnerf;

__global__ void sum_kernel(int64_t n, const float* x, float* out) {
    __shared__ float parts[64];
    const int64_t i = blockIdx.x * (int64_t)blockDim.x + threadIdx.x;
    parts[threadIdx.x] = i < n ? x[i] : 0.0f;
    for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    }
    if (threadIdx.x == 0) atomicAdd(out, parts[0]);
}
extern "C" void sum(int64_t n, const float* x, float* out) { launch(sum_kernel, blocks_of(n, 64), 64, 0, n, x, out); }

__global__ void warp_kernel(int* out) {
    const int lane = threadIdx.x;
    out[lane] = __shfl_down_sync(~0u, lane * lane, 3);
    out[32 + lane] = __shfl_xor_sync(~0u, lane, 5);
    out[64 + lane] = (int)__ballot_sync(~0u, lane % 3 == 0);
}
extern "C" void warps(int* out) { launch(warp_kernel, 1, 32, 0, out); }

__global__ void forgetful_kernel() {
    if (threadIdx.x != 3) __syncthreads();
}
extern "C" void forget() { launch(forgetful_kernel, 1, 32, 0); }

__global__ void empty_kernel() {}
extern "C" int64_t refused(int64_t blocks_y, int64_t threads, int64_t shared) {
    try {
        launch(empty_kernel, dim3(1, (unsigned)blocks_y), (unsigned)threads, (size_t)shared);
    } catch (const std::runtime_error&) {
        return 1;
    }
    return 0;
}

// What is said where a device has no room for n floats; the length of it.
extern "C" int64_t no_room(int64_t n, char* said) {
    cuda_on_host::machine().device.most_scratch = 1 << 20;
    std::string text;
    try {
        CudaScratch<float>(n, "gradients of an op");
    } catch (const std::runtime_error& error) {
        text = error.what();
    }
    cuda_on_host::machine().device.most_scratch = SIZE_MAX;
    memcpy(said, text.data(), text.size());
    return (int64_t)text.size();
}

// Whether there is room for n floats when it is asked for a second time.
extern "C" int64_t room_at_second_try(int64_t n) {
    cuda_on_host::machine().device.most_scratch = 1 << 20;
    cuda_on_host::machine().device.fails_once = true;
    try {
        CudaScratch<float>(n, "gradients of an op");
    } catch (const std::runtime_error& error) {
        return 0;
    }
    return 1;
}

// c = a b for 16 x 16 matrices, from each of the four layouts; a, b as floats that fp16 holds.
template <bool A, bool B> __global__ void product_kernel(const float* a, const float* b, float* c) {
    __shared__ __align__(16) uint16_t as[16 * 24], bs[16 * 24];
    for (int i = threadIdx.x; i < 256; i += 32) {
        const int r = i / 16, k = i % 16;
        as[A ? k * 24 + r : r * 24 + k] = Fp16::from(a[i]);
        bs[B ? r * 24 + k : k * 24 + r] = Fp16::from(b[i]);
    }
    __syncwarp();
    uint32_t af[4], bf[4];
    load_a<A>(af, as, 24);
    load_b<B>(bf, bs, 24);
    BlockSum<Fp16> sum;
    sum.add(af, bf);
    sum.each([=](int row, int column, float v, float w) { c[row * 16 + column] = v, c[row * 16 + column + 1] = w; });
}
extern "C" void product(const float* a, const float* b, float* c) {
    launch(product_kernel<false, false>, 1, 32, 0, a, b, c);
    launch(product_kernel<false, true>, 1, 32, 0, a, b, c + 256);
    launch(product_kernel<true, false>, 1, 32, 0, a, b, c + 512);
    launch(product_kernel<true, true>, 1, 32, 0, a, b, c + 768);
}
extern "C" void halves(int64_t n, const float* x, uint16_t* fp16, uint16_t* bf16) {
    for (int64_t i = 0; i < n; i++) fp16[i] = cuda_on_host::to_fp16(x[i]), bf16[i] = cuda_on_host::to_bf16(x[i]);
}
