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

// A lane puts down its value and the lane that it wants to hear from; who comes last hands out the answers.
template <class T, class Source> inline T exchange(unsigned mask, T value, Source source) {
    static_assert(sizeof(T) <= 8, "one slot");
    Machine& m = machine();
    Warp& warp = m.warp();
    const unsigned lane = m.lane();
    const int from = source((int)lane);
    memcpy(warp.slot[lane], &value, sizeof(T));
    warp.slot[lane][1] = from >= 0 && from < 32 ? from : lane;
    m.warp_barrier(mask, [&warp, mask] {
        for (unsigned i = 0; i < 32; i++)
            if (mask >> i & 1) {
                if (!(mask >> warp.slot[i][1] & 1)) fail("a shuffle reads from a thread that is not in its mask");
                warp.slot[i][2] = warp.slot[warp.slot[i][1]][0];
            }
    });
    memcpy(&value, warp.slot[lane] + 2, sizeof(T));
    return value;
}

inline unsigned vote(unsigned mask, bool mine) {
    Machine& m = machine();
    Warp& warp = m.warp();
    const unsigned lane = m.lane();
    warp.slot[lane][0] = mine;
    m.warp_barrier(mask, [&warp, mask] {
        unsigned all = 0;
        for (unsigned i = 0; i < 32; i++)
            if (mask >> i & 1) all |= (unsigned)warp.slot[i][0] << i;
        for (unsigned i = 0; i < 32; i++)
            if (mask >> i & 1) warp.slot[i][2] = all;
    });
    return (unsigned)warp.slot[lane][2];
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
    Warp& warp = m.warp();
    const unsigned lane = m.lane();
    warp.slot[lane][0] = (uint64_t)(uintptr_t)row;
    m.warp_barrier(~0u, [&warp, transposed] {
        for (unsigned j = 0; j < 4; j++) {
            uint16_t matrix[8][8];
            for (unsigned i = 0; i < 8; i++) memcpy(matrix[i], (const void*)(uintptr_t)warp.slot[8 * j + i][0], 16);
            for (unsigned lane = 0; lane < 32; lane++) {
                const unsigned g = lane / 4, t = lane % 4;
                const uint32_t low = transposed ? matrix[2 * t][g] : matrix[g][2 * t], high = transposed ? matrix[2 * t + 1][g] : matrix[g][2 * t + 1];
                warp.slot[lane][1 + j] = low | high << 16;
            }
        }
    });
    for (unsigned j = 0; j < 4; j++) r[j] = (uint32_t)warp.slot[lane][1 + j];
}

// The product of a whole warp from what its lanes have put down.
__attribute__((optimize("O3"), noinline)) inline void multiply(Warp& warp, unsigned depth, const float* value) {
    float a[16][16], b[16][8], d[16][8];
    for (unsigned lane = 0; lane < 32; lane++) {
        const unsigned g = lane / 4, t = lane % 4;
        const uint64_t* slot = warp.slot[lane];
        for (unsigned i = 0; i < depth / 4; i++)  // rows g, g + 8 by turns, then eight columns on
            for (unsigned k = 0; k < 2; k++) a[g + 8 * (i % 2)][8 * (i / 2) + 2 * t + k] = value[slot[i] >> 16 * k & 0xffff];
        for (unsigned i = 0; i < depth / 8; i++)
            for (unsigned k = 0; k < 2; k++) b[8 * i + 2 * t + k][g] = value[slot[4 + i] >> 16 * k & 0xffff];
        float sums[4];
        memcpy(sums, slot + 6, 16);
        for (unsigned i = 0; i < 4; i++) d[g + 8 * (i / 2)][2 * t + i % 2] = sums[i];
    }
    for (unsigned row = 0; row < 16; row++)
        for (unsigned k = 0; k < depth; k++)
            for (unsigned n = 0; n < 8; n++) d[row][n] += a[row][k] * b[k][n];
    for (unsigned lane = 0; lane < 32; lane++) {
        const unsigned g = lane / 4, t = lane % 4;
        const float sums[4] = {d[g][2 * t], d[g][2 * t + 1], d[g + 8][2 * t], d[g + 8][2 * t + 1]};
        memcpy(warp.slot[lane] + 6, sums, 16);
    }
}

// d [16, 8] += a [16, depth] b [depth, 8] for a depth of 8 or 16, all lanes together; float accumulation.
inline void mma_m16n8(float* d, const uint32_t* a, const uint32_t* b, unsigned depth, bool bf16) {
    Machine& m = machine();
    Warp& warp = m.warp();
    uint64_t* slot = warp.slot[m.lane()];
    for (unsigned j = 0; j < depth / 4; j++) slot[j] = a[j];
    for (unsigned j = 0; j < depth / 8; j++) slot[4 + j] = b[j];
    memcpy(slot + 6, d, 16);
    m.warp_barrier(~0u, [&warp, depth, bf16] { multiply(warp, depth, half_values(bf16)); });
    memcpy(d, slot + 6, 16);
}

}  // namespace cuda_on_host
