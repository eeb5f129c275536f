"""tools/benchmark.py: flags, errors, and each command end to end on tiny scenes."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmark_records import make
from scenes import make_tiny_blender

from jnerf.benchmark.cli import COMMANDS, make_parser, parse_arguments
from jnerf.benchmark.records.record import load, save

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "benchmark.py"
CONFIG = str(ROOT / "projects/ngp/configs/ngp_lego.py")


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location("benchmark_under_test", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    return make_tiny_blender(tmp_path_factory.mktemp("scene"), n=4, size=32)


@pytest.fixture
def tiny(scene):
    """Overrides that make the paper's configuration a matter of milliseconds."""
    return [
        f"dataset.root={scene}",
        "sampler.grid_resolution=32",
        "sampler.target_samples=4096",
        "sampler.max_steps=512",
        "encoder.pos_encoder.log2_table_size=12",
        "encoder.pos_encoder.max_resolution=128",
        "evaluation.n_images=1",
    ]


def test_help_names_every_command():
    done = subprocess.run([sys.executable, TOOL, "--help"], capture_output=True, text=True)
    assert done.returncode == 0 and all(f"\n  {name} " in done.stdout for name in COMMANDS)
    assert "python tools/benchmark.py train" in done.stdout
    assert subprocess.run([sys.executable, TOOL], capture_output=True).returncode == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    text = make_parser(command).format_help()
    assert COMMANDS[command][1:] in " ".join(text.split())


def test_flags_files_and_overrides_in_any_order():
    given = "train a.b=1 --config-file A.py B.py n_rays=5 --steps 7 --no-eval --scene s t seed=2"
    options = parse_arguments(given.split())
    assert (options.config_file, options.scene) == (["A.py", "B.py"], ["s", "t"])
    assert sorted(options.overrides) == ["a.b=1", "n_rays=5", "seed=2"]
    assert (options.steps, options.no_eval, options.warm_up) == (7, True, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["trian"], "unknown command 'trian'. Did you mean 'train'?"),
        (["ops", "--repeats", "3"], "unknown flag --repeats. Did you mean --repeat?"),
        (["ops", "--repeat", "0"], "0 is not a positive number"),
        (["profile"], "--config-file"),
    ],
)
def test_wrong_commands_and_flags(tool, capsys, arguments, said):
    with pytest.raises(SystemExit) as stop:
        tool(arguments)
    assert stop.value.code == 2 and said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ops", "--only", "hash_encod"], "no op 'hash_encod'. Did you mean 'hash_encode'?"),
        (["ops", "--simd", "avx"], "'avx' is no instruction set. Did you mean 'avx2'?"),
        (["train"], "give either --config-file"),
        (["train", "--config-file", "no.py", "--run", "r"], "give either --config-file"),
        (["train", "--run", "nowhere"], "--run nowhere: run.json and log.jsonl cannot be read"),
        (["train", "--config-file", "no.py"], "no.py"),
        (["profile", "--config-file", "ngp_leg"], "unknown config 'ngp_leg'. Did you mean 'ngp_"),
        (["train", "--config-file", CONFIG, "--plot", "a.png"], "plots are SVG files"),
        (["ops", "--json", f"{CONFIG}/a.json"], "ngp_lego.py is no folder. Choose another place"),
        (["train", "--config-file", CONFIG, "--plot", f"{CONFIG}/a.svg"], "with --plot."),
        (["render", "--config-file", CONFIG, "--save-dir", "nowhere"], "no checkpoint in nowhere"),
        (["compare", "a.json", "b.json"], "cannot read a.json"),
        (["report", "a.json"], "cannot read a.json"),
    ],
)
def test_mistakes_are_one_line(tool, capsys, monkeypatch, tmp_path, arguments, said):
    monkeypatch.chdir(tmp_path)
    assert tool(arguments) == 2
    err = capsys.readouterr().err
    assert said in err and err.startswith("error: ") and "Traceback" not in err


def test_train_then_render(tool, tiny, tmp_path, capsys):
    out, plot = tmp_path / "train.json", tmp_path / "train.svg"
    common = ["--config-file", CONFIG, "--save-dir", str(tmp_path / "runs"), *tiny]
    flags = ["--steps", "12", "--json", str(out), "--plot", str(plot), "evaluation.steps=[4]"]
    assert tool(["train", *common, *flags]) == 0
    record = load(out)
    (run,) = record["results"]["runs"]
    assert run["steps"] == 12 and run["measured_from_step"] >= 6
    assert 0 < run["samples_per_s"]["min"] <= record["samples_per_s"]["median"]
    assert record["samples_per_s"].keys() >= {"median", "min", "max"}
    assert 0.05 < run["peak_memory_gib"] < 20 and 0 < run["samples_per_step"] <= 4096
    assert [row["step"] for row in run["evaluations"]] == [4, 12]
    assert all(0 < row["psnr"] < 60 for row in run["evaluations"])
    assert run["protocol"]["weights"] == "ema" and plot.read_text().startswith("<svg")
    assert "samples/s (min – max)" in capsys.readouterr().out

    again, folder = tmp_path / "again.json", tmp_path / "runs" / "ngp_lego"
    info = json.loads((folder / "run.json").read_text())
    info["sessions"].append(info["sessions"][0] | {"from_step": 12})  # --resume, and nothing left
    (folder / "run.json").write_text(json.dumps(info))
    assert tool(["train", "--run", str(folder), "--json", str(again)]) == 0
    found = load(again)
    (read,) = found["results"]["runs"]
    unknown = ("wall_seconds", "peak_memory_gib", "train_seconds")
    assert {k: v for k, v in read.items() if k not in unknown} == {
        k: v for k, v in run.items() if k not in unknown
    }
    assert read["peak_memory_gib"] is None and "step 0: commit" in found["protocol"]["starts"]
    assert found["git"] == record["git"] and found["machine"] == record["machine"]

    out = tmp_path / "render.json"
    assert tool(["render", *common, "--frames", "2", "--json", str(out)]) == 0
    found = load(out)["results"]
    assert (found["width"], found["preview_width"], found["step"]) == (32, 4, 12)
    assert found["seconds"]["n"] == 2 and found["metrics"]["psnr"] > 0


def test_profile_accounts_for_the_step(tool, tiny, tmp_path):
    out = tmp_path / "profile.json"
    flags = ["--steps", "4", "--warm-up", "2", "--json", str(out)]
    assert tool(["profile", "--config-file", CONFIG, *flags, *tiny]) == 0
    found = load(out)["results"]
    by_name = {row["kernel"]: row for row in found["kernels"]}
    assert by_name["composite_forward"]["calls"] == 1
    assert by_name["hash_encode_table_grad"]["calls"] == 1
    in_kernels = sum(row["ms"] for row in found["kernels"])
    whole = in_kernels + found["builtin_ms"] + found["host_ms"]
    assert whole == pytest.approx(found["synchronised_ms"], rel=0.01)
    assert found["host_ms"] > 0 and 0 < found["busy_share"] < 1.5
    assert found["bound"][-1]["ours_ns"] == pytest.approx(found["ns_per_sample"])


def test_ops_of_one_op(tool, tmp_path, capsys):
    out = tmp_path / "ops.json"
    flags = ["--only", "ray_points", "--only", "ema", "--samples", "2000", "--repeat", "2"]
    assert tool(["ops", *flags, "--json", str(out)]) == 0
    (level,) = load(out)["results"]["levels"]
    assert {row["op"] for row in level["kernels"]} == {"ray_points", "ema"}
    assert level["simd"] == "native" and level["ceilings"]["memory_gb_s"] > 0
    assert level["bound"][0]["bound_ns"] > 0 and "ratio to the bound" in capsys.readouterr().out


def test_several_runs_are_measured_apart(tool, monkeypatch, tmp_path):
    asked = []

    def apart(arguments, **environment):
        asked.append(arguments)
        return make("train")

    monkeypatch.setattr("jnerf.benchmark.children.measure_apart", apart)
    out = tmp_path / "all.json"
    flags = ["--scene", "s", "t", "--steps", "3", "--no-eval", "--json", str(out), "seed=5"]
    assert tool(["train", "--config-file", "A.py", "B.py", *flags]) == 0
    assert len(load(out)["results"]["runs"]) == 4
    assert asked[1] == [
        "train", "--config-file", "A.py", "--no-eval", "--steps", "3", "--scene", "t", "seed=5",
    ]  # fmt: skip


def test_memory_asks_a_process_per_point(tool, tiny, monkeypatch, tmp_path):
    asked = []

    def apart(arguments, **environment):
        asked.append(arguments[-1])
        return make("train")

    monkeypatch.setattr("jnerf.benchmark.sizes.memory.measure_apart", apart)
    out, plot = tmp_path / "memory.json", tmp_path / "memory.svg"
    flags = ["--samples", "1024,2048", "--images", "2", "--json", str(out), "--plot", str(plot)]
    assert tool(["memory", "--config-file", CONFIG, *flags, *tiny]) == 0
    assert asked == ["sampler.target_samples=1024", "sampler.target_samples=2048", "dataset.max_images=2"]  # fmt: skip
    assert [row["value"] for row in load(out)["results"]["samples"]] == [1024, 2048]
    assert plot.read_text().startswith("<svg")


def test_a_child_process_measures_and_fails_with_its_parent(tiny):
    from jnerf.benchmark.children import measure_apart
    from jnerf.errors import JnerfError

    flags = ["--steps", "4", "--no-eval", *tiny]
    record = measure_apart(["train", "--config-file", CONFIG, *flags], JNERF_DEVICE="cpu")
    assert record["kind"] == "train" and record["results"]["runs"][0]["evaluations"] == []
    with pytest.raises(JnerfError, match="failed with status 2: compare a b"):
        measure_apart(["compare", "a", "b"])


def test_max_images_limits_training_only(scene):
    from jnerf.datasets.blender.dataset import BlenderDataset
    from jnerf.errors import ConfigError

    assert BlenderDataset(str(scene), max_images=3).n_images == 3
    assert BlenderDataset(str(scene), max_images=99).n_images == 4
    assert BlenderDataset(str(scene), split="test", max_images=3).n_images == 4
    with pytest.raises(ConfigError, match="max_images must be 1 or more"):
        BlenderDataset(str(scene), max_images=0)


def test_report_writes_and_checks(tool, tmp_path, capsys):
    run, page = tmp_path / "lego.json", tmp_path / "page.md"
    save(run, make("train"))
    page.write_text("<!-- benchmark:lego speed -->\n<!-- /benchmark -->\n")
    flags = ["report", str(run), "--write", str(page)]
    assert tool([*flags, "--check"]) == 1 and "differs" in capsys.readouterr().out
    assert tool(flags) == 0 and "1 500 000" in page.read_text()
    assert tool([*flags, "--check"]) == 0
    record = json.loads(run.read_text())
    record["results"]["runs"][0]["samples_per_s"]["median"] = 1.0
    run.write_text(json.dumps(record))
    assert tool([*flags, "--check"]) == 1
    assert tool(["report", str(run)]) == 0 and "## lego" in capsys.readouterr().out


def test_tables_of_this_repository_are_as_measured(tool, monkeypatch):
    monkeypatch.chdir(ROOT)
    docs, methods = Path("docs").rglob("*.md"), Path("projects").glob("*/README*.md")
    pages = ["README.md", *map(str, docs), *map(str, methods)]
    assert tool(["report", "--write", *pages, "--check"]) == 0
