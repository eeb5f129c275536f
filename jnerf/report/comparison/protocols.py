"""Whether the numbers of runs compare: what they depend on, besides the method, must be the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from jnerf.report.run_data import RunData, as_dict
from jnerf.report.sections.environment import device
from jnerf.report.sections.protocol import scene_of


def _told(key: str) -> Callable[[RunData], Any]:
    return lambda run: run.protocol.get(key)


def _done(key: str) -> Callable[[RunData], Any]:
    """What a test notes only where it was done; nothing is known of a run that was not tested."""
    return lambda run: run.protocol.get(key, "none") if run.test else None


def _of_dataset(key: str) -> Callable[[RunData], Any]:
    return lambda run: as_dict(run.protocol.get("dataset")).get(key)


def _background(run: RunData) -> Any:
    """None means black where it was noted, and nothing where it was not."""
    told = run.protocol
    return str(told["train_background"]) if "train_background" in told else None


def _size(run: RunData) -> Any:
    found = run.protocol.get("resolution")
    return " x ".join(map(str, found)) if isinstance(found, list) else found


def _items(run: RunData) -> Any:
    return len(run.test["items"]) if run.test.get("items") else None


#: What is compared: its name, and how a run says it; None where it does not.
_FACTS: tuple[tuple[str, Callable[[RunData], Any]], ...] = (
    ("scene", lambda run: scene_of(run.protocol) if run.protocol.get("dataset") else None),
    ("dataset", _of_dataset("type")),
    ("downscale of the images", _of_dataset("downscale")),
    ("masks", _of_dataset("masks")),
    ("training split", _told("train_split")),
    ("test split", _told("test_split")),
    ("training background", _background),
    ("test background", _told("background")),
    ("training photographs made worse", _done("photographs_disturbed")),
    ("fit to test views", _done("test_fit")),
    ("resolution", _size),
    ("number of judged items", _items),
    ("metric", _told("metric")),
    ("flip", _told("flip")),
    ("lpips", _told("lpips")),
)


def mismatches(runs: Sequence[RunData], names: Sequence[str]) -> list[str]:
    """What makes metrics of these runs numbers of different things, a sentence each; what a run did not note is not
    compared, except that it was not tested.

    Args:
        runs: the runs.
        names: what they are called.
    """
    found = []
    untested = [name for run, name in zip(runs, names, strict=True) if not run.test]
    if untested:
        found.append(
            f"Not tested: {', '.join(untested)}; metrics are those of the last evaluation, whose protocol is not known."
        )
    found += [_differ(what, [fact(run) for run in runs], names) for what, fact in _FACTS]
    views = [frozenset(str(item.get("name")) for item in run.test.get("items", [])) for run in runs]
    if len(set(views)) > 1 and len({len(v) for v in views}) == 1:
        found.append("The judged items have other names: they may be other views.")
    return [text for text in found if text]


def notes(runs: Sequence[RunData], names: Sequence[str]) -> list[str]:
    """What else a reader must know: of weights, seeds, and of what seconds depend on."""
    found = [
        _differ("weights", [run.protocol.get("weights") for run in runs], names),
        _differ("seed", [run.protocol.get("seed") for run in runs], names),
    ]
    devices = [" and ".join(dict.fromkeys(map(device, run.sessions))) or None for run in runs]
    differ = _differ("device", devices, names)
    return [
        text for text in (*found, f"{differ} Seconds do not compare." if differ else None) if text
    ]


def _differ(what: str, values: Sequence[Any], names: Sequence[str]) -> str | None:
    """A sentence if two of those that are known differ."""
    known = {name: value for name, value in zip(names, values, strict=True) if value is not None}
    if len(set(map(str, known.values()))) < 2:
        return None
    told = ", ".join(f"{value} ({name})" for name, value in known.items())
    return f"{what[0].upper()}{what[1:]}: {told}."
