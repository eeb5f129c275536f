"""Runs side by side: numbers with their differences, the same views, and warnings where they were not judged alike."""

import json

import pytest
from run_folders import check_page, make_run

from jnerf.errors import ConfigError, DataError
from jnerf.report.comparison.numbers import Row
from jnerf.report.comparison.runs import names_of, read_runs
from jnerf.report.comparison.write import write_comparison


@pytest.fixture
def compare(tmp_path):
    """Compares folders; gives (HTML, its text, what the terminal shows)."""

    def make(*roots):
        output = tmp_path / "compare.html"
        shown = write_comparison(roots, output)
        html = output.read_text()
        return html, check_page(html), shown

    return make


def raise_metrics(root, by):
    path = root / "test" / "metrics.json"
    content = json.loads(path.read_text())
    content["mean"]["psnr"] += by
    for i, item in enumerate(content["images"]):
        item["psnr"] += by * i
    path.write_text(json.dumps(content))


def test_runs_that_were_judged_alike(compare, tmp_path):
    a, b = make_run(tmp_path / "a"), make_run(tmp_path / "b")
    raise_metrics(b, 2.5)
    (b / "config.py").write_text(
        'exp_name = "b"\ntotal_steps = 40\noptim = dict(type="Adam", lr=0.02)\n'
    )
    html, text, shown = compare(a, b)
    assert "do not compare" not in text and "do not compare" not in shown
    assert '18.50<span class="better"> (+2.50)</span>' in html and "18.50 (+2.50) |" in shown
    assert "optim.lr 0.01 0.02" in text and "total_steps" not in text
    assert "| optim.lr | 0.01 | 0.02 |" in shown
    assert "training seconds to PSNR, black 18.00" in text
    assert html.index("<h3>./v/r_2</h3>") < html.index("<h3>./v/r_1</h3>")
    assert html.count("<img") == 3 * (1 + 2 + 2)
    assert "r_2: b: PSNR, black 22.00" in html and "r_2: a: error" in html
    assert 'data-name="a"' in html and 'data-name="b"' in html and "PSNR, black, test" in text


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"test_split": "val"}, "Test split: test (a), val (b)."),
        ({"train_background": None}, "Training background: random (a), None (b)."),
        (
            {"dataset": {"type": "BlenderDataset", "root": "ship"}},
            "Scene: nerf_synthetic/lego (a), ship (b).",
        ),
        ({"test_fit": "exposure"}, "Fit to test views: none (a), exposure (b)."),
        ({"metric": "psnr of 16 bit"}, None),  # the other does not say
    ],
)
def test_other_protocols_are_warned_of(compare, tmp_path, told, said):
    _, text, shown = compare(make_run(tmp_path / "a"), make_run(tmp_path / "b", **told))
    assert ("These numbers do not compare" in text) == ("warning:" in shown) == (said is not None)
    assert said is None or (said in text and f"  {said}\n" in shown)


def test_errors_end_where_the_judge_says(compare, tmp_path):
    a, b = make_run(tmp_path / "a"), make_run(tmp_path / "b", error_full=0.05)
    assert "dark red 0.2 and more" in compare(a, a)[1]
    assert "dark red 0.05 and more" in compare(b, b)[1]
    assert "dark red 0.2 (a), 0.05 (b) and more" in compare(a, b)[1]


def test_other_views_give_the_means_of_those_that_are_shared(compare, tmp_path):
    a, b = make_run(tmp_path / "a", views=2), make_run(tmp_path / "b", views=5)
    html, text, shown = compare(a, b)
    assert "Number of judged items: 2 (a), 5 (b)." in text
    assert "| PSNR, black, 2 shared images |" in shown and "15.50 (+0.00)" in shown
    assert 'class="better"' not in html  # of numbers that do not compare none is better


def test_runs_without_test_and_of_other_judges(compare, tmp_path):
    a, b, c = (
        make_run(tmp_path / "a"),
        make_run(tmp_path / "b", views=0),
        make_run(tmp_path / "c", metric="iou"),
    )
    _, text, shown = compare(a, b, c)
    assert "Not tested: b;" in text and "IoU" in text
    assert [line for line in shown.splitlines() if line.startswith("| IoU")][0].count("–") == 2


def test_seeds_and_machines_are_noted(compare, tmp_path):
    a, b = make_run(tmp_path / "a"), make_run(tmp_path / "b", seed=2)
    info = json.loads((b / "run.json").read_text())
    info["sessions"][0]["machine"]["gpu"] = "A GPU"
    (b / "run.json").write_text(json.dumps(info))
    _, text, shown = compare(a, b)
    assert "Seed: 1 (a), 2 (b)." in text and "A GPU (b). Seconds do not compare." in shown
    assert "warning" not in shown


def test_broken_files_cost_their_part_alone(compare, tmp_path):
    a, b = make_run(tmp_path / "a"), make_run(tmp_path / "b")
    (b / "run.json").write_text("{")
    (b / "test/metrics.json").write_text("{")
    _, text, _ = compare(a, b)
    assert "b: run.json cannot be read" in text and "rays per step" in text


def test_what_cannot_be_compared(tmp_path):
    a, b = make_run(tmp_path / "a"), make_run(tmp_path / "b")
    with pytest.raises(ConfigError, match="two or more run folders, got 1"):
        read_runs([a])
    with pytest.raises(ConfigError, match="is given twice"):
        read_runs([a, b, tmp_path / "b" / ".." / "a"])
    with pytest.raises(DataError, match="nowhere is not there"):
        read_runs([a, tmp_path / "nowhere"])
    with pytest.raises(DataError, match="jnerf benchmark compare"):
        read_runs([a, tmp_path / "record.json"])


def test_names_tell_runs_apart(tmp_path):
    paths = [tmp_path / "x" / "lego", tmp_path / "y" / "lego"]
    assert names_of(read_runs([make_run(path) for path in paths])) == ["x/lego", "y/lego"]


def test_a_file_of_somebody_elses_is_not_written_over(tmp_path):
    runs = make_run(tmp_path / "a"), make_run(tmp_path / "b")
    mine = tmp_path / "mine.html"
    mine.write_text("mine")
    with pytest.raises(ConfigError, match="no page that jnerf has made.*--force"):
        write_comparison(runs, mine)
    assert mine.read_text() == "mine"
    write_comparison(runs, mine, force=True)
    write_comparison(runs, mine)  # now it is ours
    with pytest.raises(ConfigError, match="no folder"):
        write_comparison(runs, tmp_path / "no" / "x.html")


def test_better_is_what_the_metric_says():
    assert Row("", "psnr", [1.0, 2.0, 0.5, 1.0]).better(1) is True
    assert [Row("", "flip", [1.0, 2.0, 0.5, 1.0]).better(i) for i in range(4)] == [
        None,
        False,
        True,
        None,
    ]
    assert Row("", "roughness", [1.0, 2.0]).better(1) is None
    assert Row("", "psnr", [None, 2.0]).cells() == ["–", "2.00"]
