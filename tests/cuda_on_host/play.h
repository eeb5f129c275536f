// Which device the tests play, and in which order its threads run.
#pragma once
extern "C" void play(int64_t arch, int64_t shared, int64_t backwards) {
    cuda_on_host::machine().device.arch = (int)arch;
    cuda_on_host::machine().device.shared = (int)shared;
    cuda_on_host::machine().order = backwards != 0;
}
