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
#include <vector>

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
    uint64_t slot[32][6];  // what the lanes exchange
};

// What tests may play: compute capability, multiprocessors, bytes of shared memory per block.
struct Device {
    int arch = 80, processors = 1, shared = 99 * 1024;
};

[[noreturn]] inline void fail(const char* what) {
    fprintf(stderr, "CUDA on the host: %s\n", what);
    abort();
}

struct Machine {
    static constexpr size_t kStack = 128 * 1024;
    Device device;
    bool backwards = false;  // threads in descending order: a missing barrier shows in one of the two
    bool bad_launch = false;
    std::vector<std::unique_ptr<Fiber>> fibers;
    std::vector<Warp> warps;
    std::vector<char> shared;
    std::function<void()> body;
    Fiber* now = nullptr;
    jmp_buf scheduler;
    unsigned threads = 0;
    uint3 block_index{};
    dim3 block_dim, grid_dim;

    Warp& warp() { return warps[now->number / 32]; }
    unsigned lane() const { return now->number % 32; }

    __attribute__((noinline)) void pause() {
        if (_setjmp(now->at) == 0) _longjmp(scheduler, 1);
    }

    void block_barrier() {
        now->state = State::at_block;
        pause();
    }

    void warp_barrier(unsigned mask) {
        const unsigned first = now->number / 32 * 32;
        if (!(mask >> lane() & 1)) fail("a thread calls a warp function with a mask that leaves it out");
        now->state = State::at_warp;
        now->mask = mask;
        for (unsigned i = 0; i < 32; i++) {
            if (!(mask >> i & 1)) continue;
            if (first + i >= threads) fail("a warp function's mask names threads that do not exist");
            const Fiber& other = *fibers[first + i];
            if (other.state != State::at_warp || other.mask != mask) return pause();
        }
        for (unsigned i = 0; i < 32; i++)
            if (mask >> i & 1) fibers[first + i]->state = State::ready;
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
        for (bool moved = true; moved;) {
            moved = false;
            for (unsigned k = 0; k < count; k++) {
                Fiber& fiber = *fibers[first + (backwards ? count - 1 - k : k)];
                if (fiber.state != State::ready) continue;
                resume(fiber);
                moved = true;
            }
        }
    }

    void run_block() {
        for (;;) {
            const unsigned warps = (threads + 31) / 32;
            for (unsigned w = 0; w < warps; w++) run_warp(backwards ? warps - 1 - w : w);
            unsigned waiting = 0, done = 0;
            for (unsigned i = 0; i < threads; i++) {
                waiting += fibers[i]->state == State::at_block;
                done += fibers[i]->state == State::done;
            }
            if (done == threads) return;
            if (waiting + done != threads) fail("threads of a warp wait for others that never come");
            if (done) fail("__syncthreads() that some threads of the block never reach");
            for (unsigned i = 0; i < threads; i++) fibers[i]->state = State::ready;
        }
    }
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
    while (m.fibers.size() < threads) {
        auto fiber = std::make_unique<Fiber>();
        fiber->number = (unsigned)m.fibers.size();
        fiber->stack.reset(new char[Machine::kStack]);
        getcontext(&fiber->context);
        fiber->context.uc_stack.ss_sp = fiber->stack.get();
        fiber->context.uc_stack.ss_size = Machine::kStack;
        fiber->context.uc_link = nullptr;
        makecontext(&fiber->context, fiber_main, 0);
        m.fibers.push_back(std::move(fiber));
    }
    m.warps.resize((m.fibers.size() + 31) / 32);
}

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
    for (unsigned z = 0; z < grid.z; z++)
        for (unsigned y = 0; y < grid.y; y++)
            for (unsigned x = 0; x < grid.x; x++) {
                m.block_index = {x, y, z};
                if (shared) memset(m.shared.data(), 0xff, m.shared.size());  // NaN
                for (unsigned i = 0; i < m.threads; i++) {
                    Fiber& fiber = *m.fibers[i];
                    fiber.index = {i % block.x, i / block.x % block.y, i / (block.x * block.y)};
                    fiber.state = State::ready;
                }
                m.run_block();
            }
}

}  // namespace cuda_on_host
