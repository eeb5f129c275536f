"""Measurements of several parts: what is done is written where a part fails, and runs have folders of their own."""

import pytest
from benchmark_records import make

from jnerf.benchmark.cli import main
from jnerf.benchmark.records.record import load
from jnerf.errors import JnerfError


@pytest.fixture
def children(monkeypatch):
    """Processes that are asked for; the third fails, by the error that is set."""

    class Children:
        def __init__(self):
            self.asked, self.error, self.kind = [], JnerfError("the third failed"), "train"

        def measure(self, arguments, **environment):
            self.asked.append(arguments)
            if len(self.asked) == 3:
                raise self.error
            record = make(self.kind)
            if self.kind == "ops":
                record["results"]["levels"][0]["simd"] = environment["JNERF_SIMD"]
            return record

    found = Children()
    for module in ("children", "simd", "sizes.memory", "sizes.growth"):
        monkeypatch.setattr(f"jnerf.benchmark.{module}.measure_apart", found.measure)
    return found


@pytest.mark.parametrize(
    ("error", "status"), [(JnerfError("the third failed"), 1), (KeyboardInterrupt(), 130)]
)
def test_trainings_before_one_that_fails_are_written(children, tmp_path, capsys, error, status):
    children.error, out, plot = error, tmp_path / "all.json", tmp_path / "all.svg"
    flags = ["--scene", "a", "b", "--json", str(out), "--plot", str(plot)]
    assert main(["train", "--config-file", "A.py", "B.py", *flags]) == status
    record = load(out)
    assert len(children.asked) == 3 and len(record["results"]["runs"]) == 2
    assert f"ended early by {type(error).__name__}" in record["protocol"]["incomplete"]
    assert plot.exists() and "ended early" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "kind", "results"),
    [
        (["ops", "--simd", "avx2,plain,native"], "ops", {"levels": 2}),
        (["memory", "--samples", "8", "--images", "1,2"], "train", {"samples": 1, "images": 1}),
        (
            ["growth", "--samples", "8,9,10", "--images", "", "--gib", ""],
            "growth",
            {"samples": 2, "images": 0, "stores": 0},
        ),
    ],
)
def test_other_points_before_one_that_fails_are_written(children, tmp_path, words, kind, results):
    children.kind, out = kind, tmp_path / "all.json"
    config = [] if words[0] == "ops" else ["--config-file", "ngp_embedded"]
    plot = [] if words[0] == "ops" else ["--plot", str(tmp_path / "all.svg")]
    assert main([*words, *config, *plot, "--json", str(out)]) == 1
    found = load(out)["results"]
    assert {name: len(found[name]) for name in results} == results


def test_nothing_is_written_where_the_first_fails(monkeypatch, tmp_path):
    def fail(*_):
        raise JnerfError("the first failed")

    monkeypatch.setattr("jnerf.benchmark.host.measure_host", fail)
    out = tmp_path / "all.json"
    assert main(["host", "--config-file", "ngp_embedded", "--json", str(out)]) == 1
    assert not out.exists()


def test_scenes_that_are_called_alike_have_folders_of_their_own(children, tmp_path):
    words = ["train", "--config-file", "ngp_lego", "--save-dir", str(tmp_path), "--scene"]
    assert main([*words, "a/lego.v1", "b/lego.v1"]) == 0
    folders = [asked[asked.index("--save-dir") + 1] for asked in children.asked]
    assert folders == [str(tmp_path / name) for name in ("ngp_lego_lego.v1", "ngp_lego_lego.v1_2")]


def test_an_older_run_is_told_before_the_first(children, tmp_path, capsys):
    old = tmp_path / "ngp_lego_b/ngp_lego"
    old.mkdir(parents=True)
    (old / "log.jsonl").write_text("{}\n")
    words = ["train", "--config-file", "ngp_lego", "--save-dir", str(tmp_path), "--scene"]
    assert main([*words, "a", "b"]) == 2
    assert not children.asked and "already holds a run" in capsys.readouterr().err
