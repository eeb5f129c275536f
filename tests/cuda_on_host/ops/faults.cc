// A program that makes one fault, named by its argument, for the stand-in to find.
#include "accesses.h"
#include "common/jnerf_launch.h"
#include "guarded.h"

using namespace cuda_on_host;

// A sum over a block of 64; the barrier between writing and reading may be left out.
__global__ void sum(const float* in, float* out, bool barrier) {
    __shared__ float values[64];
    values[threadIdx.x] = in[threadIdx.x];
    if (barrier) __syncthreads();
    if (threadIdx.x == 0) {
        float total = 0;
        for (int i = 0; i < 64; i++) total += values[i];
        out[blockIdx.x] = total;
    }
}

__global__ void store(float* out, int at, float value) { out[at] = value; }

int main(int, char** arguments) {
    const std::string fault = arguments[1];
    float in[64] = {}, out[2] = {};
    Guarded guarded("faults");
    float *from = guarded.read(in, sizeof in), *to = guarded.fill(out, sizeof out);
    if (fault == "fresh") return to[0] != to[0] ? 3 : 0;  // NaN
    if (fault == "none" || fault == "barrier") jnerf::launch(sum, 2, 64, 0, (const float*)from, to, fault == "none");
    if (fault == "blocks") jnerf::launch(store, 2, 1, 0, to, 0, 1.0f);
    if (fault == "input") jnerf::launch(store, 1, 1, 0, from, 0, 1.0f);
    if (fault == "end") jnerf::launch(store, 1, 1, 0, to, 64, 1.0f);
    if (fault == "before") jnerf::launch(store, 1, 1, 0, to, -1, 1.0f);
    guarded.done();
}
