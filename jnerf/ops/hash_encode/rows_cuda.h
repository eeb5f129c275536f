// Rows of a hash grid's tables on CUDA: loaded, stored and added to as vectors of features.
#pragma once
#include "common/numbers/stored.h"

namespace jnerf {

// Words of an address that is a multiple of their size.
__device__ __forceinline__ void load_words(uint32_t (&words)[1], const void* p) { words[0] = __ldg((const uint32_t*)p); }
__device__ __forceinline__ void load_words(uint32_t (&words)[2], const void* p) {
    const uint2 v = __ldg((const uint2*)p);
    words[0] = v.x, words[1] = v.y;
}
__device__ __forceinline__ void load_words(uint32_t (&words)[4], const void* p) {
    const uint4 v = __ldg((const uint4*)p);
    words[0] = v.x, words[1] = v.y, words[2] = v.z, words[3] = v.w;
}

// The two numbers of a word, the lower half first.
template <class Stored> __device__ __forceinline__ void split_word(uint32_t word, float& low, float& high) {
    low = Stored{(uint16_t)word}.value(), high = Stored{(uint16_t)(word >> 16)}.value();
}

// F features as one register tuple.
template <int F> struct FeatureRow { typedef float4 type; };
template <> struct FeatureRow<1> { typedef float type; };
template <> struct FeatureRow<2> { typedef float2 type; };

template <int F> __device__ __forceinline__ void load_row(float (&v)[F], const float* p) {
    typedef typename FeatureRow<F>::type Row;
    constexpr int width = sizeof(Row) / sizeof(float);
#pragma unroll
    for (int f = 0; f < F; f += width) {
        const Row row = __ldg((const Row*)(p + f));
        if constexpr (width == 1) v[f] = row;
        else v[f] = row.x, v[f + 1] = row.y;
        if constexpr (width == 4) v[f + 2] = row.z, v[f + 3] = row.w;
    }
}

// F numbers in 16 bits, as few loads.
template <int F, class Stored> __device__ __forceinline__ void load_row(float (&v)[F], const Stored* p) {
    if constexpr (F == 1) v[0] = Stored{__ldg((const uint16_t*)p)}.value();
    else {
        uint32_t words[F / 2];
        load_words(words, p);
#pragma unroll
        for (int f = 0; f < F; f += 2) split_word<Stored>(words[f / 2], v[f], v[f + 1]);
    }
}

// Two neighbouring rows of two features, as one load: in 16 bits a word each, else two floats each.
template <class Stored> struct RowPair {
    typedef uint2 Both;
    typedef uint32_t Row;
    __device__ __forceinline__ static Row row(Both both, bool second) { return second ? both.y : both.x; }
    __device__ __forceinline__ static void split(Row row, float& first, float& second) { split_word<Stored>(row, first, second); }
};
template <> struct RowPair<float> {
    typedef float4 Both;
    typedef float2 Row;
    __device__ __forceinline__ static Row row(Both both, bool second) { return second ? make_float2(both.z, both.w) : make_float2(both.x, both.y); }
    __device__ __forceinline__ static void split(Row row, float& first, float& second) { first = row.x, second = row.y; }
};

// The rows of all corners of a cell. Of two features, corners that are neighbours along x are one load wherever their
// rows are an aligned pair: that is so for half of them, in hashed levels as in dense ones. What stands beside the lower
// one is loaded in any case. `paired`: rows of the level have one beside them.
template <int D, int F, class Stored> __device__ __forceinline__ void load_corners(float (&v)[1 << D][F], const Stored* table, const uint32_t (&row)[1 << D], bool paired) {
    typedef RowPair<Stored> Pair;
    if (F == 2 && paired) {
        typename Pair::Both both[1 << (D - 1)];
#pragma unroll
        for (int c = 0; c < (1 << D); c += 2) both[c / 2] = __ldg((const typename Pair::Both*)table + (row[c] >> 1));
#pragma unroll
        for (int c = 0; c < (1 << D); c += 2) {
            const bool odd = row[c] & 1;
            typename Pair::Row next = Pair::row(both[c / 2], !odd);
            if (row[c + 1] != (row[c] ^ 1)) next = __ldg((const typename Pair::Row*)table + row[c + 1]);
            Pair::split(Pair::row(both[c / 2], odd), v[c][0], v[c][F - 1]);
            Pair::split(next, v[c + 1][0], v[c + 1][F - 1]);
        }
    } else {
#pragma unroll
        for (int c = 0; c < (1 << D); c++) load_row<F>(v[c], table + (int64_t)row[c] * F);
    }
}

template <int F> __device__ __forceinline__ void store_row(float* p, const float (&v)[F]) {
    if constexpr (F == 1) *p = v[0];
    else if constexpr (F == 2) *(float2*)p = make_float2(v[0], v[1]);
    else
#pragma unroll
        for (int f = 0; f < F; f += 4) *(float4*)(p + f) = make_float4(v[f], v[f + 1], v[f + 2], v[f + 3]);
}

template <int F, class Stored> __device__ __forceinline__ float dot_row(const float (&v)[F], const Stored* p) {
    float row[F], sum = 0.0f;
    load_row<F>(row, p);
#pragma unroll
    for (int f = 0; f < F; f++) sum += v[f] * row[f];
    return sum;
}

template <int F> __device__ __forceinline__ void add_row(float* p, const float (&v)[F]) {
#if __CUDA_ARCH__ >= 900 && CUDART_VERSION >= 12010
    if constexpr (F == 2) {
        atomicAdd((float2*)p, make_float2(v[0], v[1]));
        return;
    } else if constexpr (F >= 4) {
#pragma unroll
        for (int f = 0; f < F; f += 4) atomicAdd((float4*)(p + f), make_float4(v[f], v[f + 1], v[f + 2], v[f + 3]));
        return;
    }
#endif
#pragma unroll
    for (int f = 0; f < F; f++) atomicAdd(p + f, v[f]);
}

// Where `hash_scatter` adds to.
template <int F> struct HashFloatRows {
    float* sums;
    __device__ __forceinline__ float scale(int) const { return 1.0f; }
    __device__ __forceinline__ void add(uint32_t row, const float (&v)[F], float) const { add_row<F>(sums + (int64_t)row * F, v); }
};

}  // namespace jnerf
