// The tile registers of AMX: the instructions, and what Linux and the processor want before the first. The instructions
// name their tiles, hence the macros.
// JNERF_EMULATE_AMX puts arithmetic in place of the instructions, so that tests can run what is made of them anywhere.
#pragma once
#include <cstdint>

#if defined(JNERF_EMULATE_AMX)
#define JNERF_AMX 1
#include "mlp/amx/emulated.h"
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

// GCC's intrinsics do not say which memory they read: what was written before must be there.
inline void amx_memory() { asm volatile("" ::: "memory"); }

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
        asm volatile("" :: "r"(&config) : "memory");  // else GCC keeps the first eight bytes alone
        JNERF_TILE_CONFIG(&config);
    }
    ~AmxTiles() { if (on) JNERF_TILE_RELEASE(); }
};

#else

inline bool amx_ready() { return false; }
struct AmxTiles { ~AmxTiles() {} };

#endif

}  // namespace jnerf
