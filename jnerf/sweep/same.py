"""What lies in a sweep's folder already must be runs of this sweep: a table of others would tell lies."""

from __future__ import annotations

from jnerf.engine.checkpoints.checkpoint import checkpoint_paths, checkpoint_step
from jnerf.engine.guards.same_run import SameRun
from jnerf.engine.run_folder import RunFolder
from jnerf.errors import ConfigError
from jnerf.sweep.plan import Plan
from jnerf.sweep.state import part_of


def check_folders(plan: Plan) -> None:
    """Raises ConfigError where a run lies already that was trained with other settings than it would be now."""
    found = []
    for run in plan.runs:
        folder = RunFolder(plan.folder(run))
        if not folder.holds_run:
            continue
        lines = SameRun(folder.root, plan.configs[run.name], "resume").differing()
        seed = part_of(folder.info, "protocol").get("seed", run.seed)
        if seed != run.seed:
            lines.append(f"seed: {run.seed} here, {seed} in the run")
        step = part_of(folder.test / "metrics.json", "protocol").get("step", 0)
        reached = max([step, *map(checkpoint_step, checkpoint_paths(folder.checkpoints))])
        if reached > run.total_steps:
            lines.append(f"total_steps: {run.total_steps} here, {reached} were trained")
        found += [f"{run.name}: {line}" for line in lines]
    if found:
        shown = "\n  ".join(found[:12]) + ("\n  ..." if len(found) > 12 else "")
        raise ConfigError(
            f"{plan.root} holds runs of other settings, which would be counted as this sweep's:\n  {shown}\n"
            "Choose another --save-dir, or remove those runs."
        )
