"""Jittor's compile progress becomes one line; whatever else goes to std::cerr passes unchanged."""

import shutil
import subprocess

import pytest

from jnerf.runtime.kernels.progress import build

# What jittor/src/parallel_compiler.cc writes, between other output.
PROGRAM = r"""
#include <iostream>
extern "C" void jnerf_show_kernel_progress(int terminal);
int main(int argc, char**) {
  jnerf_show_kernel_progress(argc - 1);
  std::cerr << "before\n";
  for (int batch = 0; batch < 2; ++batch) {
    std::cerr << "\n";
    for (int i = 1; i < 4; ++i)
      std::cerr << "Compiling Operators(" << i << '/' << 3 << ")" << " used: " << 2.5 * i << "s eta: " << 1 << "s \r";
    std::cerr << std::endl;
  }
  std::cerr << "\nCompiling " << 3 << "\n\nafter: Compiling Operators(" << std::endl;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    folder = tmp_path_factory.mktemp("progress")
    compiler = shutil.which("g++")
    library = build(folder, compiler)
    assert build(folder, compiler) == library and list(folder.glob("*")) == [library]
    (folder / "main.cc").write_text(PROGRAM)
    command = [compiler, str(folder / "main.cc"), str(library), f"-Wl,-rpath,{folder}"]
    subprocess.run([*command, "-o", str(folder / "main")], check=True)
    return folder / "main"


def run(*command):
    """Standard error as it was written: text mode would turn carriage returns into new lines."""
    return subprocess.run(command, capture_output=True).stderr.decode()


def test_elsewhere_one_line_in_all(program):
    shown = run(program)
    line = "jnerf: compiling 3 kernels for this machine, once"
    assert shown == f"before\n\n{line}\n\nCompiling 3\n\nafter: Compiling Operators(\n"


def test_on_a_terminal_one_line_rewritten_in_place(program):
    shown = run(program, "terminal")
    lines = [
        f"\rjnerf: compiling kernels, once: {i} of 3, {s} s\x1b[K"
        for i, s in ((1, 2), (2, 5), (3, 8))
    ]
    progress = "".join(lines) + "\r\x1b[K"
    assert shown == f"before\n{progress}{progress}\nCompiling 3\n\nafter: Compiling Operators(\n"


def test_a_compiler_that_is_not_there_leaves_no_litter(tmp_path):
    with pytest.raises(OSError):
        build(tmp_path, str(tmp_path / "g++"))
    assert list(tmp_path.iterdir()) == []
