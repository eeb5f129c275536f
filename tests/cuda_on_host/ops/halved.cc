// Tables read in 16 bits: rounded, followed by an update, looked up. Copies arrive as words of 16 bits.
#include "adam/cuda.h"
#include "half_copy/cuda.h"
#include "hash_encode/cuda.h"
#include "hash_encode_gradient/cuda.h"
#include "multisample_encode/cuda.h"
#include "play.h"
using namespace jnerf;

template <class Stored> static void sparse_of(int64_t n, const float* r, const float* grads, const float* table, int last, float* params, float* m, float* v, int* counts, uint16_t* copy) {
    adam_sparse(n, AdamRule{r[0], r[1], r[2], r[3], r[4], r[5]}, grads, table, last, params, m, v, counts, HalfCopyOf<Stored>{(Stored*)copy});
}

extern "C" void rounded(int64_t bf16, int64_t n, const float* values, uint16_t* copy) {
    if (bf16) round_to_stored(n, values, (StoredBf16*)copy);
    else round_to_stored(n, values, (StoredFp16*)copy);
}
extern "C" void sparse(int64_t bf16, int64_t n, const float* rule, const float* grads, const float* table, int64_t last, float* params, float* m, float* v, int* counts, uint16_t* copy) {
    (bf16 ? sparse_of<StoredBf16> : sparse_of<StoredFp16>)(n, rule, grads, table, (int)last, params, m, v, counts, copy);
}

// sizes: samples, levels, smoothstep
struct Grid {
    const float* positions;
    const uint16_t* copy;
    const float* scales;
    const int* meta;
    const int* sizes;
    template <class Stored> HashGridOf<Stored> of(const float* directions) const { return {positions, (const Stored*)copy, scales, meta, sizes[0], sizes[1], sizes[2] != 0, directions}; }
};

template <int D, int F, class Stored> struct Lookup {
    static void run(Grid in, const float* grad_out, float* out, float* grad_positions) {
        hash_encode_forward<D, F>(in.of<Stored>(nullptr), out);
        hash_encode_position_grad<D, F>(in.of<Stored>(nullptr), grad_out, grad_positions);
    }
};
template <int D, int F, class Stored> struct Gradient {
    static void run(Grid in, const float* directions, const float* v, float* gradient, float* grad_v, float* grad_positions) {
        hash_gradient_forward<D, F>(in.of<Stored>(nullptr), v, gradient);
        hash_gradient_value_grad<D, F>(in.of<Stored>(directions), grad_v);
        hash_gradient_position_grad<D, F>(in.of<Stored>(directions), v, grad_positions);
    }
};
template <int D, int F, class Stored> struct Multi {
    static void run(Grid in, const float* widths, const float* sizes, int64_t points, float factor, const float* grad, float* out, float* grad_points) {
        const MultisampleOf<Stored> all{in.of<Stored>(nullptr), widths, sizes, (int)points, factor};
        multisample_forward<F>(all, out);
        multisample_point_grad<F>(all, grad, grad_points);
    }
};

template <template <int, int, class> class Op, class Stored, class... Arguments> void choose_sizes(int64_t dims, int64_t features, Arguments... arguments) {
    switch (10 * dims + features) {
        case 22: return Op<2, 2, Stored>::run(arguments...);
        case 31: return Op<3, 1, Stored>::run(arguments...);
        case 32: return Op<3, 2, Stored>::run(arguments...);
        case 34: return Op<3, 4, Stored>::run(arguments...);
        case 38: return Op<3, 8, Stored>::run(arguments...);
    }
    cuda_on_host::fail("no such grid");
}
template <template <int, int, class> class Op, class... Arguments> void choose(int64_t bf16, int64_t dims, int64_t features, Arguments... arguments) {
    if (bf16) choose_sizes<Op, StoredBf16>(dims, features, arguments...);
    else choose_sizes<Op, StoredFp16>(dims, features, arguments...);
}

extern "C" void lookup(int64_t bf16, int64_t dims, int64_t features, const float* positions, const uint16_t* copy, const float* scales, const int* meta, const int* sizes,
                       const float* grad_out, float* out, float* grad_positions) {
    choose<Lookup>(bf16, dims, features, Grid{positions, copy, scales, meta, sizes}, grad_out, out, grad_positions);
}
extern "C" void gradient(int64_t bf16, int64_t dims, int64_t features, const float* positions, const uint16_t* copy, const float* scales, const int* meta, const int* sizes,
                         const float* directions, const float* v, float* found, float* grad_v, float* grad_positions) {
    choose<Gradient>(bf16, dims, features, Grid{positions, copy, scales, meta, sizes}, directions, v, found, grad_v, grad_positions);
}
extern "C" void multisample(int64_t bf16, int64_t features, const float* points, const uint16_t* copy, const float* scales, const int* meta, const int* sizes, const float* widths,
                            const float* level_sizes, int64_t n_points, float factor, const float* grad, float* out, float* grad_points) {
    choose<Multi>(bf16, 3, features, Grid{points, copy, scales, meta, sizes}, widths, level_sizes, n_points, factor, grad, out, grad_points);
}
