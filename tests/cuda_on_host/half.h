// float <-> fp16 and bf16, rounded to nearest even.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

namespace cuda_on_host {

inline uint16_t to_fp16(float v) {
    uint32_t bits;
    memcpy(&bits, &v, 4);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    if (v != v) return sign | 0x7fff;
    const float a = std::fabs(v);
    if (a >= 65520.0f) return sign | 0x7c00;
    const int e = a < 6.103515625e-5f ? -14 : std::ilogb(a);
    const float units = std::nearbyintf(std::ldexp(a, 10 - e));  // exact before rounding
    return sign | (uint16_t)(((e + 14) << 10) + (int)units);     // a carry walks into the exponent
}

inline float from_fp16(uint16_t h) {
    const int e = h >> 10 & 31, m = h & 1023;
    const float a = e == 31 ? (m ? NAN : INFINITY) : e ? std::ldexp((float)(m + 1024), e - 25) : std::ldexp((float)m, -24);
    return h & 0x8000 ? -a : a;
}

inline uint16_t to_bf16(float v) {
    uint32_t bits;
    memcpy(&bits, &v, 4);
    if (v != v) return 0x7fff;
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

inline float from_bf16(uint16_t h) {
    const uint32_t bits = (uint32_t)h << 16;
    float v;
    memcpy(&v, &bits, 4);
    return v;
}

// Every 16-bit pattern's value.
inline const float* half_values(bool bf16) {
    static const std::vector<float> tables[2] = {[] { std::vector<float> t(65536); for (int i = 0; i < 65536; i++) t[i] = from_fp16((uint16_t)i); return t; }(),
                                                 [] { std::vector<float> t(65536); for (int i = 0; i < 65536; i++) t[i] = from_bf16((uint16_t)i); return t; }()};
    return tables[bf16].data();
}

}  // namespace cuda_on_host
