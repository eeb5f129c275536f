"""``sweep.html``."""

from fake_sweeps import fake_run
from run_folders import check_page, make_run

from jnerf.report.run_data import read_run
from jnerf.sweep.numbers import numbers_of
from jnerf.sweep.plan import Plan
from jnerf.sweep.report import Found, sweep_html


def found(root, names, **other):
    runs = [fake_run(name) for name in names]
    data = {name: read_run(make_run(root / name)) for name in names if name != "b-y"}
    return Found(Plan(root, runs), numbers_of(runs, data), data, **other)


def test_the_page_has_tables_curves_views_and_every_run(tmp_path):
    names = ["a-x", "b-x", "a-y", "b-y"]
    told = {"states": {"b-y": "not begun"}, "failed": {"b-y": "exit status 2\nerror: no <scene>"}}
    page = found(tmp_path, names, **told, notes=["x: Seed: 1 (a), 2 (b)."])
    (tmp_path / "a-x" / "report.html").write_text("")
    html = sweep_html(page)
    text = check_page(html)
    for part in ("Tables", "Curves", "Views", "Runs", "x: PSNR, black, test", "y: PSNR, black"):
        assert part in text, part
    assert "failed: exit status 2" in text and "error: no &lt;scene&gt;" in html
    assert '<a href="a-x/report.html">a-x</a>' in html and 'href="b-x/report.html"' not in html
    assert "x: Seed: 1 (a), 2 (b)." in text
    assert html.count('id="axis-steps"') == 1  # one switch for all scenes


def test_nothing_complete_is_a_page_too(tmp_path):
    page = Found(Plan(tmp_path, [fake_run("b-y")]), numbers_of([fake_run("b-y")], {}), {})
    assert "No run is complete yet." in check_page(sweep_html(page))


def test_a_part_that_cannot_be_made_says_so(tmp_path, monkeypatch):
    def broken(*arguments, **keywords):
        raise ValueError("broken")

    monkeypatch.setattr("jnerf.sweep.report.views", broken)
    text = check_page(sweep_html(found(tmp_path, ["a-x", "b-x"])))
    assert "Views: cannot be shown (ValueError: broken)." in text and "Tables" in text
