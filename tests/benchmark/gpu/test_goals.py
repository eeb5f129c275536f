"""What a GPU has to show: each goal is judged by what was measured, and nothing else."""

import copy

import pytest
from benchmark_records import make

from jnerf.benchmark.gpu.goals import SANITIZERS, goals
from jnerf.benchmark.stats import stats

LEGO = "projects/ngp/configs/ngp_lego.py"


def training(evaluations, step_ms=2.0):
    record = make("train")
    (run,) = record["results"]["runs"]
    rows = [{"step": s, "seconds": 9 + step_ms * s / 1e3} for s in (10, 256, 500, 1000)]
    rows[0]["seconds"] = 0.0  # what comes before the warm-up is over does not count
    run |= {"config": LEGO, "curve": rows, "measured_from_step": 256}
    run["evaluations"] = [
        {"step": i, "seconds": s, "psnr": p} for i, (s, p) in enumerate(evaluations)
    ]
    return record


def view(ms, width=800):
    record = make("render")
    record["results"] |= {"config": LEGO, "width": width, "seconds": stats([ms / 1e3])}
    return record


RECORDS = {
    "train": training([(1.0, 29.0), (2.0, 31.0)]),
    "long": training([(80.0, 36.0), (100.0, 36.6)]),
    "render": view(30.0),
}
FOUND = {
    "passed": 480,
    "failed": [],
    "findings": {},
    "parts": [
        {"part": name, "seconds": 80.5, "result": "passed"}
        for name in ("demo", "tests", *SANITIZERS, "small_cuda")
    ],
    "methods": [{"result": "same"}, {"result": "same"}],
    "cold": True,
}


def judged(records, found):
    return [(row["measured"], row["result"]) for row in goals(records, found)]


def test_all_is_measured():
    assert judged(RECORDS, FOUND) == [
        (pytest.approx(500), "reached"),
        (1.5, "reached"),
        (pytest.approx(90), "reached"),
        (pytest.approx(30), "floor"),
        (80.5, "reached"),
        *[(0, "reached")] * 3,
    ]


def test_nothing_is_measured():
    found = {"passed": 0, "failed": [], "findings": {}, "parts": [], "methods": [], "cold": True}
    assert judged({}, found) == [(None, "not measured")] * 8


def test_another_scene_or_size_says_nothing_of_lego():
    records = copy.deepcopy(RECORDS)
    for name in ("train", "long"):
        records[name]["results"]["runs"][0]["config"] = "projects/ngp/configs/ngp_embedded.py"
    records["render"] = view(5.0, width=128)
    assert judged(records, FOUND)[:4] == [(None, "not measured")] * 4


def test_below_the_floor_is_missed():
    slow = {"train": training([(1.0, 29.0), (4.0, 31.0)], 5.0), "render": view(41.0)}
    slow["long"] = training([(100.0, 36.0), (210.0, 36.6)])
    assert [result for _, result in judged(slow, FOUND)[:4]] == ["missed"] * 4
    middle = {"train": training([], 3.0), "long": training([(100.0, 36.0), (140.0, 36.6)])}
    assert [result for _, result in judged(middle, FOUND)[:4:2]] == ["floor"] * 2


def test_what_was_cut_or_warm_is_not_measured_and_what_failed_is_missed():
    cut = copy.deepcopy(FOUND) | {"cold": False}
    for row in cut["parts"]:
        row["result"] = "cut after 9 s"
    cut["methods"][1]["result"] = "not done on GPU"
    assert judged({}, cut)[4:] == [(None, "not measured")] * 4
    failed = copy.deepcopy(cut) | {"failed": ["a", "b"]}
    failed["findings"] = {"racecheck": ["Error: Race reported"]}
    failed["methods"][0]["result"] = "differs"
    assert judged({}, failed)[4:] == [(None, "not measured"), *((n, "missed") for n in (2, 1, 1))]


def test_a_program_that_fails_under_a_tool_is_nothing_that_the_tool_has_found():
    failed = copy.deepcopy(FOUND)
    failed["parts"][2]["result"] = "failed with status 1"
    assert judged({}, failed)[6] == (None, "not measured")
    failed["findings"] = {tool: ["ERROR SUMMARY: 1 error"] for tool in SANITIZERS[:2]}
    assert judged({}, failed)[6] == (2, "missed")
