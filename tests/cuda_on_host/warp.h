// Warp functions: lanes put down what they have, meet, and take what they need. The tensor-core instructions follow the
// fragment layouts of the PTX manual ("Matrix fragments for mma.m16n8k8", ".m16n8k16", "ldmatrix").
#pragma once
#include <cstdint>
#include <cstring>
#include <type_traits>
#include "atomics.h"
#include "half.h"

constexpr int warpSize = 32;

namespace cuda_on_host {

template <class T, class Source> inline T exchange(unsigned mask, T value, Source source) {
    static_assert(sizeof(T) <= 8, "one slot");
    Machine& m = machine();
    memcpy(m.warp().slot[m.lane()], &value, sizeof(T));
    m.warp_barrier(mask);
    const int from = source((int)m.lane());
    if (from >= 0 && from < 32) {
        if (!(mask >> from & 1)) fail("a shuffle reads from a thread that is not in its mask");
        memcpy(&value, m.warp().slot[from], sizeof(T));
    }
    m.warp_barrier(mask);
    return value;
}

inline unsigned vote(unsigned mask, bool mine) {
    Machine& m = machine();
    m.warp().slot[m.lane()][0] = mine;
    m.warp_barrier(mask);
    unsigned all = 0;
    for (int i = 0; i < 32; i++)
        if (mask >> i & 1) all |= (unsigned)m.warp().slot[i][0] << i;
    m.warp_barrier(mask);
    return all;
}

}  // namespace cuda_on_host

template <class T> inline T __shfl_sync(unsigned mask, T v, int lane) {
    return cuda_on_host::exchange(mask, v, [=](int) { return lane & 31; });
}
template <class T> inline T __shfl_up_sync(unsigned mask, T v, unsigned by) {
    return cuda_on_host::exchange(mask, v, [=](int lane) { return lane - (int)by; });
}
template <class T> inline T __shfl_down_sync(unsigned mask, T v, unsigned by) {
    return cuda_on_host::exchange(mask, v, [=](int lane) { return lane + (int)by; });
}
template <class T> inline T __shfl_xor_sync(unsigned mask, T v, int with) {
    return cuda_on_host::exchange(mask, v, [=](int lane) { return lane ^ with; });
}
inline unsigned __ballot_sync(unsigned mask, int v) { return cuda_on_host::vote(mask, v != 0); }
inline int __any_sync(unsigned mask, int v) { return cuda_on_host::vote(mask, v != 0) != 0; }
inline int __all_sync(unsigned mask, int v) { return cuda_on_host::vote(mask, v != 0) == mask; }
inline unsigned __activemask() { return ~0u; }

namespace cuda_on_host {

// Lane i names row i % 8 of the 8 x 8 matrix i / 8; register j holds elements (g, 2t), (g, 2t + 1) of matrix j, or of
// its transpose, for lane 4 g + t.
inline void ldmatrix_x4(uint32_t* r, const void* row, bool transposed) {
    Machine& m = machine();
    if ((uintptr_t)row % 16) fail("ldmatrix reads a row at an address that is not a multiple of 16");
    const unsigned lane = m.lane(), g = lane / 4, t = lane % 4;
    m.warp().slot[lane][0] = (uint64_t)(uintptr_t)row;
    m.warp_barrier(~0u);
    for (unsigned j = 0; j < 4; j++) {
        uint16_t value[2];
        for (unsigned k = 0; k < 2; k++) {
            const unsigned i = transposed ? 2 * t + k : g, column = transposed ? g : 2 * t + k;
            value[k] = ((const uint16_t*)(uintptr_t)m.warp().slot[8 * j + i][0])[column];
        }
        memcpy(r + j, value, 4);
    }
    m.warp_barrier(~0u);
}

// d [16, 8] += a [16, depth] b [depth, 8] for a depth of 8 or 16, all lanes together; float accumulation.
inline void mma_m16n8(float* d, const uint32_t* a, const uint32_t* b, unsigned depth, bool bf16) {
    Machine& m = machine();
    const unsigned lane = m.lane(), g = lane / 4, t = lane % 4;
    for (unsigned j = 0; j < depth / 4; j++) m.warp().slot[lane][j] = a[j];
    for (unsigned j = 0; j < depth / 8; j++) m.warp().slot[lane][4 + j] = b[j];
    m.warp_barrier(~0u);
    const float* value = half_values(bf16);
    for (unsigned k = 0; k < depth; k++) {
        const unsigned owner = k % 8 / 2, high = 16 * (k % 2);
        for (unsigned half = 0; half < 2; half++) {  // rows g, g + 8
            const float x = value[m.warp().slot[4 * g + owner][2 * (k / 8) + half] >> high & 0xffff];
            for (unsigned n = 0; n < 2; n++) d[2 * half + n] += x * value[m.warp().slot[4 * (2 * t + n) + owner][4 + k / 8] >> high & 0xffff];
        }
    }
    m.warp_barrier(~0u);
}

}  // namespace cuda_on_host
