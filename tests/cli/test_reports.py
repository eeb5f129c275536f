"""``jnerf report`` and ``jnerf compare``: what they print, and their exit statuses."""

import pytest
from run_folders import check_page, make_run

from jnerf.cli import main


def test_report_writes_the_page_again(tmp_path, capsys):
    root = make_run(tmp_path / "a")
    assert main(["report", str(root)]) == 0
    assert capsys.readouterr().out == f"a: {root}/report.html\n"
    assert "PSNR" in check_page((root / "report.html").read_text())
    (root / "run.json").unlink()
    assert main(["report", str(root), "--output", str(tmp_path / "b.html")]) == 0
    assert capsys.readouterr().out == f"note: There is no run.json.\na: {tmp_path}/b.html\n"


def test_compare_prints_a_table_and_writes_a_page(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "a"), make_run(tmp_path / "b", seed=3)
    assert main(["compare", "a", "b"]) == 0
    shown = capsys.readouterr().out
    assert "note: Seed: 1 (a), 3 (b).\n" in shown and "| PSNR, black " in shown
    assert shown.endswith("\ncurves and views: compare.html\n")
    assert "These numbers" not in check_page((tmp_path / "compare.html").read_text())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["report", "nowhere"], "error: nowhere is not there. Give the folder of a run"),
        (["report", "."], "error: . is no run's folder: it has neither"),
        (["report", "a", "--output", "mine.html"], "no page that jnerf has made"),
        (["report", "a", "--output", "no/x.html"], "no folder no"),
        (["compare", "a"], "error: compare needs two or more run folders, got 1"),
        (["compare", "a", "a"], "error: a is given twice"),
        (["compare", "a", "b", "--output", "mine.html"], "--force"),
        (["compare", "a", "mine.html"], "error: mine.html is a file, not a run's folder"),
    ],
)
def test_mistakes_are_one_line_and_status_2(tmp_path, capsys, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    make_run(tmp_path / "a"), make_run(tmp_path / "b")
    (tmp_path / "mine.html").write_text("mine")
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert (tmp_path / "mine.html").read_text() == "mine"
    assert not (tmp_path / "compare.html").exists()
