"""The page of a run: valid, on its own, with everything on it, whatever the run was judged by."""

import base64
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from run_folders import check_page, make_run

from jnerf.config import load_config
from jnerf.engine.run import run
from jnerf.report.run_data import read_run
from jnerf.report.write import report_after, report_html, report_if_broken, write_report

TINY = Path(__file__).parents[1] / "engine" / "configs" / "tiny.py"


@pytest.fixture
def page():
    """Makes the page of a folder and gives (its HTML, its text)."""

    def make(root):
        html = report_html(read_run(root))
        return html, check_page(html)

    return make


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A run of the engine."""
    folder = tmp_path_factory.mktemp("runs")
    config = load_config(TINY, ["evaluation.steps=[4, 8]", "evaluation.n_images=None"])
    run(config, "train", save_dir=folder)
    return folder / "tiny"


def test_a_run_of_the_engine_has_everything(trained, page):
    html, text = page(trained)
    for title in ("Curves", "Test", "Views", "Protocol", "Config", "Environment"):
        assert f"<h2>{title}</h2>" in html
    assert "Complete, started" in text and "PSNR, black, test" in text and "12 steps" in text
    assert "training batches" in text and "test images" in text
    assert html.count("<img") == 6 * 4 and "test_r_5" not in text and "./test/r_5" in text
    assert "Changes against" in text and "~ total_steps" not in text
    assert "~ evaluation.steps: [] -> [4, 8]" in text
    assert "Tested on 6 images of the test split at 16 x 16 pixels, with averaged" in text
    assert ", background random" in text and "Seed 7." in text
    assert "There is no" not in text and "cannot" not in text and len(html) < 400_000


def test_curves_are_the_log(page, tmp_path):
    html, text = page(make_run(tmp_path / "a"))
    charts = re.findall(r'<figure class="chart">.*?</figure>', html, re.S)
    (psnr,) = (chart for chart in charts if "<figcaption>PSNR, black" in chart)
    assert 'data-name="training batches" data-values="1,10.25 10,12.5 20,15 30,17.5 40,20"' in psnr
    assert 'data-name="training batches" data-values="0.1,10.25 1,12.5 2,15 3,17.5 4,20"' in psnr
    assert 'data-name="test images" data-values="20,13 40,18"' in psnr
    for title in ("loss", "samples per second", "rays per step", "sampler: occupied"):
        assert f"<figcaption>{title}" in html
    assert 'data-name="tv"' in html and 'data-name="sum"' in html
    assert re.search("The same all the time: samples per step 4.096; learning rate 0.01", text)


def test_worst_and_best_of_many_views_by_the_first_metric(page, tmp_path):
    html, text = page(make_run(tmp_path / "a", views=9))
    assert re.findall(r"r_(\d): prediction", html) == list("012876")
    assert text.index("Worst by PSNR, black") < text.index("Best by PSNR, black")
    html, _ = page(make_run(tmp_path / "b", views=9, metric="mean_error"))
    assert re.findall(r"r_(\d): prediction", html) == list("876012")
    html, text = page(make_run(tmp_path / "c", views=7, metric="roughness"))
    assert "Lowest by roughness" in text and "Highest by roughness" in text


@pytest.mark.parametrize(("noted", "shown"), [({}, "0.2"), ({"error_full": 0.05}, "0.05")])
def test_errors_end_where_the_judge_says(page, tmp_path, noted, shown):
    _, text = page(make_run(tmp_path / "a", **noted))
    assert f"the mean over the channels, 0 {shown} and more" in text


def test_a_judge_with_items_of_its_own(page, tmp_path):
    root = make_run(tmp_path / "a", metric="iou")
    metrics = root / "test" / "metrics.json"
    content = json.loads(metrics.read_text())
    content["shapes"] = content.pop("images")
    metrics.write_text(json.dumps(content))
    html, text = page(root)
    assert "test shapes" in text and "IoU" in text and "PSNR" not in text
    assert "Tested on 3 shapes of the test split" in text


def test_means_without_items_and_an_infinite_one(page, tmp_path):
    root = make_run(tmp_path / "a", pictures=False)
    metrics = root / "test" / "metrics.json"
    metrics.write_text('{"protocol": {}, "mean": {"mean_off": 0.25, "psnr": null}}')
    html, text = page(root)
    assert "mean_off 0.25" in text and "PSNR, black –" in text and "<h2>Views</h2>" not in html


def test_absent_metrics_say_why_and_warnings_stand_first(page, tmp_path):
    root = make_run(tmp_path / "a")
    metrics = root / "test" / "metrics.json"
    content = json.loads(metrics.read_text())
    content["protocol"] |= {"warning": "the rendered pictures are all but empty", "step": 20}
    metrics.write_text(json.dumps(content))
    _, text = page(root)
    assert "Not measured: lpips: torch is not installed." in text
    assert text.index("all but empty") < text.index("PSNR, black, test") + 400
    assert "The test is of step 20, the log goes on to step 40." in text


def test_cameras_that_learned_are_told(page, tmp_path):
    root = make_run(tmp_path / "a")
    metrics = root / "test" / "metrics.json"
    content = json.loads(metrics.read_text())
    content["protocol"] |= {
        "cameras": "learned (se3); test views moved",
        "cameras_disturbed": "each by 2 degrees",
    }
    content["protocol"] |= {"pose_degrees_mean": 0.05, "pose_degrees_max": 0.12}
    content["protocol"] |= {"pose_share_mean": 0.001, "pose_share_max": 0.0025}
    metrics.write_text(json.dumps(content))
    text = page(root)[1]
    assert (
        "put wrong before training, each by 2 degrees; after alignment 0.05 degrees (0.12 at most)"
        in text
    )
    assert "Cameras: learned (se3); test views moved" in text
    assert "0.10% of their extent (0.25% at most)" in text


def test_what_was_learned_of_photographs_is_told(page, tmp_path):
    root = make_run(tmp_path / "a")
    metrics = root / "test" / "metrics.json"
    content = json.loads(metrics.read_text())
    content["protocol"] |= {"exposure": "learned; at 0 stops", "test_fit": "exposure of each view"}
    metrics.write_text(json.dumps(content))
    text = page(root)[1]
    assert "Exposures: learned; at 0 stops." in text
    assert "Fitted before views were measured: exposure of each view." in text
    assert "made worse" not in text


def test_settings_that_changed_while_it_trained_are_told(page, tmp_path):
    root = make_run(tmp_path / "a")
    info = json.loads((root / "run.json").read_text())
    edit = {"step": 20, "changed": {"optim.lr": [0.01, 0.02]}}
    info["sessions"][0]["live_changes"] = [edit, 3, {"changed": {"x": 1}}]
    (root / "run.json").write_text(json.dumps(info))
    _, text = page(root)
    assert "Settings were changed while it trained: see Config." in text
    assert "at step setting before after 20 optim.lr 0.01 0.02" in text


def test_text_of_the_run_is_escaped(page, tmp_path):
    root = make_run(tmp_path / "a", exp_name="<script>alert(1)</script>", note='"&<b>')
    (root / "config.py").write_text('exp_name = "</pre><img src=x>"\n')
    html, text = page(root)
    assert "<script>alert" not in html and "<img src=x" not in html
    assert '"&<b>' in text


def test_pictures_are_bounded_and_films_inside_only_when_small(page, tmp_path, monkeypatch):
    root = make_run(tmp_path / "a", views=1)
    cv2.imwrite(str(root / "test/v_r_0.png"), np.zeros((700, 2700, 3), np.uint8))
    cv2.imwrite(str(root / "test/v_r_0_depth.png"), np.zeros((700, 900, 3), np.uint8))
    (root / "render").mkdir()
    (root / "render" / "orbit.mp4").write_bytes(b"1234")
    html, _ = page(root)
    uris = re.findall(r"data:image/jpeg;base64,([^\"]+)", html)
    sizes = [cv2.imdecode(np.frombuffer(base64.b64decode(u), np.uint8), 1).shape for u in uris]
    assert len(sizes) == 4 and {size[1] for size in sizes} == {560}
    assert 'src="data:video/mp4;base64,MTIzNA=="' in html and 'href="render/orbit.mp4"' in html
    monkeypatch.setattr("jnerf.report.sections.film._MOST_BYTES", 3)
    html, text = page(root)
    assert 'src="render/orbit.mp4"' in html and "beside this page" in text


def test_films_are_found_from_wherever_the_page_lies(tmp_path, monkeypatch):
    root = make_run(tmp_path / "runs/a", views=1)
    (root / "render").mkdir()
    (root / "render/100% #1.mp4").write_bytes(b"1234")
    monkeypatch.setattr("jnerf.report.sections.film._MOST_BYTES", 3)
    monkeypatch.chdir(tmp_path)
    for output, there in ((None, "render"), (Path("elsewhere.html"), "runs/a/render")):
        path = output or root / "report.html"
        write_report(root, output)
        html = path.read_text()
        for name in ("src", "href"):
            assert f'{name}="{there}/100%25%20%231.mp4"' in html
        assert f">{there}/100% #1.mp4</a>" in html


def test_a_fault_of_the_report_is_one_warning_and_false_switches_it_off(tmp_path, capsys):
    root = make_run(tmp_path / "a")
    report_after({"report": False}, {"folder": str(root)})
    assert not (root / "report.html").exists()
    report_after({}, {"folder": str(root)})
    assert (root / "report.html").is_file() and "report -> " in capsys.readouterr().out
    report_after({}, {"folder": str(tmp_path)})  # no run, and nothing to say
    with pytest.warns(UserWarning, match="no report was written: .*a/report.html") as told:
        (root / "report.html").unlink()
        (root / "report.html").mkdir()
        report_after({}, {"folder": str(root)})
    assert len(told) == 1 and capsys.readouterr().out == ""


def test_a_broken_part_costs_that_part_alone(tmp_path, monkeypatch):
    def broken(run):
        raise ValueError("what was wrong")

    parts = ("a", "Odd", broken), ("b", "Even", lambda run: "fine")
    monkeypatch.setattr("jnerf.report.write.SECTIONS", parts)
    write_report(make_run(tmp_path / "a"))
    text = check_page((tmp_path / "a/report.html").read_text())
    assert "Odd: cannot be shown (ValueError: what was wrong)." in text and "Even fine" in text


def test_a_run_that_was_renamed_goes_by_its_folder(tmp_path):
    root = make_run(tmp_path / "before", exp_name="before")
    assert read_run(root).name == "before"
    assert read_run(root.rename(tmp_path / "after")).name == "after"


def test_a_run_that_an_error_ends_has_its_report(tmp_path, capsys):
    """If it has trained: the folder of another run stays as it is."""
    config = {"save_dir": str(tmp_path), "exp_name": "run"}
    with pytest.raises(ZeroDivisionError), report_if_broken(config):
        raise ZeroDivisionError
    root = make_run(tmp_path / "run")
    with pytest.raises(ZeroDivisionError), report_if_broken(config):
        raise ZeroDivisionError
    assert not (root / "report.html").exists()
    with pytest.raises(ZeroDivisionError), report_if_broken(config):
        with (root / "log.jsonl").open("a") as log:
            log.write('{"step": 41, "loss": 1.0}\n')
        raise ZeroDivisionError
    assert (root / "report.html").is_file() and "report ->" in capsys.readouterr().out
