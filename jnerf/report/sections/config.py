"""The config: what the command line changed of it, and all of it."""

from __future__ import annotations

from jnerf.config.dump import say
from jnerf.report.html import Html, folded, h, join, table
from jnerf.report.run_data import RunData


def config(run: RunData) -> Html | None:
    """Command, changes against the config file, resolved config."""
    parts = [*_start(run), *_edits(run)]
    if run.config_text:
        lines = run.config_text.count("\n")
        parts.append(folded(f"resolved config ({lines} lines)", h("pre", run.config_text)))
    return join(parts) if parts else None


def _start(run: RunData) -> list[Html]:
    first = run.sessions[0] if run.sessions else run.info
    command = first.get("command")
    if not isinstance(command, list):
        return []
    parts = [h("p", "Started with"), h("pre", " ".join(map(str, command)), class_="wrapped")]
    file, changes = first.get("config_file"), first.get("config_changes")
    if file is None:
        told = "What the command line changed in its config file was not noted: the run is of an earlier version."
        return [*parts, h("p", told, class_="note")]
    if changes:
        parts.append(h("p", "Changes against ", h("code", file), ":"))
        parts.append(h("pre", "\n".join(map(str, changes))))
    else:
        parts.append(h("p", "Nothing was changed against ", h("code", file), "."))
    return parts


def _edits(run: RunData) -> list[Html]:
    """What was changed while it trained."""
    rows = [
        [str(step), h("code", path), h("code", say(before)), h("code", say(after))]
        for step, path, before, after in run.edits
    ]
    if not rows:
        return []
    head = ["at step", "setting", "before", "after"]
    return [h("h3", "Changed while it trained"), table(head, rows)]
