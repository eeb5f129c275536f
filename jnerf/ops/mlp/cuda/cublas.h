// cuBLAS without linking it: the library that Jittor has loaded, or the toolkit's; where there is none, whoever asks is told.
#pragma once
#include <cstdio>
#include "common/jnerf_common.h"
#ifndef JNERF_CUDA_ON_HOST
#include <dlfcn.h>
#include <library_types.h>
#endif

namespace jnerf {

// C = op(A) op(B) + beta C, column-major as cuBLAS has it, C and sums in float. bf16: of A and B, else float.
struct GemmCall {
    bool turn_a, turn_b, bf16;
    int m, n, k;
    const void* a;
    int lda;
    const void* b;
    int ldb;
    float beta;
    float* c;
    int ldc;
};

// Says once in a process that there is none: results are as good, and only time tells.
inline void tell_of_no_cublas() {
    static const bool told = fprintf(stderr, "\nwarning: no cuBLAS was found. MLPs with biases, skips or more than 128 wide multiply in kernels of jnerf's own, in fp32, which takes longer. "
                                             "Install the CUDA toolkit's libcublas, or put its folder on LD_LIBRARY_PATH\n") > 0;
    (void)told;
}

#ifdef JNERF_CUDA_ON_HOST
inline bool cublas_there() { return cuda_on_host::machine().device.cublas; }
inline void cublas_gemm(const GemmCall& g) { cuda_on_host::gemm(g.turn_a, g.turn_b, g.bf16, g.m, g.n, g.k, g.a, g.lda, g.b, g.ldb, g.beta, g.c, g.ldc); }
#else
struct Cublas {
    typedef int (*Create)(void**);
    typedef int (*Gemm)(void*, int, int, int, int, int, const void*, const void*, cudaDataType, int, const void*, cudaDataType, int, const void*, void*, cudaDataType, int, int, int);
    void* handle = nullptr;
    Create create = nullptr;
    Gemm gemm = nullptr;

    Cublas() {
        create = (Create)find("cublasCreate_v2");
        gemm = (Gemm)find("cublasGemmEx");
    }
    bool found() const { return create && gemm; }

    // Raises std::runtime_error where it is found and cannot begin, as where the GPU is all but full.
    void* begun() {
        int status = handle ? 0 : create(&handle);
        if (status != 0 && give_back_memory()) status = create(&handle);
        if (status == 0) return handle;
        handle = nullptr;
        throw std::runtime_error("cuBLAS cannot begin: cublasCreate failed with status " + std::to_string(status) + (status == 1 || status == 3 ? ". Most often the GPU has no memory left: end other programs on it" : ""));
    }

private:
    static void* find(const char* name) {
        if (void* found = dlsym(RTLD_DEFAULT, name)) return found;
        const std::string version = "libcublas.so." + std::to_string(CUDART_VERSION / 1000);
        for (const char* file : {version.c_str(), "libcublas.so"})
            if (void* library = dlopen(file, RTLD_NOW | RTLD_LOCAL))
                if (void* found = dlsym(library, name)) return found;
        return nullptr;
    }
};

// One for the process, for as long as that lives. Its stream is the default one, and its fp32 no TF32, unless told.
inline Cublas& cublas() {
    static Cublas library;
    return library;
}
inline bool cublas_there() { return CUDART_VERSION >= 11000 && cublas().found(); }
inline void cublas_gemm(const GemmCall& g) {
    const float alpha = 1.0f;
    const int compute_32f = 68, default_algorithm = -1;  // CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT
    const cudaDataType type = g.bf16 ? CUDA_R_16BF : CUDA_R_32F;
    const int status = cublas().gemm(cublas().begun(), g.turn_a, g.turn_b, g.m, g.n, g.k, &alpha, g.a, type, g.lda, g.b, type, g.ldb, &g.beta, g.c, CUDA_R_32F, g.ldc, compute_32f, default_algorithm);
    if (status != 0) throw std::runtime_error("cublasGemmEx failed with status " + std::to_string(status));
}
#endif

inline bool cublas_found() {
    const bool found = cublas_there();
    if (!found) tell_of_no_cublas();
    return found;
}

}  // namespace jnerf
