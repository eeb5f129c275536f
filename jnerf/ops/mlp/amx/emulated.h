// AMX's tile instructions as arithmetic, for tests on machines without them. Only the shape that jnerf configures.
#pragma once
#include <atomic>
#include <cstdlib>

namespace jnerf {

inline bool& amx_emulation_on() {
    static bool on = true;
    return on;
}

// How many tile products there were.
inline std::atomic<int64_t>& amx_products() {
    static std::atomic<int64_t> count{0};
    return count;
}

struct EmulatedTiles {
    uint32_t tile[8][16][16];
    bool configured = false;

    void config(const void* p) {
        const uint8_t* bytes = (const uint8_t*)p;
        uint16_t row_bytes[8];
        memcpy(row_bytes, bytes + 16, sizeof row_bytes);
        for (int t = 0; t < 8; t++)
            if (bytes[0] != 1 || row_bytes[t] != 64 || bytes[48 + t] != 16) abort();
        configured = true;
    }
    void check() const { if (!configured) abort(); }  // the instruction would fault
    void zero(int t) { check(); memset(tile[t], 0, sizeof tile[t]); }
    void load(int t, const void* p, int64_t stride) {
        check();
        for (int r = 0; r < 16; r++) memcpy(tile[t][r], (const char*)p + r * stride, 64);
    }
    void store(int t, void* p, int64_t stride) const {
        check();
        for (int r = 0; r < 16; r++) memcpy((char*)p + r * stride, tile[t][r], 64);
    }
    static float as_float(uint32_t bits) {
        float value;
        memcpy(&value, &bits, 4);
        return value;
    }
    void multiply(int c, int a, int b) {
        check();
        amx_products()++;
        for (int i = 0; i < 16; i++)
            for (int k = 0; k < 16; k++)
                for (int j = 0; j < 16; j++) {
                    const uint32_t x = tile[a][i][k], y = tile[b][k][j];
                    float sum = as_float(tile[c][i][j]);
                    sum += as_float(x << 16) * as_float(y << 16);
                    sum += as_float(x & 0xffff0000u) * as_float(y & 0xffff0000u);
                    memcpy(&tile[c][i][j], &sum, 4);
                }
    }
};

inline EmulatedTiles& emulated_tiles() {
    thread_local EmulatedTiles tiles;
    return tiles;
}

}  // namespace jnerf

#define JNERF_TILE_CONFIG(p) emulated_tiles().config(p)
#define JNERF_TILE_RELEASE() (emulated_tiles().configured = false)
#define JNERF_TILE_ZERO(t) emulated_tiles().zero(t)
#define JNERF_TILE_LOAD(t, p, stride) emulated_tiles().load(t, p, stride)
#define JNERF_TILE_STORE(t, p, stride) emulated_tiles().store(t, p, stride)
#define JNERF_TILE_MULTIPLY(c, a, b) emulated_tiles().multiply(c, a, b)
