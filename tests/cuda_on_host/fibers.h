// One block of threads as fibers. A fiber runs until it meets a barrier; when none can run, the block's barrier opens.
// A barrier that some thread of its group can never reach ends the program with a message.
#pragma once
#include <setjmp.h>
#include <ucontext.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>
#include <vector>
#ifdef __SSE2__
#include <xmmintrin.h>
#endif
#include "half.h"

struct uint3 { unsigned x, y, z; };
struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

namespace cuda_on_host {

enum class State { ready, at_block, at_warp, done };

struct Fiber {
    std::unique_ptr<char[]> stack;
    ucontext_t context;
    jmp_buf at;  // switching by setjmp spares the two system calls of swapcontext
    bool started = false;
    State state = State::done;
    unsigned mask = 0;  // of the warp's barrier
    uint3 index{};
    unsigned number = 0;
};

struct Warp {
    unsigned epoch;  // warp functions so far
    uint64_t slot[32][8];  // what the lanes exchange; each takes its answer from its own
};

// What tests may play: compute capability, multiprocessors, bytes of shared memory per block.
struct Device {
    int arch = 80, processors = 1, shared = 99 * 1024;
    bool cublas = true;
    size_t most_scratch = SIZE_MAX;  // bytes of one allocation
    bool fails_once = false;         // beyond that, and then there is room
};

[[noreturn]] inline void fail(const char* what) {
    fprintf(stderr, "CUDA on the host: %s\n", what);
    abort();
}

struct Machine {
    static constexpr size_t kStack = 128 * 1024;
    Device device;
    // 0: ascending; 1: threads, warps and blocks in descending order: a missing barrier shows in one of the two; any other
    // number: in random order, by this seed.
    unsigned order = order_wanted();
    bool bad_launch = false;
    bool running = false;  // a thread of a kernel
    uint64_t launch_number = 0, block_number = 0;
    unsigned epoch = 0;  // barriers of the block so far
    std::vector<Fiber> fibers = std::vector<Fiber>(1024);
    Warp warps[32]{};
    std::vector<std::pair<uintptr_t, uintptr_t>> global;  // the arrays of the op that runs
    std::vector<char> shared;
    std::function<void()> body;
    Fiber* now = nullptr;
    jmp_buf scheduler;
    unsigned threads = 0;
    uint3 block_index{};
    dim3 block_dim, grid_dim;

    static unsigned order_wanted() {
        const char* wanted = getenv("CUDA_ON_HOST_ORDER");
        return wanted ? (unsigned)atoi(wanted) : 0;
    }

    Warp& warp() { return warps[now->number / 32]; }

    // Whether an address is the machine's own, or on the stack of the thread that runs.
    bool owns(uintptr_t p) const {
        const auto in = [p](const void* first, size_t size) { return p - (uintptr_t)first < size; };
        return in(now->stack.get(), kStack) || in(this, sizeof *this) || in(fibers.data(), fibers.size() * sizeof(Fiber));
    }
    bool is_global(uintptr_t p) const {
        for (const auto& array : global)
            if (p >= array.first && p < array.second) return true;
        return false;
    }

    // The k-th of `count` in the order wanted.
    unsigned place(unsigned k, unsigned count) {
        if (order < 2) return order ? count - 1 - k : k;
        if (k == 0) {
            unsigned a = random(), b = random();
            start_ = a % count;
            stride_ = 1 + b % count;
            while (divisor(stride_, count) != 1) stride_++;
        }
        return (unsigned)((start_ + (uint64_t)k * stride_) % count);
    }
    unsigned lane() const { return now->number % 32; }

    __attribute__((noinline)) void pause() {
        if (_setjmp(now->at) == 0) _longjmp(scheduler, 1);
    }

    void block_barrier() {
        now->state = State::at_block;
        pause();
    }

    // Who comes last calls `resolve` before the others go on.
    template <class Resolve> void warp_barrier(unsigned mask, const Resolve& resolve) {
        const unsigned first = now->number / 32 * 32;
        if (!(mask >> lane() & 1)) fail("a thread calls a warp function with a mask that leaves it out");
        now->state = State::at_warp;
        now->mask = mask;
        for (unsigned i = 0; i < 32; i++) {
            if (!(mask >> i & 1)) continue;
            if (first + i >= threads) fail("a warp function's mask names threads that do not exist");
            const Fiber& other = fibers[first + i];
            if (other.state != State::at_warp || other.mask != mask) return pause();
        }
        resolve();
        for (unsigned i = 0; i < 32; i++)
            if (mask >> i & 1) fibers[first + i].state = State::ready;
        warps[first / 32].epoch++;
    }

    __attribute__((noinline)) void resume(Fiber& fiber) {
        now = &fiber;
        if (_setjmp(scheduler) != 0) return;
        if (fiber.started) _longjmp(fiber.at, 1);
        fiber.started = true;
        setcontext(&fiber.context);
    }

    // As far as it gets alone: a barrier that is missing between warps shows.
    void run_warp(unsigned warp) {
        const unsigned first = 32 * warp, count = threads - first < 32 ? threads - first : 32;
        unsigned lanes[32];
        for (bool moved = true; moved;) {
            moved = false;
            for (unsigned k = 0; k < count; k++) lanes[k] = place(k, count);
            for (unsigned k = 0; k < count; k++) {
                Fiber& fiber = fibers[first + lanes[k]];
                if (fiber.state != State::ready) continue;
                now = &fiber;
                running = true;
                resume(fiber);
                running = false;
                moved = true;
            }
        }
    }

    void run_block() {
        for (;;) {
            const unsigned warps = (threads + 31) / 32;
            unsigned places[32];
            for (unsigned w = 0; w < warps; w++) places[w] = place(w, warps);
            for (unsigned w = 0; w < warps; w++) run_warp(places[w]);
            unsigned waiting = 0, done = 0;
            for (unsigned i = 0; i < threads; i++) {
                waiting += fibers[i].state == State::at_block;
                done += fibers[i].state == State::done;
            }
            if (done == threads) return;
            if (waiting + done != threads) fail("threads of a warp wait for others that never come");
            if (done) fail("__syncthreads() that some threads of the block never reach");
            for (unsigned i = 0; i < threads; i++) fibers[i].state = State::ready;
            epoch++;
        }
    }

private:
    unsigned start_ = 0, stride_ = 1;
    uint64_t random_ = 0;

    unsigned random() {
        random_ = (random_ + order) * 6364136223846793005ull + 1442695040888963407ull;
        return (unsigned)(random_ >> 33);
    }
    static unsigned divisor(unsigned a, unsigned b) { return b ? divisor(b, a % b) : a; }
};

inline Machine& machine() {
    static Machine machine;
    return machine;
}

inline void* dynamic_shared() { return (void*)(((uintptr_t)machine().shared.data() + 15) & ~(uintptr_t)15); }

inline void fiber_main() {
    for (;;) {
        machine().body();
        machine().now->state = State::done;
        machine().pause();
    }
}

inline void prepare(unsigned threads) {
    Machine& m = machine();
    for (unsigned i = 0; i < threads; i++) {
        Fiber& fiber = m.fibers[i];
        if (fiber.stack) continue;
        fiber.number = i;
        fiber.stack.reset(new char[Machine::kStack]);
        getcontext(&fiber.context);
        fiber.context.uc_stack.ss_sp = fiber.stack.get();
        fiber.context.uc_stack.ss_size = Machine::kStack;
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, fiber_main, 0);
    }
}

// As --use_fast_math has it: subnormal numbers are 0.
struct Flush {
#ifdef __SSE2__
    unsigned saved = _mm_getcsr();
    Flush() { _mm_setcsr(saved | 0x8040); }
    ~Flush() { _mm_setcsr(saved); }
#endif
};

template <class Body> inline void launch(dim3 grid, dim3 block, size_t shared, const Body& body) {
    Machine& m = machine();
    const uint64_t threads = (uint64_t)block.x * block.y * block.z;
    m.bad_launch = threads == 0 || threads > 1024 || grid.x == 0 || grid.x > 0x7fffffffu || grid.y == 0 || grid.y > 65535 || grid.z == 0 ||
                   grid.z > 65535 || shared > (size_t)m.device.shared;
    if (m.bad_launch) return;
    prepare((unsigned)threads);
    m.threads = (unsigned)threads;
    m.block_dim = block, m.grid_dim = grid;
    m.body = body;
    m.shared.resize(shared + 16);
    m.launch_number++;
    half_values(false);  // made now, by none of the threads
    const Flush flush;
    const uint64_t blocks = (uint64_t)grid.x * grid.y * grid.z;
    std::vector<unsigned> places(m.order ? blocks : 0);
    for (unsigned k = 0; k < places.size(); k++) places[k] = m.place(k, (unsigned)blocks);
    for (uint64_t k = 0; k < blocks; k++) {
        const uint64_t at = m.order ? places[k] : k;
        m.block_index = {(unsigned)(at % grid.x), (unsigned)(at / grid.x % grid.y), (unsigned)(at / grid.x / grid.y)};
        m.block_number++;
        if (shared) memset(m.shared.data(), 0xff, m.shared.size());  // NaN
        for (unsigned i = 0; i < m.threads; i++) {
            Fiber& fiber = m.fibers[i];
            fiber.index = {i % block.x, i / block.x % block.y, i / (block.x * block.y)};
            fiber.state = State::ready;
        }
        m.run_block();
    }
}

}  // namespace cuda_on_host
