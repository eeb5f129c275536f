import json

import pytest
from benchmark_records import RESULTS, make

from jnerf.benchmark.records.record import KINDS, load, make_record, save, validate
from jnerf.benchmark.stats import pooled, rounded, stats
from jnerf.errors import DataError


@pytest.mark.parametrize("kind", KINDS)
def test_round_trip(tmp_path, kind):
    path = tmp_path / "new" / "run.json"
    save(path, make(kind))
    assert load(path) == make(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_made_records_name_machine_commit_and_date(kind):
    record = make_record(kind, RESULTS[kind], {"what": "why"})
    validate(record, "it")
    assert record["machine"]["cores"] >= 1 and record["machine"]["threads"] >= 1
    assert set(record["git"]) == {"commit", "dirty"}
    assert record["created"][:2] == "20" and record["versions"]["jittor"] != "absent"


def test_absolute_paths_of_the_command_stay_at_home(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/home/me/tools/benchmark.py", "train", "a/b.py", "/x/y.json"])
    record = make_record("ops", RESULTS["ops"], {})
    assert record["command"] == ["benchmark.py", "train", "a/b.py", "y.json"]


def test_infinities_become_null_where_they_may_be(tmp_path):
    results = {"runs": [RESULTS["train"]["runs"][0] | {"gpu_memory_gib": float("inf")}]}
    assert make_record("train", results, {})["results"]["runs"][0]["gpu_memory_gib"] is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, r"cannot read .*run\.json"),
        ("{", r"run\.json:1:2: not valid json: .*Write it again"),
        ("[1]", r"is not a benchmark record: it has no 'schema'"),
        ('{"schema": 2}', r"has schema 2; this version reads schema 1"),
        ('{"schema": 1}', r"run\.json: 'kind' is missing"),
    ],
)
def test_broken_files_are_named(tmp_path, text, said):
    path = tmp_path / "run.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=said):
        load(path)


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("ops", lambda r: r.update(kind="opps"), r"kind is 'opps'; this version knows ops, train"),
        ("ops", lambda r: r["results"]["levels"][0]["kernels"][0]["ns"].update(min="1"),
         r"results\.levels\[0\]\.kernels\[0\]\.ns\.min is '1'; expected a number"),
        ("ops", lambda r: r["results"]["levels"][0].pop("bound"), r"levels\[0\]: 'bound' is missing"),
        ("train", lambda r: r["results"]["runs"][0].update(stepz=1), r"'stepz' is not known here.*'steps'"),
        ("train", lambda r: r["results"].update(runs={}), r"runs is '\{\}'; expected a list"),
        ("train", lambda r: r["git"].update(dirty=1), r"git\.dirty is '1'; expected true or false or null"),
        ("memory", lambda r: r["results"].update(steps=True), r"steps is 'True'; expected a number"),
    ],
)  # fmt: skip
def test_wrong_fields_are_named_with_their_place(tmp_path, kind, change, said):
    record = make(kind)
    change(record)
    (tmp_path / "run.json").write_text(json.dumps(record))
    with pytest.raises(DataError, match=said):
        load(tmp_path / "run.json")
    with pytest.raises(DataError, match=said):  # nor is it ever written
        save(tmp_path / "other.json", record)
    assert not (tmp_path / "other.json").exists()


def test_statistics():
    assert stats([3.0, 1.0, 2.0]) == {"median": 2.0, "min": 1.0, "max": 3.0, "n": 3}
    one, other = stats([1.0, 2.0, 3.0]), stats([4.0])
    assert pooled([one, other]) == {"median": 3.0, "min": 1.0, "max": 4.0, "n": 4}
    assert rounded(123456.789) == 123460.0
