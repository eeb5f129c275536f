"""Where and with what the run was made: a number without these cannot be compared."""

from __future__ import annotations

from typing import Any

from jnerf.report.html import Html, h, join, pairs, table
from jnerf.report.run_data import RunData, as_dict


def environment(run: RunData) -> Html | None:
    """Machine, versions and commit of the first start, and a table of all starts."""
    if not run.info:
        return None
    first = run.sessions[0] if run.sessions else run.info
    machine = as_dict(first.get("machine"))
    rows = [(name, value) for name, value in machine.items() if value is not None]
    rows.append(("commit", commit(first)))
    rows += list(as_dict(first.get("versions")).items())
    parts = [pairs(rows)]
    if run.sessions:
        starts = [
            [
                str(s.get("started", "?"))[:19].replace("T", " "),
                s.get("from_step", "?"),
                device(s),
                commit(s),
                h("code", " ".join(map(str, s.get("command") or ["?"]))),
            ]
            for s in run.sessions
        ]
        parts += [
            h("h3", "Starts"),
            table(["UTC", "from step", "device", "commit", "command"], starts),
        ]
    return join(parts)


def commit(session: dict[str, Any]) -> str:
    """The commit of a start, in words."""
    git = as_dict(session.get("git"))
    if not git.get("commit"):
        return "unknown"
    return f"{str(git['commit'])[:10]}{' with changes' if git.get('dirty') else ''}"


def device(session: dict[str, Any]) -> str:
    """What a start computed on: the GPU, else the processor with its threads."""
    machine = as_dict(session.get("machine"))
    if machine.get("gpu"):
        return str(machine["gpu"])
    threads = machine.get("threads") or machine.get("cores")
    return f"{machine.get('cpu', 'unknown')}, {threads} thread{'' if str(threads) == '1' else 's'}"
