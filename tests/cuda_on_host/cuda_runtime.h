// CUDA without a GPU: compiled by a plain C++ compiler with -D__CUDACC__ and this folder on the include path, the
// project's own kernels run on the CPU. Stands in for the toolkit's header of the same name; blocks run one after
// the other, the threads of a block as fibers that switch at barriers and warp functions.
#pragma once
#define JNERF_CUDA_ON_HOST 1
#ifndef __CUDA_ARCH__
#define __CUDA_ARCH__ 900
#endif
#define CUDART_VERSION 13000
#define __host__
#define __device__
#define __global__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __restrict__
#define __align__(n) __attribute__((aligned(n)))
#define __shared__ static  // blocks run one at a time

#include <cstdlib>
#include <cstring>
#include "fibers.h"

#define threadIdx (cuda_on_host::machine().now->index)
#define blockIdx (cuda_on_host::machine().block_index)
#define blockDim (cuda_on_host::machine().block_dim)
#define gridDim (cuda_on_host::machine().grid_dim)

inline void __syncthreads() { cuda_on_host::machine().block_barrier(); }
inline void __syncwarp(unsigned mask = ~0u) { cuda_on_host::machine().warp_barrier(mask, [] {}); }
inline void __threadfence() {}

#include "atomics.h"
#include "fast_math.h"
#include "gemm.h"
#include "warp.h"

enum cudaError_t { cudaSuccess = 0, cudaErrorMemoryAllocation = 2, cudaErrorInvalidConfiguration = 9 };
enum cudaDeviceAttr {
    cudaDevAttrMultiProcessorCount = 16,
    cudaDevAttrComputeCapabilityMajor = 75,
    cudaDevAttrComputeCapabilityMinor = 76,
    cudaDevAttrMaxSharedMemoryPerBlockOptin = 97,
};
enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };
enum cudaMemPoolAttr { cudaMemPoolAttrReleaseThreshold = 4 };
typedef void* cudaStream_t;
typedef void* cudaMemPool_t;

inline const char* cudaGetErrorString(cudaError_t) { return "invalid configuration argument"; }
inline cudaError_t cudaGetDevice(int* device) { return *device = 0, cudaSuccess; }
inline cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int) {
    const auto& device = cuda_on_host::machine().device;
    *value = which == cudaDevAttrMultiProcessorCount ? device.processors
             : which == cudaDevAttrComputeCapabilityMajor ? device.arch / 10
             : which == cudaDevAttrComputeCapabilityMinor ? device.arch % 10
                                                          : device.shared;
    return cudaSuccess;
}
inline cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int bytes) {
    return bytes <= cuda_on_host::machine().device.shared ? cudaSuccess : cudaErrorInvalidConfiguration;
}
template <class Kernel> inline cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, Kernel, int, size_t) { return *blocks = 1, cudaSuccess; }
inline cudaError_t cudaGetLastError() {
    const bool failed = cuda_on_host::machine().bad_launch;
    cuda_on_host::machine().bad_launch = false;
    return failed ? cudaErrorInvalidConfiguration : cudaSuccess;
}
inline cudaError_t cudaMemsetAsync(void* p, int value, size_t bytes, cudaStream_t = nullptr) { return memset(p, value, bytes), cudaSuccess; }
enum cudaMemcpyKind { cudaMemcpyDeviceToDevice };
inline cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind, cudaStream_t = nullptr) { return memcpy(to, from, bytes), cudaSuccess; }
inline cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) { return *pool = nullptr, cudaSuccess; }
inline cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }
inline cudaError_t cudaMallocAsync(void** p, size_t bytes, cudaStream_t) {
    auto& device = cuda_on_host::machine().device;
    if (bytes > device.most_scratch) {
        if (device.fails_once) device.most_scratch = SIZE_MAX;
        device.fails_once = false;
        return cudaErrorMemoryAllocation;
    }
    *p = malloc(bytes + 1);
    memset(*p, 0xff, bytes);  // fresh memory holds anything: NaN shows
#ifdef CUDA_ON_HOST_WATCH
    cuda_on_host::machine().global.push_back({(uintptr_t)*p, (uintptr_t)*p + bytes});
#endif
    return cudaSuccess;
}
inline cudaError_t cudaFreeAsync(void* p, cudaStream_t) { return free(p), cudaSuccess; }
