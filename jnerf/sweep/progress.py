"""What a sweep says while it runs: a line for each event, and how far all of it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from tqdm import tqdm

from jnerf.engine.watching.progress import Unbroken
from jnerf.report.sections.head import duration
from jnerf.sweep.plan import Plan
from jnerf.sweep.state import State, live_step

_EVERY = 2.0  # seconds between looks at the logs
_RARELY = 60.0  # seconds between lines where there is no terminal


class Progress:
    """Lines on standard output; on a terminal with a bar of all steps below them, elsewhere with a total now and then.

    Args:
        plan: all runs.
        states: how far each is.
    """

    def __init__(self, plan: Plan, states: Mapping[str, State]) -> None:
        self._plan = plan
        self._complete = {name for name, state in states.items() if state.complete}
        self._totals = {run.name: run.total_steps for run in plan.runs}
        self._steps = {name: self._trained(name, state.saved) for name, state in states.items()}
        self._total = sum(self._totals.values())
        self._looked = self._said = self._began = time.monotonic()
        self._bar = None
        if sys.stderr.isatty():
            self._bar = tqdm(
                total=self._total,
                initial=self._sum(),
                unit="step",
                file=Unbroken(sys.stderr),
                smoothing=0.05,
            )

    def say(self, text: str) -> None:
        """A line."""
        tqdm.write(text, file=Unbroken(sys.stdout))
        Unbroken(sys.stdout).flush()

    def complete(self, name: str) -> str:
        """Notes that a run is complete; returns "3/12", the runs that are."""
        self._complete.add(name)
        self._steps[name] = self._totals[name]
        return f"{len(self._complete)}/{len(self._plan.runs)}"

    def look(self, running: list[str]) -> None:
        """Reads how far the runs are, now and then, and shows it.

        Args:
            running: names of those that run.
        """
        now = time.monotonic()
        if now - self._looked < _EVERY:
            return
        self._looked = now
        for name in running:
            self._steps[name] = self._trained(name, live_step(self._plan.root / name))
        if self._bar is not None:
            self._bar.set_description(self._told(running), refresh=False)
            self._bar.n = self._sum()
            self._bar.refresh()
        elif now - self._said >= _RARELY:
            self._said = now
            share = f"{self._sum()} of {self._total} steps after {duration(now - self._began)}"
            self.say(f"{self._told(running)}: {share}")

    def close(self) -> None:
        """Takes the bar away."""
        if self._bar is not None:
            self._bar.leave = False
            self._bar.close()

    def _told(self, running: list[str]) -> str:
        return f"{len(self._complete)}/{len(self._plan.runs)} complete, {len(running)} running"

    def _trained(self, name: str, step: int) -> int:
        return self._totals[name] if name in self._complete else min(step, self._totals[name])

    def _sum(self) -> int:
        return sum(self._steps.values())
