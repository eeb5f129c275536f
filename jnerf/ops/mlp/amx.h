// Matrix products on AMX: tiles of 16 rows x 16 items, bf16 in and float out. Tiles 0 to 3 hold a 2 x 2 block of C, 4 and
// 5 rows of A, 6 and 7 columns of B. The instructions name their tiles, hence the macros.
// JNERF_EMULATE_AMX puts arithmetic in place of the instructions, so that tests can run this file on any machine.
#pragma once
#include "mlp/precision.h"

#if defined(JNERF_EMULATE_AMX)
#define JNERF_AMX 1
#include "mlp/amx_emulated.h"
#elif defined(__AMX_BF16__) && defined(__AMX_TILE__) && defined(__linux__)
#define JNERF_AMX 1
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>
#define JNERF_TILE_CONFIG(p) _tile_loadconfig(p)
#define JNERF_TILE_RELEASE() _tile_release()
#define JNERF_TILE_ZERO(t) _tile_zero(t)
#define JNERF_TILE_LOAD(t, p, stride) _tile_loadd(t, p, stride)
#define JNERF_TILE_STORE(t, p, stride) _tile_stored(t, p, stride)
#define JNERF_TILE_MULTIPLY(c, a, b) _tile_dpbf16ps(c, a, b)
#endif

namespace jnerf {

constexpr int AMX_SIDE = 16;

#if defined(JNERF_AMX)

// Linux hands the tile registers out on request, once a process.
inline bool amx_ready() {
#if defined(JNERF_EMULATE_AMX)
    return amx_emulation_on();
#else
    static const bool granted = syscall(SYS_arch_prctl, 0x1023 /* ARCH_REQ_XCOMP_PERM */, 18 /* tile data */) == 0;
    return granted;
#endif
}

// Configures a thread's tiles for the life of the object.
struct AmxTiles {
    bool on;
    AmxTiles() : on(amx_ready()) {
        if (!on) return;
        struct alignas(64) { uint8_t palette = 1, start_row = 0, reserved[14] = {}; uint16_t bytes[16] = {}; uint8_t rows[16] = {}; } config;
        for (int t = 0; t < 8; t++) {
            config.bytes[t] = 4 * AMX_SIDE;
            config.rows[t] = AMX_SIDE;
        }
        JNERF_TILE_CONFIG(&config);
    }
    ~AmxTiles() { if (on) JNERF_TILE_RELEASE(); }
};

// A block of up to 2 x 2 tiles of C = A B into `c`, [32, 32]; k: items, a multiple of AMX_SIDE. Strides count items.
template <bool TWO_ROWS, bool TWO_COLUMNS>
inline void amx_block(int k, const uint32_t* a, int64_t a_row, const uint32_t* b, int64_t ldb, float* c) {
    JNERF_TILE_ZERO(0);
    if (TWO_COLUMNS) JNERF_TILE_ZERO(1);
    if (TWO_ROWS) JNERF_TILE_ZERO(2);
    if (TWO_ROWS && TWO_COLUMNS) JNERF_TILE_ZERO(3);
    for (int i = 0; i < k; i += AMX_SIDE, a += AMX_SIDE, b += AMX_SIDE * ldb) {
        JNERF_TILE_LOAD(4, a, a_row * 4);
        JNERF_TILE_LOAD(6, b, ldb * 4);
        JNERF_TILE_MULTIPLY(0, 4, 6);
        if (TWO_COLUMNS) {
            JNERF_TILE_LOAD(7, b + AMX_SIDE, ldb * 4);
            JNERF_TILE_MULTIPLY(1, 4, 7);
        }
        if (!TWO_ROWS) continue;
        JNERF_TILE_LOAD(5, a + AMX_SIDE * a_row, a_row * 4);
        JNERF_TILE_MULTIPLY(2, 5, 6);
        if (TWO_COLUMNS) JNERF_TILE_MULTIPLY(3, 5, 7);
    }
    constexpr int stride = 2 * AMX_SIDE;
    JNERF_TILE_STORE(0, c, stride * 4);
    if (TWO_COLUMNS) JNERF_TILE_STORE(1, c + AMX_SIDE, stride * 4);
    if (TWO_ROWS) JNERF_TILE_STORE(2, c + AMX_SIDE * stride, stride * 4);
    if (TWO_ROWS && TWO_COLUMNS) JNERF_TILE_STORE(3, c + AMX_SIDE * stride + AMX_SIDE, stride * 4);
}

#else

inline bool amx_ready() { return false; }
struct AmxTiles {};

#endif

}  // namespace jnerf
