// Every load and store of a kernel, when it is compiled with CUDA_ON_HOST_WATCH and the flags of `cuda_mode.py`: two
// threads that touch the same bytes, one of them to write, with nothing between that orders them, end the program. What
// orders is a barrier of the block, and within a warp any warp function. Blocks of a launch are never ordered. Atomics
// are not looked at, nor a thread's own stack.
#pragma once
#include "fibers.h"
#ifdef CUDA_ON_HOST_WATCH
#include <dlfcn.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#define JNERF_UNWATCHED __attribute__((no_sanitize("kernel-address")))

namespace cuda_on_host {

// Who touched some bytes of a word: nobody if the launch is another one.
struct Touch {
    uint64_t launch, block;
    unsigned thread, epoch, warp_epoch, bytes;
    const void* code;
};
struct Word {
    uintptr_t address;
    Touch write, reads[2];  // the last reader, and the last but that
};
// The latest of words that fall together is known; those before it are forgotten.
constexpr size_t kWords = 1 << 18;
inline bool watching = false;  // what follows also loads and stores

JNERF_UNWATCHED inline void say(const char* what, const Touch& touch) {
    Dl_info where{};
    dladdr(touch.code, &where);
    fprintf(stderr, "%s by thread %u of block %llu at %s+0x%zx\n", what, touch.thread, (unsigned long long)touch.block, where.dli_fname ? where.dli_fname : "?",
            (size_t)((const char*)touch.code - (const char*)where.dli_fbase));
}

JNERF_UNWATCHED inline void look(uintptr_t first, size_t size, bool writes, const void* code) {
    static Word* const words = (Word*)calloc(kWords, sizeof(Word));
    Machine& m = machine();
    if (!m.running || m.owns(first)) return;
    const Fiber& now = *m.now;
    const Touch mine{m.launch_number, m.block_number, now.number, m.epoch, m.warps[now.number / 32].epoch, 0, code};
    for (uintptr_t at = first & ~(uintptr_t)3; at < first + size; at += 4) {
        Word& word = words[(at >> 2) * 0x9E3779B97F4A7C15ull >> 46];
        if (word.address != at) word = Word{at, {}, {}};
        Touch touch = mine;
        for (unsigned i = 0; i < 4; i++) touch.bytes |= (unsigned)(at + i >= first && at + i < first + size) << i;
        for (const Touch* other : {&word.write, &word.reads[0], &word.reads[1]}) {
            if (other != &word.write && !writes) break;
            if (other->launch != mine.launch || !(other->bytes & touch.bytes)) continue;
            if (other->block == mine.block) {
                if (other->thread == mine.thread || other->epoch != mine.epoch) continue;
                if (other->thread / 32 == mine.thread / 32 && other->warp_epoch != mine.warp_epoch) continue;
            } else if (!m.is_global(at)) continue;  // shared memory of another block
            say(other == &word.write ? "written" : "read", *other);
            say(writes ? "written" : "read", touch);
            fail("two threads touch the same memory and nothing orders them");
        }
        if (writes) {
            word.write = touch;
        } else if (word.reads[0].launch != mine.launch || word.reads[0].block != mine.block || word.reads[0].thread != mine.thread) {
            word.reads[1] = word.reads[0];
            word.reads[0] = touch;
        } else {
            touch.bytes |= word.reads[0].epoch == mine.epoch ? word.reads[0].bytes : 0;
            word.reads[0] = touch;
        }
    }
}

JNERF_UNWATCHED inline void touched(uintptr_t first, size_t size, bool writes, const void* code) {
    if (watching) return;
    watching = true;
    look(first, size, writes, code);
    watching = false;
}

}  // namespace cuda_on_host

#define JNERF_CALLED extern "C" __attribute__((weak, visibility("hidden"), no_sanitize("kernel-address")))
#define JNERF_HOOK(name, size, writes) \
    JNERF_CALLED void __asan_##name##_noabort(uintptr_t p) { cuda_on_host::touched(p, size, writes, __builtin_return_address(0)); }
JNERF_HOOK(load1, 1, false)
JNERF_HOOK(load2, 2, false)
JNERF_HOOK(load4, 4, false)
JNERF_HOOK(load8, 8, false)
JNERF_HOOK(load16, 16, false)
JNERF_HOOK(store1, 1, true)
JNERF_HOOK(store2, 2, true)
JNERF_HOOK(store4, 4, true)
JNERF_HOOK(store8, 8, true)
JNERF_HOOK(store16, 16, true)
JNERF_CALLED void __asan_loadN_noabort(uintptr_t p, size_t n) { cuda_on_host::touched(p, n, false, __builtin_return_address(0)); }
JNERF_CALLED void __asan_storeN_noabort(uintptr_t p, size_t n) { cuda_on_host::touched(p, n, true, __builtin_return_address(0)); }
JNERF_CALLED void __asan_handle_no_return() {}
JNERF_CALLED void __asan_before_dynamic_init(const char*) {}
JNERF_CALLED void __asan_after_dynamic_init() {}
#else
#define JNERF_UNWATCHED
#endif
