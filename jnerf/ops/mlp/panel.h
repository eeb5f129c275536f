// What a tile of samples is kept in, and what a product is. Samples lie across vector lanes: an activation of all samples
// of the tile is a row. So features that come two by two per sample (the hash grid's) are pairs already, outputs need no
// padding to a vector's length, and the same weights serve as operand of AVX-512 and of AMX.
#pragma once
#include "mlp/kernel.h"
#include "mlp/vectors.h"

namespace jnerf {

constexpr int MLP_TILE = 64;  // samples
constexpr int MLP_PAD = 32;   // widths of what AMX may read are padded to this

// Activations of a tile, or their gradients. A product over them takes items: one float, or two bf16 of neighbouring
// rows in a word; a product over samples takes the rows, in which neighbouring samples are neighbours.
template <class P> struct Panel {
    typedef typename P::Element Element;
    int width;
    Buffer<uint32_t> words;  // items [pad(width) / K, MLP_TILE]
    Buffer<Element> own;     // rows, where items are not rows themselves
    Element* rows;           // or wherever a forward pass keeps them for the backward pass (STREAM)

    explicit Panel(int width) : width(width), words((size_t)round_up(width, MLP_PAD) / P::K * MLP_TILE) {
        if (P::K > 1) own.resize(n_rows() * MLP_TILE);
        rows = P::K > 1 ? own.data() : (Element*)words.data();
    }
    Panel(Panel&&) = default;  // `rows` goes along; a copy's would be another's
    size_t n_rows() const { return round_up(width, MLP_PAD); }
    uint32_t* items(int i) { return &words[(size_t)i * MLP_TILE]; }
    Element* row(int i) { return rows + (size_t)i * MLP_TILE; }
    bool kept() const { return (const void*)rows != own.data() && (const void*)rows != words.data(); }

    // All of another panel, from row `at` on; KEEP: ROWS where its rows are there too.
    template <int KEEP> void copy(const Panel& from, int at) {
        std::copy(from.words.begin(), from.words.end(), words.begin() + (size_t)at / P::K * MLP_TILE);
        if (KEEP) P::rows_from_items(*this, at, at + from.width);
    }
};

// What a thread's next tile reads, on its way into the cache while the present one is multiplied: a few lines with each block
// of a product, since more would wait for one another. A line beyond the end of memory is harmless.
struct Fetch {
    static constexpr int PIECE = 512;  // bytes
    const char* at = nullptr;
    int64_t jump = 0;  // from piece to piece
    int left = 0, at_once = 1;

    JNERF_FN void next() {
        for (int k = std::min(left, at_once); k > 0; k--, left--, at += jump)
            JNERF_UNROLL for (int i = 0; i < PIECE; i += 64) __builtin_prefetch(at + i);
    }
};

// C = A B for row-major A [m, k] and B [k, n] of items; lda, ldb in items. n is a multiple of MLP_PAD. Rows of A are read
// up to the next multiple of AMX's tiles: they must exist, whatever they hold.
struct Product {
    int m, n, k;
    const uint32_t* a;
    int64_t lda;
    const uint32_t* b;
    int64_t ldb;
    Fetch* fetch = nullptr;
};

// What becomes of a product's rows, at compile time: a branch for each vector would cost as much as the work.
enum OutletKind {
    RELU = 1,
    ACTIVE = 2,  // zero where `active`, a panel of ReLU's results, is zero
    PANEL = 4,   // into `panel` as items
    ROWS = 8,    // and as rows
    STREAM = 32, // those past the caches
    PLAIN = 16,  // the first `n_plain` rows, before all that, as floats [n_plain, MLP_TILE]
};

template <class P, int KIND> struct Outlet {
    int rows;  // of the product
    Panel<P>* panel = nullptr;
    Panel<P>* active = nullptr;
    float* plain = nullptr;
    int n_plain = 0;

    template <int R, int V> JNERF_FN void operator()(int i, int j, const GemmVector (&sum)[R][V]) const { P::store(*this, i, j, sum); }
};

// What a block of a product starts with.
struct StartZero {
    template <int R, int V> JNERF_FN void operator()(int, int, GemmVector (&sum)[R][V]) const {
        JNERF_UNROLL for (int r = 0; r < R; r++)
            JNERF_UNROLL for (int v = 0; v < V; v++) sum[r][v] = GemmVector{};
    }
};

struct StartBias {
    const float* bias;
    template <int R, int V> JNERF_FN void operator()(int i, int, GemmVector (&sum)[R][V]) const {
        JNERF_UNROLL for (int r = 0; r < R; r++)
            JNERF_UNROLL for (int v = 0; v < V; v++) sum[r][v] = GemmVector{} + bias[i + r];
    }
};

// Sums that go on from what memory holds.
struct StartSums {
    const float* c;
    int64_t ldc;
    template <int R, int V> JNERF_FN void operator()(int i, int j, GemmVector (&sum)[R][V]) const {
        JNERF_UNROLL for (int r = 0; r < R; r++)
            JNERF_UNROLL for (int v = 0; v < V; v++) sum[r][v] = load_vector(c + (i + r) * ldc + j + v * GEMM_LANES);
    }
};

struct StoreSums {
    float* c;
    int64_t ldc;
    template <int R, int V> JNERF_FN void operator()(int i, int j, const GemmVector (&sum)[R][V]) const {
        JNERF_UNROLL for (int r = 0; r < R; r++)
            JNERF_UNROLL for (int v = 0; v < V; v++) store_vector(c + (i + r) * ldc + j + v * GEMM_LANES, sum[r][v]);
    }
};

}  // namespace jnerf
