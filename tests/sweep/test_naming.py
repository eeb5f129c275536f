"""Names of run folders."""

import re

import pytest

from jnerf.sweep.naming import run_name


def test_a_name_says_what_the_run_is():
    settings = [("optim.lr", "0.01"), ("seed", "2")]
    assert run_name("ngp_lego", "chair", settings) == "ngp_lego-chair-optim.lr_0.01-seed_2"
    assert run_name("ngp_lego", "chair", []) == "ngp_lego-chair"
    assert run_name("ngp_lego", "chair", [("loss.type", '"MSELoss"')]).endswith("loss.type_MSELoss")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[1, 2]", "[1, 3]"),
        ("a b", "a_b"),
        ("1/2", "1_2"),
        ("x" * 300, "x" * 300 + "y"),
        ("图", "表"),
    ],
)
def test_other_values_make_other_names_that_every_file_system_takes(one, other):
    names = [
        run_name("method", scene, [("network.type", v)]) for v in (one, other) for scene in "ab"
    ]
    assert len(set(names)) == 4
    for name in names:
        assert re.fullmatch(r"[\w.+-]+", name) and len(name.encode()) <= 120
        assert (
            "=" not in name and "/" not in name
        )  # the command line would read an override, or a folder
    assert names == [
        run_name("method", s, [("network.type", v)]) for v in (one, other) for s in "ab"
    ]


def test_long_names_are_cut_and_stay_apart():
    names = {run_name("m" * 200, f"{'s' * 200}{i}", []) for i in range(3)}
    assert len(names) == 3 and all(len(name) <= 120 for name in names)
