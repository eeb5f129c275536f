"""What the numbers mean and depend on, in words."""

from __future__ import annotations

from typing import Any

from jnerf.config.dump import say
from jnerf.engine.guards.record import data_line
from jnerf.report.html import Html, folded, h, join, pairs
from jnerf.report.run_data import RunData, as_dict
from jnerf.report.sections.head import duration

_WEIGHTS = {
    "ema": "averaged weights (EMA)",
    "raw": "the weights as they were trained, not averaged",
}
#: Keys of a test's protocol that the sentences below tell.
_TOLD = {"exp_name", "train_split", "test_split", "train_background", "weights", "n_images", "seed"}
_TOLD |= {"cameras", "cameras_disturbed", "pose_degrees_mean", "pose_degrees_max"}
_TOLD |= {"pose_share_mean", "pose_share_max"}
_TOLD |= {"exposure", "photographs_disturbed", "test_fit"}
_TOLD |= {"clock", "step", "train_seconds", "resolution", "background", "metric", "absent"}


def protocol(run: RunData) -> Html | None:
    """Sentences on training, test and seconds; below, whatever else the run has noted."""
    told = run.protocol
    if not told:
        return None
    sentences = [_training(run, told), _test(run, told), _background(told), told.get("metric")]
    seed = told.get("seed")
    sentences.append(None if seed is None else f"Seed {seed}")
    sentences += [_cameras(told), *_images(told)]
    if told.get("clock"):
        sentences.append(f"The clock: {told['clock']}")
    listed = (
        h("li", sentence[0].upper() + sentence[1:], ".") for sentence in sentences if sentence
    )
    rest = {name: value for name, value in told.items() if name not in _TOLD}
    rows = [(name, value if isinstance(value, str) else say(value)) for name, value in rest.items()]
    more = folded("all that was noted", pairs(rows)) if rows else None
    return join([h("ul", *listed), absent(told), more])


def absent(told: dict[str, Any]) -> Html | None:
    """Metrics that could not be measured, and why."""
    missing = as_dict(told.get("absent"))
    if not missing:
        return None
    why = "; ".join(f"{name}: {reason}" for name, reason in missing.items())
    return h("p", f"Not measured: {why}.", class_="note")


def scene_of(told: dict[str, Any]) -> str:
    """The scene by its folder, else by its dataset's name."""
    dataset = as_dict(told.get("dataset"))
    return str(dataset.get("root") or dataset.get("type") or "an unknown scene")


def _training(run: RunData, told: dict[str, Any]) -> str:
    kind = as_dict(told.get("dataset")).get("type", "unknown dataset")
    text = f"trained on the {told.get('train_split', '?')} split of {scene_of(told)} ({kind})"
    background = told.get("train_background")
    text += f", background {'black' if background is None else background}"
    splits = {
        name: part for name, part in as_dict(run.info.get("data")).items() if isinstance(part, dict)
    }
    try:
        return f"{text}; {data_line(splits)}" if splits else text
    except (TypeError, ValueError):  # written by hand, or by another version
        return text


def _test(run: RunData, told: dict[str, Any]) -> str | None:
    if not run.test:
        return None
    items = run.test["items"]
    n = len(items) if items else told.get(f"n_{run.unit}s")
    of = f"{n} {run.unit}{'' if n == 1 else 's'} of " if n else ""
    text = f"tested on {of}the {told.get('test_split', '?')} split"
    size = told.get("resolution")
    if isinstance(size, list) and len(size) == 2:
        text += f" at {size[0]} x {size[1]} pixels"
    text += f", with {_WEIGHTS.get(told.get('weights'), 'unknown weights')}"
    if isinstance(told.get("train_seconds"), (int, float)):
        text += f", after step {told.get('step')} ({duration(told['train_seconds'])} of training)"
    return text


def _cameras(told: dict[str, Any]) -> str | None:
    """Of cameras that learn: where test views are, and how far the learned ones are from the given ones."""
    if not isinstance(told.get("cameras"), str):
        return None
    text = f"cameras: {told['cameras']}"
    if told.get("cameras_disturbed"):
        text += f"; put wrong before training, {told['cameras_disturbed']}"
    numbers = [
        told.get(f"pose_{what}_{kind}") for what in ("degrees", "share") for kind in ("mean", "max")
    ]
    if not all(isinstance(number, (int, float)) for number in numbers):
        return text
    degrees, most, share, farthest = numbers
    return (
        f"{text}; after alignment {degrees:.3g} degrees ({most:.3g} at most) and {share:.2%} of their extent "
        f"({farthest:.2%} at most) from the given ones"
    )


def _images(told: dict[str, Any]) -> list[str]:
    """Of training photographs that were made worse, exposures that were learned, and what was fitted to test views."""
    said = {
        "photographs_disturbed": "training photographs made worse",
        "exposure": "exposures",
        "test_fit": "fitted before views were measured",
    }
    return [f"{text}: {told[name]}" for name, text in said.items() if told.get(name)]


def _background(told: dict[str, Any]) -> str | None:
    return f"background of the test: {told['background']}" if told.get("background") else None
