// The arrays of an op as copies, each of which ends where a page begins that nobody may touch: who reads or writes past
// its end dies there. What an op has to fill begins as NaN (a GPU's memory holds anything), and inputs must stay as
// they are. Copies are aligned as the arrays are, up to the 16 bytes of the widest load.
#pragma once
#include <sys/mman.h>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>
#include "fibers.h"

namespace cuda_on_host {

class Guarded {
public:
    explicit Guarded(const char* op) : op_(op) { free_mine(); }
    Guarded(const Guarded&) = delete;
    ~Guarded() { free_mine(); }

    template <class T> T* read(T* original, size_t bytes) { return (T*)copy((char*)original, bytes, false, true); }
    template <class T> T* fill(T* original, size_t bytes) { return (T*)copy((char*)original, bytes, true, false); }
    template <class T> T* update(T* original, size_t bytes) { return (T*)copy((char*)original, bytes, true, true); }

    // The op has run: takes over what it wrote.
    void done() {
        for (const Copy& c : copies_) {
            const char* end = c.pages + c.mapped;
            for (const char* p = c.data + c.bytes; p < end; p++)
                if (*p != (char)0xff) complain("writes past the end of an array");
            for (const char* p = c.pages; p < c.data; p++)
                if (*p != (char)0xff) complain("writes before the start of an array");
            if (c.written) memcpy(c.original, c.data, c.bytes);
            else if (memcmp(c.original, c.data, c.bytes)) complain("writes to an input");
        }
    }

private:
    struct Copy {
        char *original, *data, *pages;
        size_t bytes, mapped;
        bool written;
    };
    static constexpr size_t kPage = 4096;
    const char* op_;
    std::vector<Copy> copies_;

    [[noreturn]] void complain(const char* what) const { fail((std::string(op_) + " " + what).c_str()); }

    char* copy(char* original, size_t bytes, bool written, bool filled) {
        for (Copy& c : copies_)  // an op in place is given the same array twice
            if (c.original == original && c.bytes == bytes && bytes) return c.written |= written, c.data;
        const size_t mapped = (bytes + 15 + kPage) / kPage * kPage;
        char* pages = (char*)mmap(nullptr, mapped + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pages == MAP_FAILED || mprotect(pages + mapped, kPage, PROT_NONE)) complain("is given more memory than there is");
        char* data = pages + mapped - bytes;
        data -= ((uintptr_t)data - (uintptr_t)original) % 16;
        memset(pages, 0xff, mapped);
        if (filled) memcpy(data, original, bytes);
        copies_.push_back({original, data, pages, bytes, mapped, written});
        machine().global.push_back({(uintptr_t)data, (uintptr_t)data + bytes});
        return data;
    }

    void free_mine() {
        for (const Copy& c : copies_) munmap(c.pages, c.mapped + kPage);
        copies_.clear();
        machine().global.clear();
    }
};

}  // namespace cuda_on_host
