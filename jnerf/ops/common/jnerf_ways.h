// Which way a kernel goes where it has several. What suits its shape and the device is what it does by itself;
// JNERF_CUDA_WAYS="march=one,field=tensor" asks for another (ways.py has the list). Asked at each launch, so that one process
// may time them all: some tens of nanoseconds.
#pragma once
#include <cstdlib>
#include <cstring>

namespace jnerf {

inline bool asked_way(const char* kernel, const char* way) {
    const size_t name = strlen(kernel), length = strlen(way);
    for (const char* at = std::getenv("JNERF_CUDA_WAYS"); at && *at;) {
        const bool mine = !strncmp(at, kernel, name) && at[name] == '=' && !strncmp(at + name + 1, way, length);
        if (mine && (at[name + 1 + length] == ',' || !at[name + 1 + length])) return true;
        at = strchr(at, ',');
        if (at) at++;
    }
    return false;
}

// Whether a kernel goes `way` rather than `other`; `suits`: what it does by itself.
inline bool takes_way(const char* kernel, const char* way, const char* other, bool suits = true) {
    return asked_way(kernel, way) || (suits && !asked_way(kernel, other));
}

}  // namespace jnerf
