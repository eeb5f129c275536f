"""The machine that runs CUDA kernels on the CPU: barriers, warps, tensor cores, and that it notices mistakes."""

import ctypes
import subprocess
import sys

import numpy as np
import pytest
from cuda_host import FOLDER, OPS


@pytest.fixture(params=[False, True], ids=["forwards", "backwards"])
def machine(request, cuda_host):
    library = cuda_host.library("machine")
    library.play(backwards=request.param)
    return library


@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 1000])
def test_barriers_and_atomics(machine, n):
    x, out = np.arange(n, dtype=np.float32), np.zeros(1, np.float32)
    machine.call("sum", n, x, out)
    assert out[0] == x.sum()


def test_warp_functions(machine):
    out, lane = np.zeros(96, np.int32), np.arange(32)
    machine.call("warps", out)
    np.testing.assert_array_equal(out[:32], np.where(lane < 29, (lane + 3) ** 2, lane**2))
    np.testing.assert_array_equal(out[32:64], lane ^ 5)
    assert set(out[64:].astype(np.uint32)) == {sum(1 << i for i in range(0, 32, 3))}


def test_tensor_core_products_from_every_layout(machine):
    random = np.random.default_rng(0)
    a, b = (random.integers(-8, 9, (16, 16)).astype(np.float32) for _ in range(2))
    out = np.full((4, 16, 16), np.nan, np.float32)
    machine.call("product", a, b, out)
    for found in out:
        np.testing.assert_array_equal(found, a @ b)


def test_sixteen_bit_numbers(machine):
    random = np.random.default_rng(0)
    exact = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float32)
    x = np.concatenate(
        [
            exact[np.isfinite(exact)],
            random.normal(size=5000) * 10 ** random.uniform(-9, 6, 5000),
            [65519, 65520, 65536, -1e9, np.inf, -np.inf, 2.0**-25, 3 * 2.0**-25],
        ]
    ).astype(np.float32)
    fp16, bf16 = np.zeros(len(x), np.uint16), np.zeros(len(x), np.uint16)
    machine.call("halves", len(x), x, fp16, bf16)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(fp16.view(np.float16), x.astype(np.float16))
    back = (bf16.astype(np.uint32) << 16).view(np.float32)
    finite = np.isfinite(x)
    np.testing.assert_allclose(back[finite], x[finite], rtol=2**-8, atol=1e-40)
    np.testing.assert_array_equal(back[~finite], x[~finite])


@pytest.mark.parametrize(
    "blocks_y, threads, shared, refused",
    [
        (65535, 32, 0, 0),
        (65536, 32, 0, 1),
        (1, 1024, 0, 0),
        (1, 1025, 0, 1),
        (1, 32, 99 * 1024, 0),
        (1, 32, 99 * 1024 + 1, 1),
    ],
)
def test_impossible_launches_are_refused(machine, blocks_y, threads, shared, refused):
    arguments = (blocks_y, threads, shared)
    assert machine.call("refused", *arguments, result=ctypes.c_int64) == refused


def test_what_has_no_room_is_said_in_bytes(machine):
    said = np.zeros(1000, np.uint8)
    assert machine.call("no_room", 2**18, said, result=ctypes.c_int64) == 0
    length = machine.call("no_room", 10**6, said, result=ctypes.c_int64)
    text = said[:length].tobytes().decode()
    assert text == "out of GPU memory: 4000000 bytes (4 MiB) for gradients of an op"


def test_jittor_gives_back_what_it_keeps_for_later_before_that_is_said(machine):
    """Its own function, by the name that is declared: where Jittor is not in the process there is no second try."""
    import jittor  # noqa: F401

    assert machine.call("room_at_second_try", 10**6, result=ctypes.c_int64) == 1
    path = str(machine._path)
    code = f"import ctypes; print(ctypes.CDLL({path!r}).room_at_second_try(ctypes.c_int64(10**6)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_a_barrier_that_not_all_threads_reach_ends_the_program(cuda_host):
    path = cuda_host.library("machine")._path
    code = f"import ctypes; ctypes.CDLL({str(path)!r}).forget()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode != 0 and "never reach" in done.stderr


def test_every_op_runs_here_and_every_launch_goes_through_one_function():
    sources = "".join(path.read_text() for path in (FOLDER / "ops").glob("*.cc"))
    ops = {path.parent.name for path in OPS.glob("*/cuda.h")}
    assert len(ops) > 10 and {op for op in ops if f'"{op}/cuda.h"' not in sources} == set()
    launching = [path.name for path in OPS.rglob("*.h") if "<<<" in path.read_text()]
    assert launching == ["jnerf_launch.h"]
