// How kernels are launched, and what is asked of the device. Everything goes to the default stream, as Jittor's own
// kernels do, so that ops follow one another without waiting.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <algorithm>
#include <stdexcept>
#include <string>
#include <cuda_runtime.h>

// The block's dynamic shared memory as an array of `type`, 16-byte aligned.
#ifdef JNERF_CUDA_ON_HOST
#define JNERF_SHARED(type, name) type* name = (type*)cuda_on_host::dynamic_shared()
#else
#define JNERF_SHARED(type, name)                                      \
    extern __shared__ __align__(16) unsigned char jnerf_shared_bytes[]; \
    type* name = (type*)jnerf_shared_bytes
#endif

// Weak: programs without Jittor have no such function.
namespace jittor { __attribute__((weak)) void gc_all(); }

namespace jnerf {

inline void cuda_check(cudaError_t error, const char* what) {
    if (error != cudaSuccess) throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}

// What Jittor's allocator keeps for later goes back to the driver: it knows only its own needs.
inline bool give_back_memory() {
    if (!jittor::gc_all) return false;
    jittor::gc_all();
    return true;
}

#ifndef JNERF_CUDA_ON_HOST
template <class Unused = void> __global__ void compiled_kernel() {}
#endif

// The architecture that kernels are compiled for, 10 major + minor. Where GPUs of several kinds are to be seen, Jittor has
// all compiled for the oldest of them, and what newer ones can do is not in their kernels.
inline int compiled_arch() {
#ifdef JNERF_CUDA_ON_HOST
    return __CUDA_ARCH__ / 10;
#else
    cudaFuncAttributes found{};
    cuda_check(cudaFuncGetAttributes(&found, (const void*)compiled_kernel<void>), "a kernel's architecture");
    return found.ptxVersion;
#endif
}

// Of the current device, asked once: a process has one.
struct CudaDevice {
    int arch;        // 10 major + minor, of the device or of what kernels are compiled for, the lower one
    int processors;  // multiprocessors
    int shared;      // bytes of shared memory that one block may ask for
};

inline CudaDevice ask_cuda_device() {
    int device = 0, major = 0, minor = 0;
    CudaDevice out{};
    cuda_check(cudaGetDevice(&device), "no CUDA device");
    cuda_check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "CUDA device");
    cuda_check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device), "CUDA device");
    cuda_check(cudaDeviceGetAttribute(&out.processors, cudaDevAttrMultiProcessorCount, device), "CUDA device");
    cuda_check(cudaDeviceGetAttribute(&out.shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, device), "CUDA device");
    out.arch = std::min(10 * major + minor, compiled_arch());
    return out;
}

#ifdef JNERF_CUDA_ON_HOST
inline CudaDevice cuda_device() { return ask_cuda_device(); }  // tests play several devices
#else
inline const CudaDevice& cuda_device() {
    static const CudaDevice device = ask_cuda_device();
    return device;
}
#endif

// Beyond 48 KiB of shared memory, that of fixed size among it, a kernel must be allowed to.
inline void allow_shared(const void* kernel, size_t bytes) {
    if (bytes > 44 * 1024) cuda_check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, (int)bytes), "shared memory of a kernel");
}

// Launches kernel(args...) with `shared` bytes of dynamic shared memory. A launch of no blocks is no launch.
// Raises std::runtime_error when the launch itself is impossible.
template <class... Parameters, class... Arguments>
inline void launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, size_t shared, Arguments... args) {
    if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
    allow_shared((const void*)kernel, shared);
#ifdef JNERF_CUDA_ON_HOST
    cuda_on_host::launch(grid, block, shared, [&] { kernel(args...); });
#else
    cudaGetLastError();  // what a launch of somebody else left behind is not ours to report
    kernel<<<grid, block, shared, 0>>>(args...);
#endif
    cuda_check(cudaGetLastError(), "launch of a kernel");
}

inline unsigned blocks_of(int64_t n, int64_t per_block) { return (unsigned)((n + per_block - 1) / per_block); }

// Without this the pool gives its memory back whenever the host waits, and the next op pays for new memory.
inline bool keep_scratch_memory() {
    int device = 0;
    cudaMemPool_t pool;
    uint64_t bytes = 256ull << 20;
    cuda_check(cudaGetDevice(&device), "no CUDA device");
    cuda_check(cudaDeviceGetDefaultMemPool(&pool, device), "scratch memory");
    cuda_check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &bytes), "scratch memory");
    return true;
}

// Calls run(first, count) for blocks of n, of `size` each and the last of what is left.
template <class Run> inline void in_blocks(int64_t n, int64_t size, const Run& run) {
    for (int64_t begin = 0; begin < n; begin += size) run(begin, std::min(size, n - begin));
}

// Raises std::runtime_error with what was asked for; jnerf/runtime/faults.py knows its beginning, and says what helps.
inline void* scratch_memory(int64_t bytes, const char* what) {
    static const bool kept = keep_scratch_memory();
    (void)kept;
    void* data = nullptr;
    cudaError_t error = cudaMallocAsync(&data, bytes, 0);
    if (error == cudaErrorMemoryAllocation && give_back_memory()) {
        cudaGetLastError();
        error = cudaMallocAsync(&data, bytes, 0);
    }
    if (error == cudaErrorMemoryAllocation) {
        cudaGetLastError();  // said here: nobody else is to report it
        throw std::runtime_error("out of GPU memory: " + std::to_string(bytes) + " bytes (" + std::to_string((bytes + (1 << 20) - 1) >> 20) + " MiB) for " + what);
    }
    cuda_check(error, "scratch memory");
    return data;
}

// Scratch memory of the default stream for the life of the object: kernels launched meanwhile may use it, and its
// memory is used again only behind them. `what` it is for is said where there is no room.
template <class T> struct CudaScratch {
    T* data;
    CudaScratch(int64_t n, const char* what) : data((T*)scratch_memory(std::max<int64_t>(n, 1) * sizeof(T), what)) {}
    ~CudaScratch() { cudaFreeAsync(data, 0); }
    CudaScratch(const CudaScratch&) = delete;
    CudaScratch& operator=(const CudaScratch&) = delete;
};

// Clears n numbers, behind what was launched before.
template <class T> inline void clear_memory(T* data, int64_t n) { cuda_check(cudaMemsetAsync(data, 0, n * sizeof(T), 0), "clearing of memory"); }

constexpr int EACH_THREADS = 256;

// Kernel(i) for i in [0, n), a thread each. A loop over several would be unrolled, behind a 64-bit division that costs more
// than most kernels.
template <class Kernel> __global__ void __launch_bounds__(EACH_THREADS) each_thread(int64_t n, Kernel kernel) {
    const int64_t i = blockIdx.x * (int64_t)EACH_THREADS + threadIdx.x;
    if (i < n) kernel(i);
}

// Which way a kernel goes where it has several. What suits its shape and the device is what it does by itself;
// JNERF_CUDA_WAYS="march=one,field=tensor" asks for another (jnerf/checks/cuda_ways.py has the list). Asked at each launch, so that one process
// may time them all: some tens of nanoseconds.
inline bool asked_way(const char* kernel, const char* way) {
    const size_t name = strlen(kernel), length = strlen(way);
    for (const char* at = std::getenv("JNERF_CUDA_WAYS"); at && *at;) {
        const bool mine = !strncmp(at, kernel, name) && at[name] == '=' && !strncmp(at + name + 1, way, length);
        if (mine && (at[name + 1 + length] == ',' || !at[name + 1 + length])) return true;
        at = strchr(at, ',');
        if (at) at++;
    }
    return false;
}

// Whether a kernel goes `way` rather than `other`; `suits`: what it does by itself.
inline bool takes_way(const char* kernel, const char* way, const char* other, bool suits = true) {
    return asked_way(kernel, way) || (suits && !asked_way(kernel, other));
}

}  // namespace jnerf
