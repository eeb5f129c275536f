"""The table of a sweep: means over seeds and scenes, the best of a column, in four forms."""

import json

import pytest
from fake_sweeps import fake_run
from run_folders import make_run

from jnerf.report.run_data import read_run
from jnerf.sweep.numbers import numbers_of, warnings_of
from jnerf.sweep.tables import latex_tables, markdown_tables, table_record, text_tables


@pytest.fixture
def made(tmp_path):
    """Runs and what their folders say; "a-x-1" is a method, a scene and a seed."""

    def make(numbers, missing=(), **protocol):
        runs = [fake_run(name) for name in [*numbers, *missing]]
        data = {}
        for name, psnr in numbers.items():
            root = make_run(tmp_path / name, **protocol.get(name.replace("-", "_"), {}))
            told = json.loads((root / "test" / "metrics.json").read_text())
            told["mean"] = {"psnr": psnr, "flip": psnr / 100}
            (root / "test" / "metrics.json").write_text(json.dumps(told))
            data[name] = read_run(root)
        return runs, data

    return make


def test_a_table_for_each_metric_with_the_mean_over_scenes(made):
    runs, data = made({"a-x": 20.0, "a-y": 30.0, "b-x": 22.0, "b-y": 29.0})
    assert text_tables(numbers_of(runs, data)) == (
        "| PSNR, black |     x |     y |  mean |\n"
        "|-------------|------:|------:|------:|\n"
        "| a           | 20.00 | 30.00 | 25.00 |\n"
        "| b           | 22.00 | 29.00 | 25.50 |\n"
        "\n"
        "| FLIP |     x |     y |  mean |\n"
        "|------|------:|------:|------:|\n"
        "| a    | 0.200 | 0.300 | 0.250 |\n"
        "| b    | 0.220 | 0.290 | 0.255 |\n"
        "\n"
        "| training, s | x | y | mean |\n"
        "|-------------|--:|--:|-----:|\n"
        "| a           | 4 | 4 |    4 |\n"
        "| b           | 4 | 4 |    4 |"
    )


def test_of_one_scene_the_metrics_stand_side_by_side(made):
    runs, data = made({"a-x": 20.0, "b-x": 22.0})
    assert text_tables(numbers_of(runs, data)).splitlines()[0] == (
        "| x | PSNR, black |  FLIP | training, s |"
    )


def test_seeds_are_averaged_with_their_spread(made):
    runs, data = made({"a-x-1": 20.0, "a-x-2": 22.0, "a-y-1": 30.0, "a-y-2": 30.0})
    numbers = numbers_of(runs, data)
    cell = numbers.cells["psnr", "a", "x"]
    assert (cell.mean, round(cell.spread, 6), cell.n) == (21.0, 1.414214, 2)
    assert "| a           | 21.00 ± 1.41 | 30.00 ± 0.00 | 25.50 |" in text_tables(numbers)


def test_a_cell_with_a_missing_seed_and_a_mean_with_a_missing_scene_are_dashes(made):
    runs, data = made({"a-x-1": 20.0, "a-x-2": 20.0, "a-y-1": 30.0, "b-x-1": 10.0}, ["a-y-2"])
    assert "| a           | 20.00 ± 0.00 | – |    – |" in text_tables(numbers_of(runs, data))
    assert "| b           |        10.00 | – |    – |" in text_tables(numbers_of(runs, data))


def test_variants_have_rows_of_their_own(made):
    _, data = made({"a-x": 20.0, "b-x": 22.0})
    runs = [fake_run("a-x", variant="lr=1"), fake_run("b-x", variant="lr=2")]
    assert numbers_of(runs, data).rows == ["a, lr=1", "b, lr=2"]


def test_nothing_complete(made):
    runs, data = made({}, ["a-x"])
    numbers = numbers_of(runs, data)
    assert text_tables(numbers) == "" and latex_tables(numbers) == ""


def test_markdown_marks_the_best_as_it_is_written(made):
    runs, data = made({"a-x": 20.001, "a-y": 30.0, "b-x": 20.002, "b-y": 29.0})
    text = markdown_tables(numbers_of(runs, data), ["a note"])
    assert "| a | **20.00** | **30.00** | **25.00** |" in text
    assert "| b | **20.00** | 29.00 | 24.50 |" in text
    assert "| b | **0.200** | **0.290** | **0.245** |" in text  # of FLIP less is better
    assert "| a | 4 | 4 | 4 |" in text  # machines differ
    assert text.endswith("\n\n- a note\n")


def test_latex(made):
    runs, data = made({"a_1-x_y-1": 20.0, "a_1-x_y-2": 21.0, "b-x_y-1": 19.0, "b-x_y-2": 19.0})
    text = latex_tables(numbers_of(runs, data))
    assert "\\begin{tabular}{lrrr}\n\\toprule\n & PSNR, black & FLIP & training, s \\\\" in text
    assert "a\\_1 & \\textbf{20.50 $\\pm$ 0.71} & 0.205 $\\pm$ 0.007 & 4 $\\pm$ 0 \\\\" in text


def test_the_record_has_every_run(made):
    runs, data = made({"a-x": 20.0}, ["b-x"])
    record = json.loads(table_record(numbers_of(runs, data), runs, data, {"b-x": "why"}, ["note"]))
    one, other = record["runs"]
    assert one["complete"] and one["metrics"]["psnr"] == 20.0 and one["starts"] == 1
    assert not other["complete"] and other["error"] == "why" and other["metrics"] == {}
    assert record["table"]["psnr"]["a"] == {
        "scenes": {"x": {"mean": 20.0, "spread": None, "n": 1}},
        "mean": 20.0,
    }
    assert record["table"]["psnr"]["b"]["mean"] is None and record["notes"] == ["note"]


def test_numbers_of_different_things_are_said(made):
    names = {name: 20.0 for name in ("a-x", "b-x", "a-y", "b-y")}
    other = {"b_x": {"train_background": "white"}, "b_y": {"train_background": "white"}}
    runs, data = made(names, **other)
    assert warnings_of(runs, data) == ["x, y: Training background: random (a), white (b)."]
    assert warnings_of(runs, {name: data[name] for name in ("a-x", "a-y")}) == []
