// Forced in front of every file that Jittor 1.3.11 compiles for CUDA 13 (cc_flags="-include ..."), where cudaDeviceProp
// lost the two fields that Jittor's helper_cuda.h reads. On an older toolkit this header is empty.
#pragma once
#if defined(__cplusplus) && defined(HAS_CUDA)
#include <cuda_runtime.h>
#if CUDART_VERSION >= 13000

struct jnerf_cudaDeviceProp : cudaDeviceProp {
    int clockRate = 1;
    int computeMode = 0;
};

static inline cudaError_t jnerf_cudaGetDeviceProperties(jnerf_cudaDeviceProp* properties, int device) {
    const cudaError_t error = cudaGetDeviceProperties(static_cast<cudaDeviceProp*>(properties), device);
    cudaDeviceGetAttribute(&properties->clockRate, cudaDevAttrClockRate, device);
    cudaDeviceGetAttribute(&properties->computeMode, cudaDevAttrComputeMode, device);
    return error;
}

#define cudaDeviceProp jnerf_cudaDeviceProp
#define cudaGetDeviceProperties jnerf_cudaGetDeviceProperties
#endif
#endif
