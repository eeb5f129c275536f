"""What the tests of swapped modules swap, and how they train."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from jnerf.config import load_config
from jnerf.engine.run import run

PROJECTS = Path(__file__).parents[2] / "projects"

ENCODERS = {
    "hash": ["encoder.pos_encoder.log2_table_size=12", "encoder.pos_encoder.max_resolution=128"],
    "frequency": ["encoder.pos_encoder=dict(type='FrequencyEncoder', n_frequencies=6)"],
    "dense": ["encoder.pos_encoder=dict(type='DenseGridEncoder', resolution=32, n_features=4)"],
    "planes": [
        "encoder.pos_encoder=dict(type='TriplaneEncoder', resolutions=[16, 32], n_features=4)",
        "optim.groups.encoder.sparse=False",
    ],
    "vm": ["encoder.pos_encoder=dict(type='VMEncoder', n_components=4, resolution=24)"],
    "cp": ["encoder.pos_encoder=dict(type='CPEncoder', n_components=24, resolution=24)"],
    "octree": [
        "encoder.pos_encoder=dict(type='OctreeEncoder', base_level=2, n_levels=3, n_features=4)",
    ],
    "codebook": [
        "encoder.pos_encoder=dict(type='CodebookEncoder', base_level=2, n_levels=3, n_features=4, init_scale=0.1)",
    ],
    "integrated": ["encoder.pos_encoder=dict(type='IntegratedEncoder', n_frequencies=8)"],
}
# How tables are read, which makes no encoders of their own; of these, "hash" has the config's, float16.
PRECISIONS = {
    precision: [*ENCODERS["hash"], f"encoder.pos_encoder.table_precision={precision}"]
    for precision in ("float16", "float32", "bfloat16")
}
# Not for every combination: what is integrated meets the rest above.
DIRECTED = [
    "encoder.pos_encoder=dict(type='IntegratedEncoder', n_frequencies=6, basis='icosahedron', half_edge=2.0)"
]
SAMPLERS = {
    "occupancy": [
        "sampler.grid_resolution=32",
        "sampler.target_samples=65536",
        "sampler.n_rays_init=200",
        "sampler.update_every=4",
    ],
    "uniform": ["sampler=dict(type='UniformSampler', n_samples=64)", "n_rays=400"],
    "hierarchical": [
        "sampler=dict(type='HierarchicalSampler', n_coarse=32, n_fine=32)",
        "n_rays=400",
    ],
    "mask": ["sampler=dict(type='MaskSampler', step_size=0.04)", "n_rays=400"],
    "proposal": [
        "sampler=dict(type='ProposalSampler', n_samples=[24, 24, 24], span=[0.6, 3.4], spacing='linear')",
        "n_rays=250",
    ],
}
NETWORKS = {
    "ngp": ["network.hidden_width=32"],
    "plain": ["network=dict(type='PlainMLPNetwork', hidden_width=32)", "optim.lr=2e-3"],
    "nerf": [
        "network=dict(type='NeRFNetwork', hidden_width=32, n_layers=4, skip=2, density_activation='softplus')",
        "network.rounds=1",
        "optim.lr=2e-3",
    ],
}


def trained(config: Path, overrides: list[str], folder: Path, steps: int) -> list[dict[str, Any]]:
    """The log of a training of ``steps`` steps, a row for each; nothing is rendered, nothing kept on the way."""
    quiet = ["log_every=1", "evaluation.at_end=False", "checkpoint.every=1000"]
    run(load_config(config, [f"total_steps={steps}", *quiet, *overrides]), "train", save_dir=folder)
    rows = [
        json.loads(line) for line in (folder / config.stem / "log.jsonl").read_text().splitlines()
    ]
    assert len(rows) == steps
    return rows


def falls(rows: list[dict[str, Any]], to: float = 0.95, key: str = "loss") -> bool:
    """Whether the last four losses are on average below ``to`` of the first four, and all finite."""
    losses = [row[key] for row in rows]
    print(losses)
    return bool(np.isfinite(losses).all() and np.mean(losses[-4:]) < to * np.mean(losses[:4]))
