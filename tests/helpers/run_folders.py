"""Run folders made by hand, as training leaves them, and pages read back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import html5lib
import numpy as np

from jnerf.imaging.pictures import write_png
from jnerf.imaging.view_files import ViewFiles

PROTOCOL = {
    "exp_name": "hand",
    "dataset": {"type": "BlenderDataset", "root": "nerf_synthetic/lego"},
    "train_split": "train",
    "test_split": "test",
    "train_background": "random",
    "weights": "ema",
    "n_images": "all",
    "seed": 1,
    "clock": "seconds inside training steps",
}
CONFIG = 'exp_name = "hand"\ntotal_steps = 40\noptim = dict(type="Adam", lr=0.01)\n'


def make_run(
    root: Path, views: int = 3, metric: str = "psnr", pictures: bool = True, **protocol: Any
) -> Path:
    """A complete run with a test of ``views`` views, the first of which is the worst by PSNR.

    Args:
        root: its folder, made here.
        views: how many were tested; 0: there was no test.
        metric: name of the metric of batches and of the test.
        pictures: write those of the test.
        protocol: other entries of it.
    """
    root.mkdir(parents=True)
    told = PROTOCOL | {"exp_name": root.name} | protocol
    (root / "config.py").write_text(CONFIG)
    session = {
        "command": ["jnerf", "train", "hand", "optim.lr=0.01"],
        "started": "2026-01-02T03:04:05+00:00",
        "from_step": 0,
        "versions": {"jnerf": "0.1.0", "python": "3.11.7"},
        "git": {"commit": "0123456789abcdef", "dirty": False},
        "machine": {"cpu": "A CPU", "cores": 2, "threads": "1", "gpu": None},
        "config_file": "hand.py",
        "config_changes": ["~ optim.lr: 0.1 -> 0.01"],
    }
    info = session | {
        "protocol": told,
        "data": {"training": {"n_images": 7}},
        "sessions": [session],
    }
    (root / "run.json").write_text(json.dumps(info))
    rows: list[dict[str, Any]] = []
    for step in (1, 10, 20, 30, 40):
        row = {"step": step, "seconds": step / 10, "loss/rgb": 1 / step, "loss/tv": 0.01}
        row |= {"loss": 1 / step + 0.01, metric: 10 + step / 4, "rays": 64 * step, "samples": 4096}
        row |= {"samples_per_s": 1e5 * step, "lr": 0.01, "sampler/occupied": 1 / step}
        rows.append(row)
        if step in (20, 40):
            found = {metric: 8 + step / 4, "n_images": views, "seconds_per_image": 0.5}
            rows.append({"step": step, "seconds": step / 10, "eval": found})
    (root / "log.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    if views:
        _make_test(root / "test", views, metric, pictures, told)
    return root


def _make_test(folder: Path, views: int, metric: str, pictures: bool, told: dict) -> None:
    folder.mkdir()
    items = [{"name": f"./v/r_{i}", metric: 15.0 + i, "seconds": 0.5} for i in range(views)]
    mean = {metric: float(np.mean([item[metric] for item in items]))}
    told = told | {"step": 40, "train_seconds": 4.0, "resolution": [8, 6], "n_images": views}
    told |= {"background": "black", "absent": {"lpips": "torch is not installed"}}
    content = {"protocol": told, "mean": mean, "images": items}
    (folder / "metrics.json").write_text(json.dumps(content))
    for i, item in enumerate(items if pictures else []):
        files = ViewFiles(folder, item["name"])
        write_png(files.strip, np.full((6, 24, 3), 40 * i % 256, np.uint8))
        write_png(files.depth, np.full((6, 8, 3), 90, np.uint8))


def check_page(html: str) -> str:
    """Raises AssertionError unless a page is valid HTML that asks nothing of any other place; returns its text."""
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    for element in tree.iter():
        for name in ("src", "href", "action", "poster", "srcset", "data"):
            value = element.get(name) or ""
            assert not re.match(r"\s*(\w+:)?//", value), f"{element.tag} {name}={value[:60]}"
    assert not re.search(
        r"url\(|@import|fetch\(|XMLHttpRequest|<(link|iframe|object|embed)\b", html
    )
    for element in [*tree.iter("script"), *tree.iter("style")]:
        element.text = ""
    return " ".join(" ".join(tree.itertext()).split())
