"""What the stand-in for CUDA finds where every load and store is looked at: faults made on purpose."""

import subprocess

import pytest
from cuda_host import FOLDER, OPS
from cuda_mode import _WATCHED

UNORDERED = "nothing orders them"


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    target = tmp_path_factory.mktemp("faults") / "faults"
    flags = f"-std=c++17 -O1 -U_FORTIFY_SOURCE -w -DCUDA_ON_HOST_WATCH -D__CUDACC__ {_WATCHED}"
    source = FOLDER / "ops" / "faults.cc"
    command = ["g++", *flags.split(), f"-I{FOLDER}", f"-I{OPS}", str(source), "-o", str(target)]
    subprocess.run([*command, "-ldl"], check=True)
    return target


@pytest.mark.parametrize(
    "fault, status, said",
    [
        ("none", 0, ""),
        ("fresh", 3, ""),
        ("barrier", -6, UNORDERED),
        ("blocks", -6, UNORDERED),
        ("input", -6, "writes to an input"),
        ("before", -6, "writes before the start of an array"),
        ("end", -11, ""),
    ],
)
@pytest.mark.parametrize("order", ["0", "1", "5"])
def test_a_fault_is_found_in_any_order_of_threads(program, fault, status, said, order):
    done = subprocess.run(
        [str(program), fault],
        env={"CUDA_ON_HOST_ORDER": order},
        capture_output=True,
        text=True,
    )
    assert done.returncode == status, done.stderr
    assert said in done.stderr
