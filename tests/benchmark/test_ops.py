"""Cases, clock and yardsticks: what ``ops`` and ``profile`` measure with."""

import jittor as jt
import numpy as np
import pytest
from threads import with_threads

from jnerf.benchmark.cases import CASES, make_inputs, op_folders
from jnerf.benchmark.kernel_clock import KernelClock, kernel_name, settle
from jnerf.benchmark.ops import _ours, measure_case
from jnerf.benchmark.yardstick import Ceilings, run
from jnerf.benchmark.yardstick.bound import STEP_SAMPLES, bound_rows, measure_bound
from jnerf.ops.activate import activate
from jnerf.ops.common import CODE_ROOT
from jnerf.ops.hash_encode import HashGridLayout, reference
from jnerf.ops.ray_points import ray_points

CEILINGS = Ceilings(30.0, 200.0, None, None, 5.0)


@pytest.fixture(scope="module")
def inputs():
    return make_inputs(2000)


def test_every_op_has_a_case():
    assert op_folders() == sorted(path.parent.name for path in CODE_ROOT.glob("*/op.py"))
    assert len(op_folders()) > 10
    missing = set(op_folders()) - set(CASES.load())
    assert not missing, f"add cases for {missing} to jnerf/benchmark/cases"


def test_inputs_are_samples_near_surfaces(inputs):
    assert 1500 < inputs.n_samples <= 2000
    packed = inputs.samples.packed_info.numpy()
    assert packed[:, 1].sum() == inputs.n_samples and len(packed) == inputs.n_rays
    positions = inputs.positions.numpy()
    assert positions.min() >= 0 and positions.max() <= 1
    occupied = np.unpackbits(inputs.bitfield.bits.numpy()).mean()
    assert 0.005 < occupied < 0.1  # as thin as a trained grid


# The ops that a training step of the paper's configuration lives on; all run in a whole benchmark.
@pytest.mark.parametrize("op", ["hash_encode", "composite", "field_mlp", "ray_visible"])
def test_cases_measure_forward_and_backward(inputs, op):
    case = next(iter(CASES.load()[op](inputs)))
    rows = list(measure_case(op, case, 2))
    kernels = {row["kernel"] for row in rows}
    expected = {
        "hash_encode": {"hash_encode_forward", "hash_encode_table_grad"},
        "composite": {"composite_forward", "composite_backward"},
        "field_mlp": {"field_mlp_forward", "field_mlp_backward"},
        "ray_visible": {"visible_step", "visible_end"},
    }
    assert kernels >= expected[op]
    for row in rows:
        assert row["ns"]["n"] == 2 and 0 < row["ns"]["min"] <= row["ns"]["median"]
        assert row["gb_s"] == pytest.approx(row["bytes"] / row["ns"]["median"], rel=1e-3)


def test_ours_is_of_the_cases_of_the_bound_alone():
    cases = [
        *(
            ("hash_encode", "hash_encode_forward", f"16 x 2 x 2^19{how}")
            for how in ("", ", read in float16")
        ),
        ("hash_encode_gradient", "hash_encode_table_grad", "16 x 2 x 2^19"),
        ("hash_encode", "hash_encode_table_grad", "16 x 2 x 2^19"),
        ("hash_encode", "hash_encode_table_grad", "8 x 4 x 2^19"),
        ("mlp", "mlp_forward", "density 32-64-16"),
        ("mlp", "mlp_forward", "colour 32-64-64-16"),
        ("mlp", "mlp_forward", "NeRF 256-256-256-256"),
        ("adam", "adam_sparse", "table, 30% touched"),
        ("adam", "adam_sparse", "the same with a copy in bfloat16"),
    ]
    rows = [
        {"op": op, "kernel": kernel, "case": case, "ns": {"min": 2.0**i}, "count": STEP_SAMPLES}
        for i, (op, kernel, case) in enumerate(cases)
    ]
    parts = {"hash_forward": 1, "hash_backward": 8, "mlps": 32 + 64, "adam": 256}
    assert _ours(rows) == {**parts, "whole": sum(parts.values())}


def test_clock_sees_kernels_and_their_bytes_and_lets_go():
    from jnerf.ops.activate import op

    before, x = op.code_op, jt.ones((100,))
    x.sync()
    with KernelClock() as clock:
        assert op.code_op is not before
        settle([activate(x)])
    assert op.code_op is before
    settle([activate(x)])
    (call,) = clock.calls
    assert (call.op, call.kernel, call.n_bytes) == ("activate", "activate", 808)
    assert call.seconds > 0


def test_clock_keeps_what_ran_before_a_kernel_apart():
    x = jt.ones((100,))
    x.sync()
    with KernelClock() as clock:
        settle([activate(x * 2 + 1)])
    assert clock.waited > 0 and len(clock.calls) == 1


def test_kernel_names():
    assert (
        kernel_name("jnerf::Grid g{in0_p}; jnerf::encode<3, 2>(g, jnerf::shape<3>(x));") == "encode"
    )
    assert (
        kernel_name("jnerf::MlpShape shape(widths, 3); jnerf::mlp_forward(shape);") == "mlp_forward"
    )
    assert kernel_name("jnerf::mlp_forward(jnerf::MlpShape(w, 3), x);") == "mlp_forward"
    assert kernel_name("auto s = jnerf::MlpShape(w, 3); jnerf::run(s);") == "run"
    assert kernel_name("nothing of ours();") == "?"


def test_positions_and_cases_do_not_change_the_results(inputs):
    where = inputs.samples.t_starts, inputs.samples.t_ends, inputs.samples.ray_indices
    plain = ray_points(inputs.rays_o, inputs.rays_d, *where).numpy()
    with KernelClock():
        clocked = ray_points(inputs.rays_o, inputs.rays_d, *where).numpy()
    np.testing.assert_array_equal(plain, clocked)


# --- yardsticks: they must do the work that they stand for ---


@pytest.mark.parametrize("n", [1, 63, 64, 1000])
def test_yardstick_lookup_and_scatter_do_what_the_op_does(device, n):
    layout = HashGridLayout(n_levels=4, table_size=2**10, min_resolution=4, max_resolution=64)
    random = np.random.default_rng(n)
    positions = random.random((n, 3), dtype=np.float32) * np.float32(0.99)
    table = random.normal(size=(layout.n_rows, 2)).astype(np.float32)
    grad = random.normal(size=(4, n, 2)).astype(np.float32)
    x, scales, meta = jt.array(positions), jt.array(layout.scales), jt.array(layout.meta)
    found = run.hash_forward(x, jt.array(table), scales, meta, layout).numpy()
    expected = reference.hash_encode(positions, table, layout)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    total = jt.zeros((layout.n_rows * 2,))
    run.hash_backward(x, jt.array(grad), scales, meta, total)
    expected = reference.hash_encode_grad(positions, table, layout, grad)[1]
    np.testing.assert_allclose(total.numpy().reshape(-1, 2), expected, rtol=1e-4, atol=1e-4)


def test_yardstick_adam_and_copy(device):
    g = np.array([1.0, -2.0, 0.0, 4.0], np.float32)
    state = [jt.zeros((4,)) for _ in range(3)] + [jt.array(g)]
    run.adam(state)
    p, m, v, cleared = (s.numpy() for s in state)
    np.testing.assert_allclose(m, 0.1 * g, rtol=1e-6)
    np.testing.assert_allclose(v, 0.01 * g * g, rtol=1e-6)
    np.testing.assert_allclose(p, -0.01 * np.sign(g), rtol=1e-5)
    assert (cleared == 0).all()
    np.testing.assert_array_equal(run.copy(jt.array(g)).numpy(), g)
    target = jt.ones((4,))
    run.mix(jt.array(g), target)
    np.testing.assert_array_equal(target.numpy(), (g + 1) / 2)


def test_peak_counts_the_work_of_all_threads():
    def operations(threads, rounds):
        return float(with_threads(threads, lambda: run.peak(False, rounds).numpy())[0])

    assert operations(2, 1000) == 2 * operations(1, 1000) == 4 * operations(1, 500) > 0


def test_bound_is_the_sum_of_its_parts(inputs):
    bound = measure_bound(inputs.positions, CEILINGS, 1)
    rows = bound_rows(bound, {"hash_forward": bound.hash_forward / 2, "whole": None}, "sum")
    assert [row["ratio"] for row in rows] == [pytest.approx(0.5, rel=1e-3), None, None, None, None]
    assert rows[-1]["bound_ns"] == pytest.approx(
        sum(row["bound_ns"] for row in rows[:-1]), rel=1e-3
    )
    assert bound.mlps == pytest.approx(3 * 20480 / 200)
